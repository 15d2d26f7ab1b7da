from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from insights_assets.graph_api.currency import ZERO_DECIMAL, minor_units, to_major
from insights_assets.graph_api.records import (
    ACCOUNT_STATUS,
    Action,
    Ad,
    AdAccount,
    AdSet,
    Campaign,
    Creative,
    InsightRow,
    MalformedRecordError,
)

ROW = {
    "account_id": "5550001",
    "ad_id": "777",
    "ad_name": "Spring",
    "date_start": "2026-09-02",
    "date_stop": "2026-09-02",
    "spend": "12.79",
    "impressions": "4768",
    "reach": "4043",
    "frequency": "1.179322",
    "clicks": "73",
    "inline_link_clicks": "37",
    "ctr": "1.53104",
    "quality_ranking": "BELOW_AVERAGE_20",
    "actions": [
        {"action_type": "offsite_complete_registration_add_meta_leads", "value": "8"},
        {"action_type": "lead", "value": "3", "1d_click": "1", "7d_click": "2", "28d_click": "3", "1d_view": "0"},
        {"action_type": "omni_purchase", "7d_click": "2", "1d_ev": "1", "action_device": "desktop"},
    ],
    "action_values": [{"action_type": "omni_purchase", "value": "119.8"}],
    "video_play_actions": [{"action_type": "video_view", "value": "1365"}],
    "video_p25_watched_actions": [{"action_type": "video_view", "value": "143"}],
    "video_avg_time_watched_actions": [{"action_type": "video_view", "value": "12"}],
    "outbound_clicks": [{"action_type": "outbound_click", "value": "31"}],
    "video_30_sec_watched_actions": [{"action_type": "video_view", "value": "151"}],
    "results": [{"indicator": "actions:lead", "values": [{"value": "3"}]}],
}


def test_a_row_is_read_whole():
    row = InsightRow.from_json(ROW)
    assert (row.date_start, row.spend, row.impressions, row.reach) == (date(2026, 9, 2), 12.79, 4768, 4043)
    assert (row.campaign_id, row.ad_id, row.account_id) == (None, "777", "5550001")
    assert row.actions[1] == Action("lead", 3.0, 1.0, 2.0, 3.0, 0.0)
    assert row.actions[2] == Action(
        "omni_purchase", None, w7d_click=2.0, extra={"1d_ev": "1", "action_device": "desktop"}
    )
    assert row.action_values == (Action("omni_purchase", 119.8),)
    assert (row.video_plays, row.video_p25, row.video_p50, row.video_avg_time_s) == (1365, 143, 0, 12.0)
    assert (row.outbound_clicks, row.quality_ranking) == (31, "BELOW_AVERAGE_20")
    assert set(row.extra) == {"video_30_sec_watched_actions", "results"}


def test_what_is_absent_is_zero_where_a_count_and_unknown_where_a_rate():
    row = InsightRow.from_json({"date_start": "2026-09-02", "date_stop": "2026-09-08", "spend": "0"})
    assert (row.spend, row.impressions, row.clicks, row.inline_link_clicks, row.outbound_clicks) == (0, 0, 0, 0, 0)
    assert (row.actions, row.action_values, row.video_p100) == ((), (), 0)
    assert (row.reach, row.frequency, row.ctr, row.cpc, row.video_avg_time_s) == (None, None, None, None, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"date_start": None}, "date_start"),
        ({"date_stop": "09/02/2026"}, "date_stop"),
        ({"spend": "a lot"}, "spend"),
        ({"spend": "NaN"}, "spend"),
        ({"impressions": "12.5"}, "impressions"),
        ({"impressions": True}, "impressions"),
        ({"actions": {"action_type": "lead"}}, "actions"),
        ({"actions": ["lead"]}, "(row)"),
        ({"actions": [{"value": "1"}]}, "action_type"),
        ({"actions": [{"action_type": "lead", "value": []}]}, "value"),
        ({"ad_id": {"id": "1"}}, "ad_id"),
        ({"spend": "1e999"}, "spend"),
    ],
)
def test_a_malformed_row_names_the_field(change, field):
    with pytest.raises(MalformedRecordError) as caught:
        InsightRow.from_json(ROW | change)
    assert (caught.value.field, caught.value.error_type) == (field, "data")
    assert field in str(caught.value)


@pytest.mark.parametrize("kind", [AdAccount, Campaign, AdSet, Ad, Creative, InsightRow, Action])
@pytest.mark.parametrize("source", [None, [], "x", 3, {}, {"id": None}, {"id": ""}, {"id": []}, {"id": True}])
def test_no_body_gives_another_error_than_ours(kind, source):
    with pytest.raises(MalformedRecordError):
        kind.from_json(source)


@pytest.mark.parametrize(("number", "name"), [*ACCOUNT_STATUS.items(), (55, "STATUS_55"), (None, "UNKNOWN")])
def test_an_account_status_has_a_name(number, name):
    source = {"id": "act_7", "currency": "EUR", "timezone_name": "Europe/Berlin", "account_status": number}
    account = AdAccount.from_json(source | {"business": {"id": "9", "name": "B"}})
    assert (account.id, account.account_id, account.status, account.business_id) == ("act_7", "7", name, "9")


@pytest.mark.parametrize(
    ("sent", "minor"), [("600", 600), (600, 600), (600.0, 600), ("0", 0), (None, None), ("", None)]
)
def test_budgets_are_exact_minor_units(sent, minor):
    assert Campaign.from_json({"id": "1", "daily_budget": sent}).daily_budget == minor
    assert AdSet.from_json({"id": "1", "lifetime_budget": sent}).lifetime_budget == minor


def test_a_budget_beyond_float_precision_stays_exact():
    assert Campaign.from_json({"id": "1", "lifetime_budget": "9007199254740993"}).lifetime_budget == 9007199254740993


def test_times_keep_their_offset():
    campaign = Campaign.from_json(
        {
            "id": "1",
            "created_time": "2024-03-02T15:02:47-0700",
            "start_time": "2024-03-02T15:02:47+00:00",
            "stop_time": 1700000000,
        },
    )
    assert campaign.created_time == datetime(2024, 3, 2, 15, 2, 47, tzinfo=timezone(timedelta(hours=-7)))
    assert campaign.start_time == datetime(2024, 3, 2, 15, 2, 47, tzinfo=UTC)
    assert campaign.end_time == datetime.fromtimestamp(1700000000, tz=UTC)
    with pytest.raises(MalformedRecordError):
        Campaign.from_json({"id": "1", "created_time": "yesterday"})


def test_an_ad_set_keeps_its_goal_and_learning():
    adset = AdSet.from_json(
        {
            "id": "2",
            "campaign_id": "1",
            "optimization_goal": "OFFSITE_CONVERSIONS",
            "promoted_object": {"pixel_id": "3", "custom_event_type": "PURCHASE"},
            "learning_stage_info": {"status": "LEARNING", "conversions": 4},
            "targeting": {"age_min": 18},
        },
    )
    assert (adset.custom_event_type, adset.learning_stage, adset.targeting) == ("PURCHASE", "LEARNING", {"age_min": 18})
    assert AdSet.from_json({"id": "2"}).custom_event_type is None


def test_an_ad_knows_its_creative():
    assert Ad.from_json({"id": "3", "creative": {"id": "4"}}).creative_id == "4"
    assert Ad.from_json({"id": "3"}).creative_id is None


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ({"asset_feed_spec": {"images": [{"hash": "h"}]}, "video_id": "1"}, "dynamic"),
        ({"product_set_id": "8"}, "dynamic"),
        ({"object_story_spec": {"template_data": {"link": "http://x.test"}}}, "dynamic"),
        ({"object_story_spec": {"link_data": {"child_attachments": [{}, {}]}}}, "carousel"),
        ({"object_story_spec": {"video_data": {"video_id": "1", "image_url": "http://x.test"}}}, "video"),
        ({"video_id": "1", "image_url": "http://x.test"}, "video"),
        ({"object_type": "VIDEO"}, "video"),
        ({"object_story_spec": {"link_data": {"link": "http://x.test"}}}, "image"),
        ({"object_story_spec": {"photo_data": {"url": "http://x.test"}}}, "image"),
        ({"image_hash": "abc"}, "image"),
        ({"object_type": "PHOTO"}, "image"),
        ({"object_type": "SHARE", "image_url": "http://x.test"}, "image"),
        ({"object_type": "SHARE"}, "unknown"),
        ({"effective_object_story_id": "1_2"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_creative_has_a_kind(source, kind):
    assert Creative.from_json({"id": "1", **source}).creative_type == kind


def test_a_creative_says_where_a_click_leads():
    story = {"video_data": {"call_to_action": {"type": "SHOP_NOW", "value": {"link": "http://shop.test"}}}}
    assert Creative.from_json({"id": "1", "object_story_spec": story}).url == "http://shop.test"
    assert (
        Creative.from_json({"id": "1", "link_url": "http://x.test", "object_story_spec": story}).url == "http://x.test"
    )


@pytest.mark.parametrize("currency", sorted(ZERO_DECIMAL))
def test_currencies_without_cents(currency):
    assert (minor_units(currency), to_major(1234, currency.lower())) == (0, 1234.0)


@pytest.mark.parametrize("currency", ["USD", "EUR", "BRL", "KWD"])
def test_currencies_with_cents(currency):
    assert (minor_units(currency), to_major(1234, currency), to_major(None, currency)) == (2, 12.34, None)
