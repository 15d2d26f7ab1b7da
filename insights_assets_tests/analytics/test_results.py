"""Each conversion counts once, spend is never multiplied, and no result never has a cost."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.analytics.families import CANONICAL, MINIMUM_RESULTS, unknown_types
from insights_assets.analytics.results import daily_levels, normalize, weekly_results
from insights_assets.tables.columns import FAMILIES
from insights_assets.tables.entities import ADSETS
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY
from insights_assets_tests.analytics.ad_worlds import READ, actions, day, days, monday

# One conversion reported as in 2026: the lead is form 6 + pixel 1, and roll-ups repeat it.
LEADS = [
    ("lead", "7"),
    ("onsite_conversion.lead_grouped", "6"),
    ("offsite_conversion.fb_pixel_lead", "1"),
    ("onsite_web_lead", "1"),
    ("offsite_search_add_meta_leads", "6"),
    ("offsite_complete_registration_add_meta_leads", "8"),
    ("omni_complete_registration", "2"),
    ("complete_registration", "2"),
    ("offsite_conversion.fb_pixel_complete_registration", "2"),
    ("link_click", "37"),
]
PURCHASES = [
    ("omni_purchase", "3"),
    ("purchase", "3"),
    ("offsite_conversion.fb_pixel_purchase", "2"),
    ("onsite_conversion.purchase", "1"),
    ("offsite_purchase_add_20_s_calls", "3"),
]


def listed(pairs):
    return [{"action_type": a, "value": v} for a, v in pairs]


def one(goal=None, event=None, pairs=(), values=None, spend=12.0):
    return pl.DataFrame(
        {
            "key": ["k"],
            "spend": [spend],
            "optimization_goal": pl.Series([goal], dtype=pl.String),
            "custom_event_type": pl.Series([event], dtype=pl.String),
            "actions": [listed(pairs)],
            "action_values": [values and listed(values)],
        }
    )


def test_leads_and_registrations_count_once():
    out = normalize(one("LEAD_GENERATION", pairs=LEADS))
    assert dict(out.select("result_family", "results").iter_rows()) == {
        "click": 37.0,
        "leadgen_form": 6.0,
        "registration": 2.0,
        "website_lead": 1.0,
    }
    assert out["spend"].to_list() == [12.0] * 4
    assert out.filter("is_primary").select("result_family", "cpr").row(0) == ("leadgen_form", 2.0)


def test_purchases_count_once_with_their_value():
    values = [("purchase", "90"), ("omni_purchase", "90.5"), ("offsite_conversion.fb_pixel_purchase", "60")]
    out = normalize(one("VALUE", "PURCHASE", PURCHASES, values))
    assert out.select("result_family", "results", "result_value", "cpr", "is_primary").rows() == [
        ("purchase", 3.0, 90.5, 4.0, True)
    ]


@pytest.mark.parametrize(
    ("goal", "event", "family"),
    [
        ("OFFSITE_CONVERSIONS", "PURCHASE", "purchase"),
        ("OFFSITE_CONVERSIONS", "LEAD", "website_lead"),
        ("VALUE", "COMPLETE_REGISTRATION", "registration"),
        ("OFFSITE_CONVERSIONS", "ADD_TO_CART", "custom"),
        ("OFFSITE_CONVERSIONS", "OTHER", "custom"),
        ("OFFSITE_CONVERSIONS", None, "purchase"),
        ("VALUE", None, "purchase"),
        ("CONVERSATIONS", "PURCHASE", "messages"),
        ("LEAD_GENERATION", None, "leadgen_form"),
        ("APP_INSTALLS", None, "app_install"),
        ("THRUPLAY", None, "video_view"),
        ("REACH", None, "click"),
        ("SOMETHING_NEW", None, "click"),
        (None, None, "click"),
    ],
)
def test_the_goal_names_the_primary_family(goal, event, family):
    out = normalize(one(goal, event))
    assert out.select("result_family", "results", "cpr", "is_primary").rows() == [(family, 0.0, None, True)]


@pytest.mark.parametrize("family", CANONICAL)
def test_the_first_canonical_type_wins(family):
    pairs = [(a, str(n + 1)) for n, a in enumerate(CANONICAL[family])]
    got = normalize(one(pairs=reversed(pairs))).filter(pl.col("result_family") == family)
    assert got["results"].to_list() == [1.0]


def test_lists_may_be_absent_null_empty_or_of_numbers():
    assert normalize(pl.DataFrame({"key": ["a"], "spend": [1.0]}))["results"].to_list() == [0.0]
    frame = pl.DataFrame({"spend": [1.0, 2.0], "actions": [None, [{"action_type": "link_click", "value": 4}]]})
    assert normalize(frame).select("results", "cpr").rows() == [(0.0, None), (4.0, 0.5)]
    assert normalize(pl.DataFrame({"spend": [1.0], "actions": [[]], "action_values": [None]})).height == 1
    assert normalize(one().clear()).height == 0
    with pytest.raises(ValueError, match="spend"):
        normalize(pl.DataFrame({"actions": [[]]}))


def test_types_that_sound_like_money_are_reported():
    pairs = [*LEADS, *PURCHASES, ("offsite_conversion.custom.12", "1"), ("super_lead", "2")]
    frame = one(pairs=pairs, values=[("super_lead", "9.5"), ("omni_purchase", "80")])
    found = unknown_types(frame.with_columns(pl.lit("act_1").alias("account_id"), pl.lit(1).alias("week")))
    assert found.select("action_type", "rows", "results", "result_value").rows() == [("super_lead", 1, 2.0, 9.5)]


types = st.sampled_from([a for pairs in CANONICAL.values() for a in pairs] + ["lead", "comment"])
rows = st.lists(st.lists(st.tuples(types, st.integers(0, 50)), max_size=6), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(rows, st.floats(0.01, 1000), st.sampled_from(["VALUE", "LEAD_GENERATION", None]))
def test_properties_of_normalize(listing, scale, goal):
    frame = pl.DataFrame(
        {
            "key": range(len(listing)),
            "spend": [10.0 + n for n in range(len(listing))],
            "optimization_goal": pl.Series([goal] * len(listing), dtype=pl.String),
            "actions": pl.Series(
                [[{"action_type": a, "value": str(v)} for a, v in pairs] for pairs in listing],
                dtype=pl.List(pl.Struct({"action_type": pl.String, "value": pl.String})),
            ),
        }
    )
    out = normalize(frame)
    assert out.group_by("key").agg(pl.col("is_primary").sum())["is_primary"].to_list() == [1] * len(listing)
    assert out.filter((pl.col("results") == 0) & pl.col("cpr").is_not_null()).is_empty()
    assert not out.select(pl.struct("key", "result_family").is_duplicated().any()).item()
    assert normalize(frame.reverse()).sort("key", "result_family").equals(out)
    scaled = normalize(frame.with_columns(pl.col("spend") * scale))["cpr"]
    assert ((scaled - out["cpr"] * scale).abs() <= 1e-9 * scaled).all()


def adsets(**goals):
    rows = [
        {
            "account_id": "act_1",
            "week": monday(0),
            "adset_id": a,
            "campaign_id": "camp1",
            "name": a,
            "status": "ACTIVE",
            "effective_status": "ACTIVE",
            "optimization_goal": goal,
            "custom_event_type": "PURCHASE",
            "observed_at": READ,
        }
        for a, goal in goals.items()
    ]
    return pl.DataFrame(rows, schema=ADSETS.schema)


TUESDAY = date(2026, 1, 6)
DAILY = days(
    day(MON := monday(0), ad="a", spend=10.0, actions=actions(onsite_conversion__lead_grouped=2, link_click=5)),
    day(MON, ad="b", spend=30.0),
    day(MON, ad="c", adset_id="set2", spend=50.0, actions=actions(purchase=1), action_values=actions(purchase=99)),
    day(TUESDAY, ad="a", spend=20.0, is_settled=False, actions=actions(onsite_conversion__lead_grouped=4)),
)
GOALS = adsets(set1="LEAD_GENERATION", set2="VALUE")


def test_levels_add_results_and_take_the_whole_spend():
    out = daily_levels(DAILY, GOALS)
    assert RESULTS_DAILY.split(out).bad.is_empty()
    columns = ["entity_id", "result_family", "results", "result_value", "spend", "cpr", "is_primary"]
    monday_rows = out.filter(pl.col("date") == MON)
    assert monday_rows.filter(pl.col("level") == "adset").select(columns).rows() == [
        ("set1", "click", 5.0, None, 40.0, 8.0, False),
        ("set1", "leadgen_form", 2.0, None, 40.0, 20.0, True),
        ("set2", "purchase", 1.0, 99.0, 50.0, 50.0, True),
    ]
    # The campaign is 40 on leads and 50 on purchases that day; on Tuesday only leads spend.
    campaign = out.filter((pl.col("level") == "campaign") & pl.col("is_primary"))
    assert campaign.select("date", *columns).rows() == [
        (MON, "camp1", "purchase", 1.0, 99.0, 90.0, 90.0, True),
        (TUESDAY, "camp1", "leadgen_form", 4.0, None, 20.0, 5.0, True),
    ]


def test_weeks_add_days_even_those_without_the_family():
    out = weekly_results(DAILY, daily_levels(DAILY, GOALS))
    assert RESULTS_WEEKLY.split(out).bad.is_empty()
    columns = ["entity_id", "parent_id", "result_family", "results", "spend", "cpr", "is_primary", "is_settled"]
    assert out.filter(pl.col("level") != "ad").sort("level", "entity_id", "result_family").select(columns).rows() == [
        ("set1", "camp1", "click", 5.0, 60.0, 12.0, False, False),
        ("set1", "camp1", "leadgen_form", 6.0, 60.0, 10.0, True, False),
        ("set2", "camp1", "purchase", 1.0, 50.0, 50.0, True, True),
        ("camp1", None, "click", 5.0, 110.0, 22.0, False, False),
        ("camp1", None, "leadgen_form", 6.0, 110.0, pytest.approx(110 / 6), True, False),
        ("camp1", None, "purchase", 1.0, 110.0, 110.0, False, False),
    ]
    idle = out.filter(pl.col("entity_id") == "b")
    assert idle.select("parent_id", "result_family", "results", "spend", "cpr").rows() == [
        ("set1", "leadgen_form", 0.0, 30.0, None)
    ]


def test_an_account_may_name_its_own_primary_family():
    out = daily_levels(DAILY, GOALS, {"act_1": "click", "act_2": "messages"})
    chosen = out.filter(pl.col("is_primary") & (pl.col("level") == "adset") & (pl.col("date") == MON))
    assert chosen.select("entity_id", "result_family", "results", "spend", "cpr").rows() == [
        ("set1", "click", 5.0, 40.0, 8.0),
        ("set2", "click", 0.0, 50.0, None),
    ]
    assert daily_levels(DAILY, GOALS, {"act_2": "messages"}).equals(daily_levels(DAILY, GOALS))


def test_a_later_day_changes_no_earlier_row():
    early = DAILY.filter(pl.col("date") == MON)
    assert daily_levels(early, GOALS).equals(daily_levels(DAILY, GOALS).filter(pl.col("date") == MON))


def test_empty_in_empty_out():
    out = daily_levels(DAILY.clear(), GOALS)
    assert out.is_empty()
    assert weekly_results(DAILY.clear(), out).is_empty()


def test_the_tables_refuse_what_is_wrong():
    good = daily_levels(DAILY, GOALS)
    assert RESULTS_DAILY.split(good.with_columns(pl.lit("leads").alias("result_family"))).good.is_empty()
    assert RESULTS_DAILY.split(good.with_columns(pl.lit(-1.0).alias("results"))).good.is_empty()


def test_every_family_has_a_canonical_action_type_and_a_minimum():
    assert set(CANONICAL) == set(MINIMUM_RESULTS) == set(FAMILIES)
