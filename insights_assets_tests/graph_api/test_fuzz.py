"""Whatever the API answers, reading it gives a record or one error of ours that names the record, and never a crash."""

import json

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from insights_assets.graph_api.bodies import sound_body
from insights_assets.graph_api.creatives import Creative
from insights_assets.graph_api.entities import Ad, AdAccount, AdSet, Campaign
from insights_assets.graph_api.errors import GraphApiError, MalformedRecordError, classify
from insights_assets.graph_api.insight_rows import Action, InsightRow
from insights_assets.graph_api.usage import read_usage

RECORDS = (AdAccount, Campaign, AdSet, Ad, Creative, InsightRow, Action)
FIELDS = [
    "id",
    "account_id",
    "campaign_id",
    "adset_id",
    "ad_id",
    "name",
    "status",
    "effective_status",
    "account_status",
    "currency",
    "timezone_name",
    "daily_budget",
    "lifetime_budget",
    "created_time",
    "updated_time",
    "start_time",
    "stop_time",
    "targeting",
    "promoted_object",
    "creative",
    "learning_stage_info",
    "object_story_spec",
    "asset_feed_spec",
    "business",
    "date_start",
    "date_stop",
    "spend",
    "impressions",
    "reach",
    "clicks",
    "inline_link_clicks",
    "frequency",
    "ctr",
    "actions",
    "action_values",
    "action_type",
    "value",
    "7d_click",
    "video_play_actions",
    "error",
    "code",
    "error_subcode",
    "message",
    "is_transient",
    "data",
    "paging",
    "call_count",
    "estimated_time_to_regain_access",
    "type",
    "acc_id_util_pct",
]
HEADERS = ("x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle")
NUMBERS = (
    "1",
    "0",
    "-3",
    "1e400",
    "nan",
    "inf",
    "1_000",
    "٣",
    "",
    " 7 ",
    "0x10",
    "2026-01-05",
    "2026-01-05T00:00:00+0900",
)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.sampled_from([10**400, -(10**400), 253402300800, -(10**12)])
    | st.floats()
    | st.sampled_from(NUMBERS)
    | st.text(max_size=8)
)
BODIES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=8),
    max_leaves=20,
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.__name__)
@settings(max_examples=60, deadline=None)
@given(source=BODIES | st.dictionaries(st.sampled_from(FIELDS), BODIES, min_size=1))
@example({"id": "1", "created_time": 10**20})
@example({"id": "1", "daily_budget": 10**400})
def test_a_record_is_read_or_refused(record, source):
    try:
        made = record.from_json(source)
    except MalformedRecordError as error:
        made = error
    assert isinstance(made, record | MalformedRecordError)
    assert len(str(made)) < 600 or isinstance(made, record)


@settings(max_examples=60, deadline=None)
@given(status=st.integers(100, 599), body=BODIES)
def test_every_refusal_is_classified(status, body):
    error = classify(status, body)
    assert error.error_type in {
        "token_invalid",
        "permission",
        "rate_limited",
        "network",
        "data",
        "api_version",
        "unknown",
    }
    assert str(error)


@settings(max_examples=60, deadline=None)
@given(
    content=BODIES.map(lambda b: json.dumps(b).encode()) | st.binary(max_size=40), needs=st.sampled_from(["", "data"])
)
def test_every_body_is_sound_or_an_error(content, needs):
    found = sound_body(httpx.Response(200, content=content), needs)
    assert isinstance(found, dict | GraphApiError)


@settings(max_examples=60, deadline=None)
@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle"]
        ),
        BODIES.map(json.dumps) | st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=20),
    )
)
def test_usage_headers_are_read_or_ignored(headers):
    usage = read_usage(headers)
    assert 0 <= usage.percent < float("inf")
    assert usage.wait_s is None or 0 < usage.wait_s < float("inf")
