"""Deleting weeks: nothing of them is left in any table, version or log; nothing else is touched; nothing comes back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest

from insights_assets import deletions
from insights_assets.backfill import GRAPH
from insights_assets.lake.deletion import barred, count_rows, delete_rows, forget
from insights_assets.lake.store import Lake
from insights_assets.planning import Block, Lineage, spared
from insights_assets.problems import InputError
from insights_assets.tables.alerts import ALERT_OUTBOX, ALERTS
from insights_assets.tables.deletions import DELETIONS
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.operations import CHECK_RESULTS, QUARANTINE, SYNC_LOG
from insights_assets.tables.registry import TABLES
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(4)]
GONE = WEEKS[1]
NOW = datetime(2026, 4, 1, tzinfo=UTC)
DERIVED = Lineage(
    {"insights_daily": (), "results_daily": (("insights_daily", 0),), "features_ad": (("results_daily", 1),)}
)
FILLED = (INSIGHTS_DAILY, RESTATEMENTS, QUARANTINE, FEATURES_AD, SYNC_LOG, CHECK_RESULTS)


def row(table, account, week):
    return valid_row(
        table,
        account_id=account,
        week=week,
        **{"date": week} if "date" in table.schema else {},
        **{"step": "features_ad"} if table is SYNC_LOG else {},
        **{"table_name": "features_ad", "check_name": "schema"} if table is CHECK_RESULTS else {},
    )


@pytest.fixture
def lake(tmp_path):
    made = Lake(str(tmp_path / "lake"))
    for table in FILLED:
        for account in ("act_1", "act_2"):
            made.append(table, frame_of(table, *(row(table, account, w) for w in WEEKS)))
    alerts = [
        valid_row(ALERTS, alert_id=f"{n}" * 16, account_id=account, week=week, status="open", kind="ctr_drop")
        for n, (account, week) in enumerate([("act_1", GONE), ("act_1", WEEKS[0]), ("act_2", GONE)])
    ]
    made.append(ALERTS, frame_of(ALERTS, *alerts))
    told = valid_row(ALERT_OUTBOX, account_id=None, payload='[{"alert_id": "0000000000000000"}]')
    other = valid_row(ALERT_OUTBOX, message_id="f" * 32, account_id="act_2", payload='{"alert_id": "2222222222222222"}')
    made.append(ALERT_OUTBOX, frame_of(ALERT_OUTBOX, told, other))
    return made


def delete(lake, lineage=DERIVED):
    chosen = deletions.plan(lake, "act_1", GONE + timedelta(days=2), GONE + timedelta(days=3), lineage, WEEKS[-1])
    return chosen, deletions.execute(lake, chosen, "kim", lambda: NOW)


def left(lake, table, account="act_1"):
    return lake.read(table, accounts=[account])["week"].to_list()


def test_every_table_loses_the_weeks_and_later_rows_made_from_them(lake):
    chosen, record = delete(lake)
    assert (chosen.weeks, chosen.later) == ((GONE,), (WEEKS[2],))
    for table in (INSIGHTS_DAILY, RESTATEMENTS, QUARANTINE):
        assert left(lake, table) == [WEEKS[0], WEEKS[2], WEEKS[3]], table.name
    # A feature of the week after looks back on the deleted one; the log forgets it, so that it is made again.
    for table in (FEATURES_AD, SYNC_LOG, CHECK_RESULTS):
        assert left(lake, table) == [WEEKS[0], WEEKS[3]], table.name
    assert (record["rows"], chosen.rows) == (6 + 3 + 2, 11)
    assert lake.read(ALERTS)["alert_id"].to_list() == ["1" * 16, "2" * 16]
    assert lake.read(ALERT_OUTBOX)["message_id"].to_list() == ["f" * 32]


def test_the_other_account_is_untouched(lake):
    before = {t.name: lake.read(t, accounts=["act_2"]) for t in FILLED}
    delete(lake)
    assert all(lake.read(t, accounts=["act_2"]).equals(before[t.name]) for t in FILLED)


def test_no_file_and_no_log_entry_of_older_versions_is_left(lake):
    marked = frame_of(INSIGHTS_DAILY, valid_row(INSIGHTS_DAILY, week=GONE, date=GONE, spend=987654.25))
    lake.replace(INSIGHTS_DAILY, marked, [("act_1", GONE)])
    folder = Path(lake.uri(INSIGHTS_DAILY))
    assert any("987654.25" in f.read_text() for f in folder.glob("_delta_log/*.json"))
    delete(lake)
    snapshot = lake.delta(INSIGHTS_DAILY)
    active = {Path(unquote(uri)).name for uri in snapshot.file_uris()}
    assert {f.name for f in folder.rglob("*.parquet") if "_delta_log" not in f.parts} == active
    assert not any(b"987654.25" in f.read_bytes() for f in folder.glob("_delta_log/*"))
    kept = snapshot.metadata().configuration
    assert kept["delta.logRetentionDuration"] == "interval 30 days"
    assert kept["delta.deletedFileRetentionDuration"] == "interval 1 week"
    lake.append(INSIGHTS_DAILY, marked.with_columns(week=pl.lit(WEEKS[0])))  # the table still takes rows


def test_the_record_says_who_and_when_and_holds_no_figure(lake):
    _, record = delete(lake)
    stored = lake.read(DELETIONS).to_dicts()[0]
    assert stored == record
    assert (stored["deleted_by"], stored["requested_at"], stored["finished_at"]) == ("kim", NOW, NOW)
    assert (stored["first_week"], stored["last_week"]) == (GONE, GONE)
    assert set(stored["tables"]) == {t.name for t in FILLED} | {"alerts", "alert_outbox"}
    assert DELETIONS.split(lake.read(DELETIONS)).bad.is_empty()


def test_it_can_be_repeated_and_finishes_what_was_cut_short(lake, monkeypatch):
    calls = []

    def failing(*args):
        calls.append(args)
        if len(calls) == 3:
            raise OSError("disk gone")
        return delete_rows(*args)

    monkeypatch.setattr(deletions, "delete_rows", failing)
    with pytest.raises(OSError, match="disk gone"):
        delete(lake)
    assert lake.read(DELETIONS)["finished_at"].to_list() == [None]
    assert barred(lake) == {("act_1", GONE)}
    monkeypatch.undo()
    delete(lake)
    assert left(lake, RESTATEMENTS) == [WEEKS[0], WEEKS[2], WEEKS[3]]
    _, again = delete(lake)
    assert again["rows"] == 0


def test_deleted_weeks_are_barred_until_the_deletion_is_lifted(lake):
    _, record = delete(lake)
    assert barred(lake, ["act_1"]) == {("act_1", GONE)}
    assert barred(lake, ["act_2"]) == frozenset()
    deletions.lift(lake, record["deletion_id"], "ann", NOW)
    assert barred(lake) == frozenset()
    with pytest.raises(InputError, match="was lifted by ann"):
        deletions.lift(lake, record["deletion_id"], "ann", NOW)
    with pytest.raises(InputError, match="There is no deletion nope"):
        deletions.lift(lake, "nope", "ann", NOW)


def test_a_plan_leaves_deleted_weeks_out_forced_or_not():
    block = Block("act_1", tuple(WEEKS), ("ads",))
    assert spared([block], {("act_1", GONE), ("act_2", WEEKS[3])}) == [
        Block("act_1", (WEEKS[0],), ("ads",)),
        Block("act_1", (WEEKS[2], WEEKS[3]), ("ads",)),
    ]


def test_days_the_wrong_way_round_are_refused(lake):
    with pytest.raises(InputError, match="lies before the first"):
        deletions.plan(lake, "act_1", date(2026, 3, 9), date(2026, 3, 8), DERIVED, WEEK)


def test_what_looks_back_is_followed_through_the_whole_graph():
    running = WEEK + timedelta(weeks=60)
    reach = deletions.reached(GRAPH, WEEK, running)
    weeks = {step: (end - WEEK).days // 7 for step, end in reach.items()}
    assert (weeks["insights_daily"], weeks["results_daily"], weeks["features_ad"]) == (0, 0, 11)
    assert weeks["forecasts_ad"] == weeks["burnout_predictions"] == 60  # pooled over all accounts and weeks
    assert all(0 <= n <= 60 for n in weeks.values())
    assert set(deletions.reached(GRAPH, WEEK, WEEK).values()) == {WEEK}


def test_a_table_that_was_never_written_has_nothing_to_delete(tmp_path):
    empty = Lake(str(tmp_path / "lake"))
    assert count_rows(empty, INSIGHTS_DAILY, "act_1", [WEEK], {}) == 0
    assert delete_rows(empty, INSIGHTS_DAILY, "act_1", [WEEK], {}) == 0
    forget(empty, INSIGHTS_DAILY)
    assert not list(tmp_path.rglob("*.parquet"))


def test_every_table_with_an_account_and_a_week_is_looked_at(lake):
    chosen = deletions.plan(lake, "act_1", GONE, GONE, GRAPH, WEEKS[-1])
    looked = {e.table.name for e in chosen.erasures} | {"alerts", "alert_outbox"}
    assert looked == {n for n, t in TABLES.items() if "account_id" in t.schema} - {"accounts", "deletions"}
