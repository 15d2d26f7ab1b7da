"""Exports: foreign text runs nothing, numbers and dates stay what they are, and what does not fit is said."""

import io
import sys
from datetime import UTC, date, datetime

import openpyxl
import polars as pl
import pytest

from insights_assets.problems import InputError
from insights_assets.serving import exports, tabular
from insights_assets.serving.exports import export
from insights_assets_tests.serving import small_lake as small

HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1"]
HARMLESS = ["a=b", "100 %", "", "act_1", " =1"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Six weeks of two accounts; an ad is named like a formula."""
    return small.build(
        tmp_path_factory.mktemp("lake"),
        accounts=[small.account("act_1"), small.account("act_2", "JPY")],
        ads=[small.ad(n, "=HYPERLINK(0)") for n in range(6)],
        features_ad=[small.feature(n, account_id=f"act_{a}", spend=10.5 * n) for n in range(6) for a in (1, 2)],
        insights_daily=[small.daily(date(2026, 3, d)) for d in (1, 2, 3)],
    )


def test_text_that_would_be_a_formula_gets_an_apostrophe_and_nothing_else_changes():
    frame = pl.DataFrame({"name": [*HOSTILE, *HARMLESS, None], "n": [-1.5] * (len(HOSTILE) + len(HARMLESS) + 1)})
    got = tabular.neutral(frame)
    assert got["name"].to_list() == [f"'{t}" for t in HOSTILE] + [*HARMLESS, None]
    assert got["n"].to_list() == frame["n"].to_list()


def test_nested_values_become_json_text():
    frame = pl.DataFrame({"a": [["=x"], None]}, schema={"a": pl.List(pl.String)})
    assert tabular.neutral(frame)["a"].to_list() == ['["=x"]', None]


def test_a_csv_keeps_numbers_dates_and_instants():
    moment = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
    row = {"name": "-7", "n": -7, "x": -0.5, "day": date(2026, 3, 1), "at": moment, "none": None}
    frame = pl.DataFrame([row], schema_overrides={"none": pl.Float64})
    out = io.BytesIO()
    assert tabular.write_csv(out, [frame, frame]) == 2
    line = "'-7,-7,-0.5,2026-03-01,2026-03-01T06:30:00Z,"
    assert out.getvalue().decode().splitlines() == ["name,n,x,day,at,none", line, line]


def test_an_excel_file_has_real_numbers_and_dates_and_no_formula(tmp_path):
    moment = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
    row = {"name": "=1+1", "long": "x" * 40_000, "n": -7, "x": float("nan"), "day": date(2026, 3, 1), "at": moment}
    tabular.write_xlsx(tmp_path / "a.xlsx", {"a": [pl.DataFrame([row | {"ok": True}])], "b": [pl.DataFrame({"c": []})]})
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    header, cells = book["a"].iter_rows()
    assert [c.value for c in header] == ["name", "long", "n", "x", "day", "at", "ok"]
    assert [c.value for c in cells if c.column != 2] == [
        "'=1+1",
        -7,
        None,
        datetime(2026, 3, 1),  # noqa: DTZ001 - Excel has no time zones
        datetime(2026, 3, 1, 6, 30),  # noqa: DTZ001
        True,
    ]
    assert all(c.data_type != "f" for c in cells)
    assert cells[4].number_format == "yyyy-mm-dd"
    assert len(cells[1].value) == 32_767
    assert [c.value for c in next(book["b"].iter_rows())] == ["c"]


def test_each_format_holds_the_same_rows(lake, tmp_path):
    wanted = {"since": date(2026, 2, 18), "until": date(2026, 3, 2), "accounts": ["act_2"]}
    for form in exports.FORMATS:
        assert export(lake, "features", form, tmp_path / f"f.{form}", **wanted) == 3
    told = pl.read_parquet(tmp_path / "f.parquet")
    # The weeks that contain a day asked for, whole: 16 and 23 February, 2 March.
    assert sorted(told["week"]) == [date(2026, 2, 16), date(2026, 2, 23), date(2026, 3, 2)]
    assert set(told["account_id"]) == {"act_2"}
    csv = pl.read_csv(tmp_path / "f.csv", try_parse_dates=True)
    assert csv.columns == told.columns
    assert csv["spend"].to_list() == told["spend"].to_list()
    header, *rows = openpyxl.load_workbook(tmp_path / "f.xlsx")["features"].iter_rows(values_only=True)
    assert [r[header.index("spend")] for r in rows] == told["spend"].to_list()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.csv", "f.parquet", "f.xlsx"]


def test_days_are_days_where_the_view_has_them_and_names_are_neutral(lake, tmp_path):
    assert (
        export(lake, "insights_daily", "csv", tmp_path / "d.csv", since=date(2026, 3, 2), until=date(2026, 3, 2)) == 1
    )
    export(lake, "ads", "csv", tmp_path / "a.csv")
    assert set(pl.read_csv(tmp_path / "a.csv")["name"]) == {"'=HYPERLINK(0)"}
    export(lake, "ads", "parquet", tmp_path / "a.parquet")
    assert set(pl.read_parquet(tmp_path / "a.parquet")["name"]) == {"=HYPERLINK(0)"}


def test_no_rows_is_a_file_with_its_header(lake, tmp_path):
    for form in exports.FORMATS:
        assert export(lake, "anomalies", form, tmp_path / f"n.{form}") == 0
    assert "finding_id" in pl.read_csv(tmp_path / "n.csv").columns
    assert pl.read_parquet(tmp_path / "n.parquet").height == 0


def test_standard_output_gets_csv(lake, capfdbinary):
    assert export(lake, "accounts", "csv", None) == 2
    sys.stdout.flush()
    assert capfdbinary.readouterr().out.splitlines()[0].startswith(b"account_id,name")


@pytest.mark.parametrize(
    ("view", "how", "words"),
    [
        ("nowhere", {}, "no view named nowhere; the views are accounts"),
        ('accounts"; DROP TABLE x', {}, "no view named"),
        ("accounts", {"since": date(2026, 3, 1)}, "no days"),
        ("prediction_accuracy", {"until": date(2019, 3, 1), "accounts": ["act_1' OR true --"]}, None),
        ("backtest_burnout", {"accounts": ["act_1"]}, "not by account"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(lake, tmp_path, view, how, words):
    if words is None:
        assert export(lake, view, "csv", tmp_path / "x.csv", **how) == 0
        return
    with pytest.raises(InputError, match=words) as refused:
        export(lake, view, "csv", tmp_path / "x.csv", **how)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_too_many_rows_for_excel_are_refused_before_anything_is_written(lake, tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 12)
    with pytest.raises(InputError, match="12 such rows and an Excel sheet holds 12 with its header; narrow"):
        export(lake, "features", "xlsx", tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []
    assert export(lake, "features", "xlsx", tmp_path / "x.xlsx", accounts=["act_1"]) == 6
