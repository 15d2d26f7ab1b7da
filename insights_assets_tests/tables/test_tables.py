"""Every table documents itself, refuses frames of another shape, and judges each row without losing any."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.model import Split, Table
from insights_assets.tables.registry import TABLES
from insights_assets.tables.results import RESULTS_DAILY
from insights_assets_tests.tables.rows import frame_of, valid_row

ALL = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())


def required(table: Table) -> list[str]:
    return [name for name, _, _, nullable in table.documentation() if not nullable]


def reasons(split: Split) -> list[str]:
    """The reasons stand behind the table's own columns, some of which are called `reason` themselves."""
    return split.bad[split.bad.columns[-1]].to_list()


def test_names_and_places_are_unique():
    assert len({(t.layer, t.name) for t in TABLES.values()}) == len(TABLES)
    assert all(name == table.name for name, table in TABLES.items())


@ALL
def test_an_empty_frame_is_accepted(table):
    split = table.split(table.empty())
    assert split.good.schema == table.schema
    assert split.good.is_empty()
    assert split.bad.is_empty()


@ALL
def test_table_and_columns_are_described(table):
    assert table.description
    documented = table.documentation()
    assert [name for name, *_ in documented] == list(table.schema)
    assert all(text.strip() and "None" not in text for _, _, text, _ in documented)


@ALL
def test_the_key_is_made_of_required_columns(table):
    assert set(table.key) <= set(required(table))
    if table.partitioned:
        assert table.key[:2] == ("account_id", "week")


@ALL
def test_amounts_say_that_they_are_in_the_account_currency(table):
    units = {name: text for name, _, text, _ in table.documentation()}
    for name in units.keys() & {"spend", "cpr", "cpm", "cpc", "daily_budget", "lifetime_budget"}:
        assert units[name].endswith("[account currency, major units]")


@ALL
def test_conform_orders_the_columns_and_keeps_the_rows(table):
    frame = frame_of(table, valid_row(table))
    shuffled = frame.select(reversed(frame.columns))
    assert table.conform(shuffled).equals(frame)


@ALL
def test_conform_names_a_missing_an_unknown_and_a_mistyped_column(table):
    frame = frame_of(table, valid_row(table))
    last = frame.columns[-1]
    with pytest.raises(TypeError, match=f"table {table.name}: missing {last}"):
        table.conform(frame.drop(last))
    with pytest.raises(TypeError, match=f"table {table.name}: unknown surprise"):
        table.conform(frame.with_columns(pl.lit(1).alias("surprise")))
    first = next(c for c, t in table.schema.items() if t == pl.String)
    with pytest.raises(TypeError, match=f"{first} is Binary, not String"):
        table.conform(frame.with_columns(pl.col(first).cast(pl.Binary)))


@ALL
def test_a_good_row_is_good(table):
    frame = frame_of(table, valid_row(table))
    split = table.split(frame)
    assert split.bad.to_dicts() == []
    assert split.good.equals(frame)


@ALL
def test_a_null_in_any_required_column_is_refused_and_named(table):
    names = sorted(required(table))
    split = table.split(frame_of(table, valid_row(table), *(valid_row(table, **{name: None}) for name in names)))
    assert split.good.height == 1
    told = [[part.split(",")[0] for part in reason.split("; ") if "not_nullable" in part] for reason in reasons(split)]
    assert told == [[f"{name}: not_nullable"] for name in names]


@ALL
def test_a_null_in_an_optional_column_is_fine(table):
    optional = [name for name in table.schema if name not in required(table)]
    row = valid_row(table, **dict.fromkeys(optional))
    assert table.split(frame_of(table, row)).good.height == 1


@ALL
def test_a_repeated_key_makes_the_later_row_bad(table):
    row = valid_row(table)
    split = table.split(frame_of(table, row, row))
    assert split.good.height == 1
    assert reasons(split) == [f"duplicate key ({', '.join(table.key)})"]


BREAKS: list[tuple[str, Any]] = [
    ("account_id", "1"),
    ("account_id", "act_x"),
    ("account_id", "act_1' OR '1'='1"),
    ("spend", -0.01),
    ("impressions", -1),
    ("level", "planet"),
    ("result_family", "happiness"),
    ("currency", "Euro"),
    ("risk_score", 1.1),
    ("horizon_weeks", 3),
    ("severity", "terrible"),
    ("anomaly_type", "odd"),
    ("quality_score", -4.0),
    ("error_type", "gremlins"),
    ("attempts", 0),
    ("cpr", -1.0),
    ("ad_id", ""),
    ("fatigue_level", "severe"),
]
# An optional id has no rule of its own; features only copy the score that the raw table has judged.
CASES = [
    (t, c, v)
    for t in TABLES.values()
    for c, v in BREAKS
    if c in t.schema and (v != "" or c in required(t)) and (t.layer, c) != ("features", "quality_score")
]


@pytest.mark.parametrize(("table", "name", "value"), CASES, ids=[f"{t.name}-{c}={v}" for t, c, v in CASES])
def test_a_broken_value_is_refused_and_named(table, name, value):
    good = valid_row(table)
    other = {table.key[-1]: "2"} if table.schema[table.key[-1]] == pl.String and table.key[-1] != name else {}
    split = table.split(frame_of(table, good, {**good, **other, name: value}))
    assert split.good.to_dicts() == [good]
    assert split.bad.height == 1
    assert f"{name}: " in reasons(split)[0]
    assert str(value) in reasons(split)[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_spend_that_is_no_number_is_refused(value):
    assert INSIGHTS_DAILY.split(frame_of(INSIGHTS_DAILY, valid_row(INSIGHTS_DAILY, spend=value))).bad.height == 1


def test_every_reason_of_a_row_is_given():
    row = valid_row(RESULTS_DAILY, spend=-1.0, level="account")
    reason = reasons(RESULTS_DAILY.split(frame_of(RESULTS_DAILY, row)))[0]
    assert "spend: " in reason
    assert "level: " in reason


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "3"]),
            st.sampled_from([1.0, -1.0, 0.0]),
            st.sampled_from(["ad", "account"]),
            st.sampled_from(["act_1", "act_2", "nobody", None]),
        ),
        max_size=12,
    )
)
def test_split_loses_no_row_and_invents_none(drawn):
    rows = [
        valid_row(RESULTS_DAILY, entity_id=entity, spend=spend, level=level, account_id=account)
        for entity, spend, level, account in drawn
    ]
    frame = frame_of(RESULTS_DAILY, *rows)
    split = RESULTS_DAILY.split(frame)
    together = pl.concat([split.good, split.bad.select(split.good.columns)])
    assert together.sort(pl.all()).equals(frame.sort(pl.all()))
    assert split.good.select(RESULTS_DAILY.key).is_unique().all()
    assert split.good.filter((pl.col("spend") < 0) | (pl.col("level") == "account")).is_empty()
    assert all(reasons(split))
