"""Meta's fatigue label: kept as served, asked for once a run, and not at all where Meta does not serve it."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest

from insights_assets.assets.fatigue_frames import fatigue_level, meta_fatigue
from insights_assets.assets.meta_fatigue import NOT_SERVED, SWITCHED_OFF
from insights_assets.assets.meta_fatigue import meta_fatigue as asset
from insights_assets.graph_api.records import InsightRow
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.meta_fatigue_settings import MetaFatigueSettings
from insights_assets.partitions import weeks_covering
from insights_assets.sandbox import Fault, World
from insights_assets.sandbox.fatigue_labels import serving
from insights_assets.sandbox.faults import FaultBox
from insights_assets.tables.meta_fatigue import META_FATIGUE
from insights_assets.tables.prediction_scores import PREDICTION_SCORES
from insights_assets_tests.assets.pipeline import Pipeline, pipeline
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
WEEKS = weeks_covering(date(2026, 2, 23), date(2026, 3, 29))
SERVED, REFUSED, OMITTED = range(3)


@pytest.mark.parametrize(
    ("served", "level"),
    [
        ([{"fatigue_level": "HIGH"}], "HIGH"),
        ({"level": " medium "}, "MEDIUM"),
        ([{"a": ["CREATIVE_FATIGUE_LEVEL_LOW"]}, {"b": "low"}], "LOW"),
        ([{"x": "LOW"}, {"x": {"y": "HIGH"}}, {"x": "MEDIUM"}], "HIGH"),
        ([{"ad_name": "High summer", "headline": "HIGH END", "note": "fatigue_high"}], None),
        ([{"state": "CREATIVE_LIMITED", "score": 3}], None),
        ([], None),
        (None, None),
    ],
)
def test_the_strongest_word_counts_and_names_of_ads_do_not(served, level):
    assert fatigue_level(served) == level


def record(ad_id: str, **fields: object) -> InsightRow:
    days = {"date_start": "2026-03-02", "date_stop": "2026-03-08"}
    return InsightRow.from_json({"ad_id": ad_id, "impressions": "900", **days, **fields})


def test_both_fields_are_kept_as_they_came_and_ads_without_a_word_have_no_row():
    summary, ads = [{"what": {"é": [1, None]}}], [{"ad_id": "2", "fatigue_level": "MEDIUM"}]
    records = [
        record("1"),
        record("2", creative_fatigue_summary=summary, creative_fatigued_ads=ads),
        record("3", creative_fatigue_summary=[]),
        record("4", creative_fatigue_summary=[{"level": "LOW"}], creative_fatigued_ads=ads),
    ]
    rows = meta_fatigue(records, {"account_id": "act_1"}, NOW)
    assert META_FATIGUE.split(rows).bad.is_empty()
    assert rows.select("account_id", "week", "ad_id", "fatigue_level").rows() == [
        ("act_1", date(2026, 3, 2), "2", "MEDIUM"),
        ("act_1", date(2026, 3, 2), "4", "LOW"),
    ]
    assert json.loads(rows["summary"][0]) == summary
    assert json.loads(rows["fatigued_ads"][0]) == ads


@pytest.fixture
def made(tmp_path) -> Iterator[Pipeline]:
    """Three accounts, one of each kind."""
    world = World(accounts=3, ads_per_account=(12, 14))
    assert [serving(world.account(a.id)) for a in world.accounts] == ["served", "refused", "omitted"]
    with pipeline(tmp_path, world, NOW, clock=lambda: NOW) as pipe:
        yield pipe


def requests_and_notes(made: Pipeline) -> list[tuple[int, str | None]]:
    """Of each account's newest run."""
    newest = made.rows("sync_log").filter(step="meta_fatigue").sort("finished_at").unique("account_id", keep="last")
    assert set(newest["status"]) == {"ok"}
    told = {row["account_id"]: (row["requests"], row["message"]) for row in newest.iter_rows(named=True)}
    return [told[a] for a in made.accounts]


def run_all(made: Pipeline) -> list[tuple[int, str | None]]:
    for account_id in made.accounts:
        made.run([asset], account_id, WEEKS)
    return requests_and_notes(made)


def test_it_is_asked_once_a_run_where_served_and_not_again_for_28_days_where_not(made):
    first = run_all(made)
    assert first[SERVED] == (1, None)
    # Refused whole, so the fields at fault are searched for; left out, one question tells.
    assert first[REFUSED] == (6, f"{NOT_SERVED}; it is asked again after 28 days.")
    assert first[OMITTED] == (1, f"{NOT_SERVED}; it is asked again after 28 days.")
    rows = made.rows("meta_fatigue")
    assert set(rows["account_id"]) == {made.accounts[SERVED]}
    assert set(rows["week"]) == set(WEEKS)
    assert set(rows["fatigue_level"]) <= {"LOW", "MEDIUM", "HIGH"}
    assert rows.filter(pl.col("summary").str.contains("fatigue_level")).height == rows.height
    assert made.rows("check_results").filter(table_name="meta_fatigue")["passed"].all()

    made.now = NOW + timedelta(days=27, hours=23)
    skipped = f"Not asked before 2026-04-27: {NOT_SERVED}."
    assert run_all(made) == [(1, None), (0, skipped), (0, skipped)]
    # That it was skipped does not put it off any further; one process need not search for the fields again.
    made.now = NOW + timedelta(days=28)
    assert run_all(made)[1:] == [(1, first[REFUSED][1]), (1, first[OMITTED][1])]
    assert made.rows("meta_fatigue").drop("observed_at").equals(rows.drop("observed_at"))


def test_switched_off_nothing_is_asked_and_what_is_stored_stays(made):
    account_id = made.accounts[SERVED]
    made.run([asset], account_id, WEEKS)
    rows = made.rows("meta_fatigue")
    assert rows.height
    off = SimpleNamespace(meta_fatigue=MetaFatigueSettings(ask=False))
    asked = len(made.sandbox.requests)
    again = Pipeline(made.lake, made.instance, made.sandbox, NOW + timedelta(hours=1), overrides={"settings": off})
    again.run([asset], account_id, WEEKS)
    assert len(made.sandbox.requests) == asked
    assert made.rows("meta_fatigue").equals(rows)
    assert made.rows("sync_log").sort("finished_at")["message"][-1] == SWITCHED_OFF


def test_an_account_that_was_served_before_is_asked_on_when_no_ad_is_tired(made):
    account_id = made.accounts[OMITTED]
    known = frame_of(META_FATIGUE, valid_row(META_FATIGUE, account_id=account_id, week=date(2026, 1, 5)))
    made.lake.replace(META_FATIGUE, known, [(account_id, date(2026, 1, 5))])
    for hours in (0, 1):
        made.now = NOW + timedelta(hours=hours)
        made.run([asset], account_id, WEEKS)
    log = made.rows("sync_log").filter(step="meta_fatigue")
    assert log.select("requests", "message").unique().rows() == [(1, None)]


def test_other_errors_fail_as_elsewhere_and_keep_what_is_stored(made):
    account_id = made.accounts[SERVED]
    made.run([asset], account_id, WEEKS)
    rows = made.rows("meta_fatigue")
    body = {"error": {"message": "Session expired", "code": 190, "type": "OAuthException"}}
    made.sandbox.app.fault_box = FaultBox([Fault(account_id, times=999, status=400, body=body)])
    made.now = NOW + timedelta(hours=1)
    assert not made.run([asset], account_id, WEEKS, raise_on_error=False).success
    log = made.rows("sync_log").filter(status="failed")
    assert set(log["error_type"]) == {"token_invalid"}
    assert made.rows("meta_fatigue").equals(rows)


def test_the_comparison_puts_metas_label_beside_our_risk_and_what_happened(tmp_path):
    lake = Lake(str(tmp_path))
    later = WEEK + timedelta(weeks=1)

    def label(ad_id: str, level: str | None) -> dict[str, object]:
        return valid_row(META_FATIGUE, ad_id=ad_id, fatigue_level=level)

    def score(ad_id: str, risk: float, burnt: float, **more: object) -> dict[str, object]:
        known = {"entity_id": ad_id, "predicted": risk, "actual": burnt, "error": risk - burnt, "kind": "burnout"}
        place = {"week": later, "origin_week": WEEK, "metric": "burnt", "horizon": 1}
        return valid_row(PREDICTION_SCORES, **{**known, **place, **more})

    lake.replace(
        META_FATIGUE,
        frame_of(META_FATIGUE, label("1", "HIGH"), label("2", "HIGH"), label("3", None)),
        [("act_1", WEEK)],
    )
    scores = [
        *(score("1", 0.8, 1.0), score("2", 0.4, 0.0), score("3", 0.5, 0.0), score("4", 0.1, 0.0)),
        score("5", 0.2, 1.0),
        score("1", 0.9, 1.0, kind="forecast"),
        # A week and an account of which Meta said nothing.
        score("1", 0.9, 1.0, origin_week=WEEK - timedelta(weeks=1)),
        score("1", 0.9, 1.0, account_id="act_2"),
        score("2", 0.6, 1.0, horizon=2, week=later + timedelta(weeks=1), ds=later + timedelta(weeks=1)),
    ]
    partitions = [(a, later + timedelta(weeks=k)) for a in ("act_1", "act_2") for k in (0, 1)]
    lake.replace(PREDICTION_SCORES, frame_of(PREDICTION_SCORES, *scores), partitions)
    found = query(lake, "FROM meta_fatigue_comparison ORDER BY horizon_weeks, fatigue_level")
    rows = [tuple(round(v, 6) if isinstance(v, float) else v for v in row) for row in found.rows()]
    assert rows == [
        ("HIGH", 1, 2, 1, 0.5, 0.6, 0.1),
        ("none", 1, 2, 1, 0.5, 0.15, 0.325),
        ("unnamed", 1, 1, 1, 0.0, 0.5, 0.25),
        ("HIGH", 2, 1, 1, 1.0, 0.6, 0.16),
    ]
