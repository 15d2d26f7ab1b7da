"""A lake of an earlier release: named as such wherever it is met, brought to today's columns by one command."""

from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.lake.catalog import open_catalog, select, view_names
from insights_assets.lake.migration import migrate
from insights_assets.lake.store import Lake, LakeError
from insights_assets.lake.stored_schema import stored_schema
from insights_assets.tables.columns import account_id, week
from insights_assets.tables.history import History, NewerError, NoWayError, is_wider, upgrade_of, upgraded
from insights_assets.tables.model import Table, TableModel, column
from insights_assets.tables.registry import TABLES
from insights_assets_tests.lake import earlier_lake
from insights_assets_tests.tables.rows import WEEK


class Cards(TableModel):
    """What a table may become: a renamed, a widened, a defaulted, a nullable and a deeper column."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    spend: pl.Float64 = column("Renamed from cost, and wider")
    grain: pl.String = column("New, never null")
    note: pl.String = column("New", nullable=True)
    drivers: pl.List = column(
        "A field more", dtype_kwargs={"inner": pl.Struct({"name": pl.String, "value": pl.Float64, "unit": pl.String})}
    )


PAST = History(renamed={"cost": "spend"}, dropped=frozenset({"colour"}), defaults={"grain": "week"})
CARDS = Table("cards", "derived", Cards, ("account_id", "week"), history=PAST)
BEFORE = pl.Schema(
    {
        "account_id": pl.String(),
        "week": pl.Date(),
        "cost": pl.Int64(),
        "colour": pl.String(),
        "drivers": pl.List(pl.Struct({"name": pl.String(), "value": pl.Int64()})),
    }
)


def old_rows(*accounts: str) -> pl.DataFrame:
    return pl.DataFrame(
        [(a, WEEK, n, "red", [{"name": "x", "value": n}, None] if n else None) for n, a in enumerate(accounts)],
        schema=BEFORE,
        orient="row",
    )


@pytest.fixture
def lake(tmp_path):
    made = Lake(str(tmp_path / "lake"), sleep=lambda _: None)
    write_deltalake(made.uri(CARDS), old_rows("act_1", "act_2"), partition_by=["account_id"])
    return made


def test_rows_keep_what_they_said(lake):
    done = migrate(lake, CARDS)
    assert done is not None
    assert str(done.upgrade) == (
        "adds grain, note; renames cost to spend; widens spend to Float64, "
        f"drivers to {CARDS.schema['drivers']}; drops colour"
    )
    assert done.rows == 2
    assert lake.read(CARDS).to_dicts() == [
        {"account_id": "act_1", "week": WEEK, "spend": 0.0, "grain": "week", "note": None, "drivers": None},
        {
            "account_id": "act_2",
            "week": WEEK,
            "spend": 1.0,
            "grain": "week",
            "note": None,
            "drivers": [{"name": "x", "value": 1.0, "unit": None}, None],
        },
    ]
    assert migrate(lake, CARDS) is None
    lake.replace(CARDS, lake.read(CARDS), [("act_1", WEEK), ("act_2", WEEK)])


def test_a_dry_run_says_the_same_and_changes_nothing(lake):
    version = lake.open(CARDS).version()
    planned = migrate(lake, CARDS, dry_run=True)
    assert lake.open(CARDS).version() == version
    assert migrate(lake, CARDS) == planned


def test_until_then_every_use_says_one_sentence(lake):
    sentence = (
        r"^Table cards at \S+ was written by an earlier release \(today's adds .*\); "
        r"run `insights maintain --migrate` once\.$"
    )
    for use in (
        lambda: lake.read(CARDS),
        lambda: lake.append(CARDS, CARDS.empty()),
        lambda: lake.replace(CARDS, CARDS.empty(), [("act_1", WEEK)]),
        lambda: lake.ensure([CARDS]),
    ):
        with pytest.raises(LakeError, match=sentence):
            use()


def test_an_earlier_program_on_a_newer_lake_is_told_so(lake):
    migrate(lake, CARDS)
    today = Table("cards", "derived", Cards, ("account_id", "week"))
    write_deltalake(
        lake.uri(today),
        today.empty().with_columns(pl.lit(None, dtype=pl.String).alias("mood")),
        mode="append",
        schema_mode="merge",
    )
    for use in (lambda: lake.read(today), lambda: lake.append(today, today.empty()), lambda: migrate(lake, today)):
        with pytest.raises(LakeError, match=r"was written by a newer release \(unknown: mood\); use that release here"):
            use()


def test_a_writer_that_comes_in_between_is_not_lost(lake, monkeypatch):
    writes = []

    def slow(table, upgrade, rows):
        if not writes:
            writes.append(1)
            write_deltalake(lake.uri(table), old_rows("act_3"), mode="append")
        return upgraded(table, upgrade, rows)

    monkeypatch.setattr("insights_assets.lake.migration.upgraded", slow)
    migrate(lake, CARDS)
    assert lake.read(CARDS)["account_id"].to_list() == ["act_1", "act_2", "act_3"]


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"week": pl.String()}, NoWayError, "week is String there and Date here"),
        ({"spend": pl.Float32(), "cost": None}, None, ""),
        ({"mood": pl.String()}, NewerError, "unknown: mood"),
        ({"account_id": None}, NoWayError, "rows that lack account_id have no default"),
    ],
)
def test_what_leads_nowhere_is_said(changes, error, sentence):
    stored = pl.Schema({c: t for c, t in {**BEFORE, **changes}.items() if t is not None})
    if error is None:
        assert upgrade_of(CARDS, stored) is not None
        return
    with pytest.raises(error, match=sentence):
        upgrade_of(CARDS, stored)


TYPES = st.sampled_from([pl.Int8(), pl.Int32(), pl.Int64(), pl.Float32(), pl.Float64(), pl.String(), pl.Date()])


@given(TYPES, TYPES)
def test_wider_has_one_direction(one, other):
    assert is_wider(one, one)
    assert one == other or not (is_wider(one, other) and is_wider(other, one))


@pytest.mark.parametrize("release", earlier_lake.releases())
def test_every_frozen_release_has_a_way_to_today(release):
    """When this fails: state the table's `history` (a default, a new name, a dropped column) in its module."""
    for name, (layer, partitioned, schema) in earlier_lake.tables_of(release).items():
        assert name in TABLES, f"table {name} of {release} is gone: say how its rows are kept"
        assert (TABLES[name].layer, TABLES[name].partitioned) == (layer, partitioned), name
        upgrade_of(TABLES[name], schema)


def test_a_lake_of_an_earlier_release_is_read_by_every_view_after_the_upgrade(tmp_path: Path):
    release = earlier_lake.releases()[0]
    lake = Lake(str(tmp_path / "lake"))
    earlier_lake.write(tmp_path / "lake", release)
    known = earlier_lake.tables_of(release)
    with pytest.raises(LakeError, match="earlier release"), open_catalog(lake):
        pass
    changed = {done.table for table in TABLES.values() if (done := migrate(lake, table))}
    assert changed == {name for name, (_, _, schema) in known.items() if dict(schema) != dict(TABLES[name].schema)}
    assert changed >= {"anomalies_ad", "features_ad"}
    lake.ensure(TABLES.values())
    for table in TABLES.values():
        assert dict(stored_schema(lake.open(table))) == dict(table.schema), table.name
    for name, (_, partitioned, _) in known.items():
        assert lake.read(TABLES[name]).height == (2 if partitioned else 1), name
    with open_catalog(lake) as connection:
        for view in view_names():
            select(connection, f'FROM "{view}"')
        assert select(connection, "SELECT DISTINCT granularity FROM anomalies").item() == "week"
        assert select(connection, "SELECT count(*) FROM features").item() == 2
