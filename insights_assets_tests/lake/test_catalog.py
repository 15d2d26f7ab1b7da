"""The catalog: every view on an empty and on a small lake, as documented and as the contract has it."""

from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from insights_assets.lake import catalog
from insights_assets.lake.catalog import open_catalog, query, select, view_documentation, view_names
from insights_assets.lake.store import Lake
from insights_assets.tables.registry import TABLES
from insights_assets_tests.lake.small_lake import ACCOUNT, AD, NAME, OTHER, frame
from insights_assets_tests.lake.view_contract import CONTRACT, FLEET, UNITED
from insights_assets_tests.tables.rows import OBSERVED, WEEK

NEXT = WEEK + timedelta(weeks=1)


def test_the_contracts_views_are_there() -> None:
    assert view_names() == sorted(CONTRACT)


@pytest.mark.parametrize("view", sorted(CONTRACT))
def test_a_view_has_the_documented_columns_and_those_of_the_contract(
    view: str, opened_empty: duckdb.DuckDBPyConnection, opened: duckdb.DuckDBPyConnection
) -> None:
    documentation = view_documentation(view)
    assert all(unit and meaning for _, unit, meaning in documentation)
    documented = [column for column, _, _ in documentation]
    nothing, rows = select(opened_empty, f"FROM {view}"), select(opened, f"FROM {view}")
    assert nothing.columns == documented
    assert rows.schema == nothing.schema
    assert set(CONTRACT[view].split()) <= set(documented)
    assert nothing.height == 0
    assert rows.height == UNITED.get(view, 1 if view in FLEET else 2)
    assert view in FLEET or set(rows["account_id"]) == {ACCOUNT, OTHER}
    assert not {"token_env", "token_path"} & set(documented)


@pytest.mark.parametrize("view", sorted(CONTRACT))
def test_a_documented_type_is_the_real_one(view: str, opened: duckdb.DuckDBPyConnection) -> None:
    described = select(opened, f"DESCRIBE {view}")
    real = dict(zip(described["column_name"], described["column_type"], strict=True))
    units = {"UTC instant": "TIMESTAMP WITH TIME ZONE", "percent": "DOUBLE", "account currency, major units": "DOUBLE"}
    for column, unit, _ in view_documentation(view):
        if unit.isupper() or unit.startswith("STRUCT") or unit in units:
            assert real[column].replace('"', "") == units.get(unit, unit)


def test_tables_and_their_empty_stand_ins_have_the_tables_own_types(
    opened_empty: duckdb.DuckDBPyConnection, opened: duckdb.DuckDBPyConnection
) -> None:
    for connection in (opened_empty, opened):
        for table in TABLES.values():
            assert select(connection, f"FROM lake.{table.name}").schema == table.schema, table.name


def test_a_table_that_was_created_and_never_filled_is_empty(tmp_path: Path) -> None:
    created = Lake(str(tmp_path / "lake"))
    created.ensure(TABLES.values())
    assert query(created, "SELECT count(*) AS n FROM anomalies")["n"].to_list() == [0]


def test_a_relative_root_and_a_linked_one_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for root in ("my lake", str(tmp_path / "link" / "lake")):
        made = Lake(root)
        table = TABLES["ads"]
        made.replace(table, frame(table, {}), [(ACCOUNT, WEEK)])
        assert query(made, "SELECT ad_id FROM ads").rows() == [(AD,)]


def test_ids_stay_strings(small_lake: Lake) -> None:
    rows = query(small_lake, "SELECT account_id, ad_id FROM ads ORDER BY account_id")
    assert rows.rows() == [(ACCOUNT, AD), (OTHER, AD)]
    assert query(small_lake, "SELECT entity_id FROM insights_weekly WHERE level = 'ad' LIMIT 1").item() == AD


def test_levels_are_united_by_name(opened: duckdb.DuckDBPyConnection) -> None:
    counted = select(
        opened, "SELECT level, count(*) AS n, sum(impressions) AS i FROM insights_weekly GROUP BY 1 ORDER BY 1"
    )
    assert counted.rows() == [("ad", 2, 2), ("adset", 2, 2), ("campaign", 2, 2)]
    assert counted.schema["i"] == pl.Int64


def test_foreign_text_is_only_text(opened: duckdb.DuckDBPyConnection) -> None:
    quoted = NAME.replace("'", "''")
    for statement in (f"SELECT name FROM accounts WHERE name = '{quoted}'", "SELECT name FROM accounts"):  # noqa: S608
        assert select(opened, statement)["name"].to_list() == [NAME, NAME]
    assert select(opened, "SELECT count(*) AS n FROM accounts WHERE name = ?", [NAME]).item() == 2
    assert select(opened, "SELECT count(*) AS n FROM accounts WHERE name = $name", {"name": NAME}).item() == 2


def test_money_has_its_currency_and_instants_are_utc(opened: duckdb.DuckDBPyConnection) -> None:
    assert select(opened, "SELECT DISTINCT currency FROM results_weekly").rows() == [("EUR",)]
    stored = select(opened, "SELECT observed_at, CAST(observed_at AS VARCHAR) AS text FROM ads LIMIT 1")
    assert stored.rows() == [(OBSERVED, "2026-03-10 06:00:00+00")]


def test_an_account_outside_the_registry_keeps_its_rows(tmp_path: Path) -> None:
    made = Lake(str(tmp_path))
    table = TABLES["results_weekly"]
    made.replace(table, frame(table, {}), [(ACCOUNT, WEEK)])
    assert query(made, "SELECT account_id, currency FROM results_weekly").rows() == [(ACCOUNT, None)]


def test_a_replaced_partition_shows_only_the_new_rows(tmp_path: Path) -> None:
    made = Lake(str(tmp_path))
    table = TABLES["ads"]
    both = frame(table, {"name": "old"}, {"name": "kept", "week": NEXT}, {"name": "gone", "ad_id": "9"})
    made.replace(table, both, [(ACCOUNT, WEEK), (ACCOUNT, NEXT)])
    with open_catalog(made) as before:
        made.replace(table, frame(table, {"name": "new"}), [(ACCOUNT, WEEK)])
        assert set(select(before, "SELECT name FROM ads")["name"]) == {"old", "kept", "gone"}
    assert query(made, "SELECT name FROM ads ORDER BY week").rows() == [("new",), ("kept",)]


def test_a_line_of_a_header_that_is_too_short_is_told_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_views", lambda: {"mine": "-- My view.\n-- cpx | USD\nSELECT 1 AS cpx"})
    with pytest.raises(ValueError, match=r"sql/mine.sql: the header has to say `-- cpx \| unit or type \| meaning`"):
        view_documentation("mine")


def test_an_unknown_view_has_no_documentation() -> None:
    with pytest.raises(KeyError):
        view_documentation("nope")
