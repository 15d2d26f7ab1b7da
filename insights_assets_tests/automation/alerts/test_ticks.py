"""Ticks on a lake: what is new is looked at once, causes come from the public views, and no decision is lost."""

import threading
from datetime import timedelta

import pytest

from insights_assets import registry
from insights_assets.alert_settings import AlertSettings, Thresholds
from insights_assets.automation.alerts import engine, lake_look
from insights_assets.automation.alerts.life_cycle import Observation, acknowledge
from insights_assets.automation.alerts.ticking import Position, tick
from insights_assets.lake.catalog import query
from insights_assets.tables.alerts import ALERT_OUTBOX, ALERTS
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG
from insights_assets.tables.registry import TABLES
from insights_assets_tests.automation.alerts.worlds import (
    ACCOUNT,
    HOUR,
    NEWEST,
    NOW,
    RUNNING,
    registered,
    settings,
    signal,
)
from insights_assets_tests.tables.rows import frame_of, valid_row

SETTINGS = settings("a", thresholds=Thresholds(target_roas=2.0))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lake(tmp_path):
    made = registered(tmp_path / "lake", ACCOUNT, "act_2")
    made.ensure(TABLES.values())
    return made


def put(lake, name, *rows, **common):
    """Rows of a table, and the good verdict on the newest complete week that follows its write."""
    table = TABLES[name]
    defaults = {"account_id": ACCOUNT, "week": NEWEST, **common}
    made = [valid_row(table, **{**defaults, **row}) for row in rows]
    partitions = {(row["account_id"], row["week"]) for row in made} | {(ACCOUNT, NEWEST)}
    lake.replace(table, frame_of(table, *made), partitions)
    verdict(lake, name)


def verdict(lake, name, *, account=ACCOUNT, week=NEWEST, passed=True, check="schema"):
    row = valid_row(
        CHECK_RESULTS, account_id=account, week=week, table_name=name, check_name=check, passed=passed, failing_rows=0
    )
    where = {"table_name": [name], "check_name": [check]}
    lake.replace(CHECK_RESULTS, frame_of(CHECK_RESULTS, row), [(account, week)], where=where)


def failed(lake, account=ACCOUNT, **changes):
    row = {"status": "failed", "error_type": "token_invalid", "finished_at": NOW - HOUR, "retry_after": None}
    lake.append(
        SYNC_LOG, frame_of(SYNC_LOG, valid_row(SYNC_LOG, account_id=account, week=NEWEST, **{**row, **changes}))
    )


def open_kinds(lake):
    rows = lake.read(ALERTS).filter(status="open")
    return sorted(rows.select("account_id", "kind", "subject_key").rows())


def test_every_kind_of_the_lake_opens_and_ends_with_its_cause(lake):
    purchases = {
        "level": "campaign",
        "entity_id": "c",
        "results": 90.0,
        "result_value": 50.0,
        "spend": 100.0,
        "is_primary": True,
    }
    finding = {"level": "ad", "entity_id": "7", "status": "new", "severity": "critical"}
    put(lake, "ads", {"ad_id": "7", "name": "Summer <b>"})
    put(
        lake,
        "campaigns",
        {"campaign_id": "c", "name": "Autumn", "lifetime_budget": 100.0, "effective_status": "ACTIVE"},
    )
    put(lake, "results_weekly", purchases)
    put(lake, "insights_weekly_adset", {"level": "adset", "entity_id": "s", "frequency": 6.0, "impressions": 5000})
    put(lake, "insights_weekly_campaign", {"level": "campaign", "entity_id": "c", "spend": 99.0})
    put(lake, "burnout_predictions", {"ad_id": "7", "risk_level": "critical", "risk_score": 0.9})
    put(
        lake, "anomalies_ad",
        {**finding, "finding_id": "1" * 16, "anomaly_type": "ctr_drop", "metric": "ctr"},
        {**finding, "finding_id": "2" * 16, "anomaly_type": "spend_spike", "metric": "spend"},
        {**finding, "finding_id": "3" * 16, "anomaly_type": "cpr_spike", "status": "false_positive"},
        {**finding, "finding_id": "4" * 16, "anomaly_type": "cpr_spike", "severity": "medium"},
    )  # fmt: skip
    verdict(lake, "ads", check="totals", passed=False)
    failed(lake)

    first = tick(lake, SETTINGS, NOW, Position())
    assert open_kinds(lake) == [
        (ACCOUNT, "budget_depleted", "campaign:c"),
        (ACCOUNT, "burnout_critical", "ad:7"),
        (ACCOUNT, "check_failed", "ads:totals"),
        (ACCOUNT, "ctr_drop", "ad:7:ctr_drop"),
        (ACCOUNT, "high_frequency", "adset:s"),
        (ACCOUNT, "roas_below_target", "account"),
        (ACCOUNT, "spend_anomaly", "ad:7:spend_spike"),
        (ACCOUNT, "sync_failed", "token_invalid"),
    ]  # fmt: skip
    assert (first.opened, first.delivered) == (8, 1)
    view = query(lake, "SELECT * FROM alerts WHERE kind = 'ctr_drop'").row(0, named=True)
    assert view["subject"] == "ad Summer <b> (7)"

    assert tick(lake, SETTINGS, NOW + MINUTE, first.position).opened == 0
    put(lake, "campaigns", {"campaign_id": "c", "lifetime_budget": 200.0, "effective_status": "ACTIVE"})
    put(lake, "results_weekly", {**purchases, "result_value": 500.0})
    put(lake, "insights_weekly_adset")
    put(lake, "burnout_predictions")
    put(lake, "anomalies_ad")
    verdict(lake, "ads", check="totals")
    failed(lake, status="ok", error_type=None, finished_at=NOW)
    last = tick(lake, SETTINGS, NOW + HOUR, first.position)
    assert (last.opened, last.resolved, open_kinds(lake)) == (0, 8, [])


def test_a_finding_of_a_week_that_passed_ends_with_the_next_judged_week_and_not_before(lake):
    finding = {"entity_id": "7", "status": "new", "anomaly_type": "ctr_drop", "metric": "ctr", "week": NEWEST}
    put(lake, "anomalies_ad", finding)
    first = tick(lake, SETTINGS, NOW, Position())
    assert len(open_kinds(lake)) == 1
    later = NOW + timedelta(weeks=1)
    verdict(lake, "anomalies_ad", week=RUNNING, passed=False)
    second = tick(lake, SETTINGS, later, first.position)
    assert ("ctr_drop" in {k for _, k, _ in open_kinds(lake)}) is True
    verdict(lake, "anomalies_ad", week=RUNNING)
    tick(lake, SETTINGS, later, second.position)
    assert "ctr_drop" not in {k for _, k, _ in open_kinds(lake)}


def test_accounts_are_looked_at_once_each_and_those_with_news_again(lake, monkeypatch):
    looked = []
    real = lake_look.look

    def watched(records, own, accounts, now):
        looked.append(sorted(accounts))
        return real(records, own, accounts, now)

    monkeypatch.setattr(lake_look, "look", watched)
    position = Position()
    for n in range(3):
        position = Position.read(tick(lake, SETTINGS, NOW + n * MINUTE, position, batch=1).position.write())
    assert looked == [[ACCOUNT], ["act_2"]]
    failed(lake, "act_2")
    position = tick(lake, SETTINGS, NOW + HOUR, position).position
    assert looked[2:] == [["act_2"]]
    stricter = AlertSettings(thresholds=Thresholds(frequency=2.0), sinks=())
    tick(lake, stricter, NOW + HOUR, position)
    assert looked[3:] == [[ACCOUNT, "act_2"]]


@pytest.mark.parametrize("cursor", [None, "", "not json", "[]", '{"old": 1}'])
def test_a_cursor_of_another_making_starts_from_nothing(cursor):
    assert Position.read(cursor) == Position()


def test_an_account_that_is_switched_off_has_no_alerts(lake):
    failed(lake)
    position = tick(lake, SETTINGS, NOW, Position()).position
    assert len(open_kinds(lake)) == 1
    registry.set_status(lake, ACCOUNT, registry.SWITCHED_OFF)
    tick(lake, SETTINGS, NOW + MINUTE, position)
    assert open_kinds(lake) == []


def test_a_storm_and_the_share_of_errors_are_counted_over_all_accounts_and_pass(lake):
    for n in range(12):
        failed(
            lake,
            f"act_{n}",
            error_type="rate_limited",
            finished_at=NOW - MINUTE,
            retry_after=NOW + HOUR,
            run_id=f"r{n}",
        )
    failed(lake, "act_99", error_type="rate_limited", finished_at=NOW - 2 * HOUR, retry_after=NOW)
    for n in range(10):
        failed(lake, f"act_{n}", status="ok", error_type=None, finished_at=NOW - 20 * HOUR, run_id=f"s{n}")
    engine.apply(lake, SETTINGS, lake_look.look_at_all(lake_look.Records.open(lake), SETTINGS, NOW), NOW)
    told = {a.kind: a for a in engine.alerts_of(lake.read(ALERTS))}
    assert told["rate_limit_storm"].summary == "12 steps of 12 accounts were blocked in the last hour."
    assert told["error_share"].summary == "56.5% of the steps of the last 24 hours failed (13 of 23)."
    assert told["error_share"].account_id is None
    later = NOW + 25 * HOUR
    engine.apply(lake, SETTINGS, lake_look.look_at_all(lake_look.Records.open(lake), SETTINGS, later), later)
    assert open_kinds(lake) == []


def test_a_dry_run_says_the_same_and_writes_nothing(lake):
    failed(lake)
    versions = [lake.delta(t).version() for t in TABLES.values()]
    seen = engine.observe(lake, SETTINGS, NOW)
    dry = engine.apply(lake, SETTINGS, seen, NOW, dry_run=True)
    assert [lake.delta(t).version() for t in TABLES.values()] == versions
    assert [n.key for n in dry.notifications] == [n.key for n in engine.apply(lake, SETTINGS, seen, NOW).notifications]


def test_a_death_between_the_outbox_and_the_table_stores_nothing_twice(lake, monkeypatch):
    seen = Observation((signal(1), signal(2)))
    with monkeypatch.context() as broken:
        broken.setattr(engine, "rows_of", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            engine.apply(lake, SETTINGS, seen, NOW)
    assert (lake.read(ALERT_OUTBOX).height, lake.read(ALERTS).height) == (2, 0)
    engine.apply(lake, SETTINGS, seen, NOW + MINUTE)
    assert (lake.read(ALERT_OUTBOX).height, lake.read(ALERTS).height) == (2, 2)


def test_an_acknowledgement_made_while_ticks_run_is_not_lost(lake):
    engine.apply(lake, SETTINGS, Observation((signal(0),)), NOW)
    name = signal(0).alert_id
    starting = threading.Barrier(3)

    def ticks(first):
        starting.wait()
        for n in range(4):
            engine.apply(lake, SETTINGS, Observation((signal(0), signal(first + n))), NOW + n * HOUR)

    threads = [threading.Thread(target=ticks, args=(n,)) for n in (10, 20)]
    for thread in threads:
        thread.start()
    starting.wait()
    engine.change_one(lake, name[:6], lambda alert: acknowledge(alert, "kim", NOW))
    for thread in threads:
        thread.join()
    rows = lake.read(ALERTS)
    assert rows.filter(alert_id=name).select("status", "acknowledged_by").rows() == [("acknowledged", "kim")]
    assert rows.height == 9
