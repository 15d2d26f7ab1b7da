"""Good data is green; each way of not agreeing turns its own check red, in its own week, as bad as it is settled."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from insights_assets.checks.reconciliation import CHECKS, judge
from insights_assets.definitions import build_defs
from insights_assets.lake.store import Lake
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.insights import INSIGHTS_DAILY, INSIGHTS_WEEKLY_ADSET, INSIGHTS_WEEKLY_CAMPAIGN
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets_tests.analytics.restating import ad_day, days
from insights_assets_tests.tables.rows import frame_of, valid_row

WEEK = date(2026, 3, 2)
NEXT = WEEK + timedelta(weeks=1)
PARTITIONS = [("act_1", WEEK), ("act_1", NEXT)]
READ = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAYS = 3
WINDOWS = {"w1d_click": None, "w7d_click": None, "w28d_click": None, "w1d_view": None}


def daily(week=WEEK, **changes):
    """Two ads on three days; each day 10.0 spend, 100 impressions, 5 clicks an ad."""
    common = {"spend": 10.0, "impressions": 100, "clicks": 5, **changes}
    return [ad_day(week + timedelta(days=n), READ, ad, **common) for n in range(DAYS) for ad in "12"]


def weekly(table, week=WEEK, **changes):
    level = table.name.removeprefix("insights_weekly_")
    common = {"level": level, "spend": 60.0, "impressions": 600, "clicks": 30, "is_complete": True}
    return valid_row(table, week=week, **{**common, **changes})


def read(step, week=WEEK, at=READ, **changes):
    return valid_row(SYNC_LOG, week=week, step=step, finished_at=at, **{"rows": 6, **changes})


STEPS = ("insights_daily", "insights_weekly_campaign", "insights_weekly_adset")


class Scene:
    """A lake with two agreeing weeks; a test changes one thing of the first."""

    def __init__(self, root):
        self.lake = Lake(str(root))
        self.daily, self.restated = daily(), []
        self.campaign, self.adset = ([weekly(t)] for t in (INSIGHTS_WEEKLY_CAMPAIGN, INSIGHTS_WEEKLY_ADSET))
        self.log = [read(step) for step in STEPS]

    def judged(self):
        other = daily(NEXT)
        self.lake.overwrite(ACCOUNTS, frame_of(ACCOUNTS, valid_row(ACCOUNTS, timezone_name="America/New_York")))
        self.lake.append(INSIGHTS_DAILY, days(self.daily + other))
        for table, rows in ((INSIGHTS_WEEKLY_CAMPAIGN, self.campaign), (INSIGHTS_WEEKLY_ADSET, self.adset)):
            self.lake.append(table, frame_of(table, *rows, weekly(table, NEXT)))
        self.lake.append(SYNC_LOG, frame_of(SYNC_LOG, *self.log, *[read(step, NEXT) for step in STEPS]))
        self.lake.append(RESTATEMENTS, frame_of(RESTATEMENTS, *self.restated))
        judged = judge(self.lake, PARTITIONS)
        assert list(judged) == list(CHECKS)
        assert all(second.passed for _, second in judged.values()), "the other week agrees"
        return {name: first for name, (first, _) in judged.items()}

    def red(self):
        return {name: v for name, v in self.judged().items() if not v.passed}


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_data_that_agrees_is_green(scene):
    assert scene.red() == {}


@pytest.mark.parametrize(("metric", "value"), [("spend", 61.0), ("impressions", 610), ("clicks", 33), ("spend", 50.0)])
@pytest.mark.parametrize("level", ["campaign", "adset"])
def test_a_parent_that_is_not_the_sum_of_its_children_fails(scene, level, metric, value):
    getattr(scene, level)[0][metric] = value
    (verdict,) = scene.red().values()
    assert (verdict.failing_rows, verdict.severity) == (1, "ERROR")
    assert verdict.reason.startswith(f"{level} 1: {metric} {value}")


@pytest.mark.parametrize(
    ("settled", "spend", "red"), [(True, 61.0, "ERROR"), (False, 61.0, None), (False, 63.0, "WARN")]
)
def test_while_a_week_is_unsettled_a_gap_is_a_warning_and_may_be_larger(scene, settled, spend, red):
    scene.campaign[0] |= {"spend": spend, "is_settled": settled}
    verdict = scene.judged()["parent_totals"]
    assert (None if verdict.passed else verdict.severity) == red


def test_rounding_of_each_row_is_no_gap_whatever_the_currency(scene):
    for row in scene.daily:
        row |= {"currency": "JPY", "spend": 10.0}
    scene.campaign[0]["spend"] = 63.0  # 7 amounts, each rounded by up to half a yen
    assert scene.red() == {}


def test_the_same_gap_in_a_currency_with_cents_is_one(scene):
    scene.campaign[0]["spend"] = 63.0
    assert set(scene.red()) == {"parent_totals"}


def test_children_without_their_parent_and_a_parent_without_children_fail(scene):
    scene.campaign.append(weekly(INSIGHTS_WEEKLY_CAMPAIGN, entity_id="9"))
    for row in scene.daily[:2]:
        row["adset_id"] = "7"
    verdict = scene.red()["parent_totals"]
    # Campaign 9 has no days, ad set 7 has no week, ad set 1 lacks the days of 7: three metrics each.
    assert verdict.failing_rows == 9


def test_readings_of_different_days_are_not_compared(scene):
    monday = datetime.combine(WEEK, datetime.min.time(), UTC)
    scene.daily = scene.daily[:2]
    scene.log = [read(step, at=monday + timedelta(days=n, hours=12)) for step, n in zip(STEPS, (1, 3, 3), strict=True)]
    assert scene.red() == {}


def test_the_day_of_a_reading_is_the_accounts(scene):
    sunday_there = datetime(2026, 3, 9, 3, tzinfo=UTC)  # Monday in UTC: both read the same six days of New York
    scene.campaign[0]["spend"] = 90.0
    scene.log = [
        read(step, at=at)
        for step, at in zip(STEPS, (sunday_there - timedelta(hours=9), sunday_there, READ), strict=True)
    ]
    assert set(scene.red()) == {"parent_totals"}


def test_a_level_that_was_never_read_is_not_missed(scene):
    scene.campaign, scene.adset, scene.log = [], [], scene.log[:1]
    assert scene.red() == {}


def test_a_week_without_any_ad_day_fails_when_the_weekly_report_shows_spend(scene):
    scene.daily = []
    red = scene.red()
    assert set(red) == {"coverage"}
    assert red["coverage"].severity == "ERROR"
    assert red["coverage"].reason.startswith("no ad-day at all, yet the adset report shows a spend of 60.0")


def test_a_week_without_a_weekly_row_fails_when_ad_days_spent(scene):
    scene.campaign = []
    red = scene.red()
    assert set(red) == {"coverage"}
    assert "no campaign at all, yet the ad-days spent 60.0" in red["coverage"].reason


def test_a_week_in_which_nothing_ran_is_green(scene):
    scene.daily, scene.campaign, scene.adset = [], [], []
    assert scene.red() == {}


def actions(*names, value=4.0):
    return [{"action_type": name, "value": value, **WINDOWS} for name in names]


def test_an_unknown_type_that_sounds_like_money_fails_with_what_is_at_stake(scene):
    scene.daily[0] |= {
        "actions": actions("mega_purchase", "link_click"),
        "action_values": actions("mega_purchase", value=99.5),
    }
    red = scene.red()
    assert set(red) == {"action_types"}
    assert red["action_types"].reason == "mega_purchase: 4.0 results in 1 ad-days, value 99.5"


# The types of docs' section on 2026: roll-ups that contain on-Meta leads or calls, seen in real rows.
ROLL_UPS = [f"offsite_{name}_add_meta_leads" for name in
            ("complete_registration", "search", "content_view", "submit_application", "contact_website")]  # fmt: skip
ROLL_UPS += [f"offsite_{name}_add_20_s_calls" for name in ("lead", "purchase", "complete_registration")]


def test_the_roll_ups_of_2026_and_the_aliases_are_known(scene):
    aliases = ["lead", "onsite_web_lead", "web_in_store_purchase", "omni_purchase", "offsite_conversion.custom.123"]
    scene.daily[0]["actions"] = actions(*ROLL_UPS, *aliases)
    assert scene.red() == {}


def moved(metric, old, new, age, at=READ, **changes):
    given = {"week": WEEK, "date": WEEK, "metric": metric, "old_value": old, "new_value": new, "old_age_days": age}
    return valid_row(RESTATEMENTS, **given, observed_at=at, **changes)


@pytest.mark.parametrize(("old", "age", "red"), [(9.0, 27, False), (9.0, 28, True), (9.5, 28, False)])
def test_spend_that_moves_by_more_than_one_percent_after_day_28_is_a_warning(scene, old, age, red):
    scene.restated = [moved("spend", old, 10.0, age)]  # of a week's 60
    verdict = scene.judged()["tail_restatement"]
    assert verdict.passed is not red
    if red:
        assert (verdict.severity, verdict.reason) == ("WARN", "spend: 1.0 of 60.0 moved after day 28")


def test_a_few_late_results_are_no_news_and_reach_never_is(scene):
    scene.daily[0]["actions"] = actions("omni_purchase", value=10.0)
    scene.restated = [moved("results:purchase", 8.0, 10.0, 40), moved("reach", 9.0, 1.0, 40)]
    assert scene.red() == {}


def test_many_late_results_are(scene):
    scene.daily[0]["actions"] = actions("omni_purchase", value=10.0)
    scene.restated = [moved("results:purchase", 6.0, 10.0, 40)]
    assert scene.red()["tail_restatement"].reason == "results:purchase: 4.0 of 10.0 moved after day 28"


EARLIER = READ - timedelta(days=3)
BROKEN = [
    [moved("spend", 9.0, 8.0, 5)],
    [moved("spend", 9.0, 9.5, 5, EARLIER), moved("spend", 9.7, 10.0, 8)],
    [moved("spend", 9.0, None, 5)],
    [moved("spend", 9.0, 10.0, -1)],
    [moved("spend", 9.0, 10.0, 5), moved("spend", 9.0, 10.0, 5)],
]


@pytest.mark.parametrize("rows", BROKEN, ids=["not stored", "gap", "gone yet stored", "bad row", "twice"])
def test_a_ledger_that_does_not_lead_to_the_stored_value_fails(scene, rows):
    scene.restated = rows
    assert set(scene.red()) == {"ledger"}


def test_a_ledger_over_rows_that_went_and_came_is_whole(scene):
    scene.daily[0]["actions"] = actions("omni_purchase")
    scene.restated = [
        moved("spend", 9.0, None, 4, READ - timedelta(days=4)),
        moved("spend", None, 10.0, 8),
        moved("results:purchase", 2.0, 0.0, 3, READ - timedelta(days=5)),
        moved("results:purchase", None, 4.0, 8),
        moved("spend", 7.0, None, 5, ad_id="gone"),
    ]
    assert scene.red() == {}


def test_the_checks_stand_in_the_graph_and_block_nothing(tmp_path):
    graph = build_defs(load_settings({"INSIGHTS_HOME": str(tmp_path)})).resolve_asset_graph()
    key = dg.AssetKey(["raw", "insights_daily"])
    specs = {k.name: graph.get_check_spec(k) for k in graph.get(key).check_keys}
    assert set(specs) == {"schema", "synced", *CHECKS}
    assert [name for name, spec in specs.items() if spec.blocking] == ["schema"]
    assert all(specs[name].description == text for name, text in CHECKS.items())
