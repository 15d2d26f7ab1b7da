"""What is asked for: fields, statuses and filters, as constants.

API page: https://developers.facebook.com/docs/marketing-api/reference/v26.0
"""

import json
from collections.abc import Sequence
from typing import Final, Literal

Level = Literal["account", "campaign", "adset", "ad"]

# Every status there is: an edge without this filter leaves out deleted and archived objects, whose spend still counts.
ALL_STATUSES: Final = (
    "ACTIVE",
    "PAUSED",
    "DELETED",
    "PENDING_REVIEW",
    "DISAPPROVED",
    "PREAPPROVED",
    "PENDING_BILLING_INFO",
    "CAMPAIGN_PAUSED",
    "ARCHIVED",
    "ADSET_PAUSED",
    "IN_PROCESS",
    "WITH_ISSUES",
)

# What a partition needs to know about its account: whose it is, its money and its days.
ACCOUNT_FIELDS: Final = ("id", "account_id", "name", "business", "currency", "timezone_name", "account_status")
# No `owner`: reading it needs business_management and fails the whole page without it.
CAMPAIGN_FIELDS: Final = (
    "id",
    "account_id",
    "name",
    "status",
    "effective_status",
    "objective",
    "buying_type",
    "bid_strategy",
    "daily_budget",
    "lifetime_budget",
    "created_time",
    "updated_time",
    "start_time",
    "stop_time",
)
# optimization_goal and promoted_object decide the primary result; learning_stage_info keeps learning out of burnout.
ADSET_FIELDS: Final = (
    "id",
    "account_id",
    "campaign_id",
    "name",
    "status",
    "effective_status",
    "optimization_goal",
    "bid_strategy",
    "daily_budget",
    "lifetime_budget",
    "created_time",
    "updated_time",
    "start_time",
    "end_time",
    "targeting",
    "promoted_object",
    "learning_stage_info",
)
# The creative's id only: expanding creatives inside ads multiplies the page and runs into "reduce the amount of data".
AD_FIELDS: Final = (
    "id",
    "account_id",
    "campaign_id",
    "adset_id",
    "name",
    "status",
    "effective_status",
    "creative",
    "created_time",
    "updated_time",
)
# Enough to tell the kind of a creative and to show it.
CREATIVE_FIELDS: Final = (
    "id",
    "name",
    "title",
    "body",
    "object_type",
    "video_id",
    "image_url",
    "thumbnail_url",
    "image_hash",
    "object_story_spec",
    "asset_feed_spec",
    "object_story_id",
    "effective_object_story_id",
    "product_set_id",
    "link_url",
)
# Additive counts to roll up, the rates Meta computes itself, and the rankings; breakdowns would lose conversions.
INSIGHT_FIELDS: Final = (
    "account_id",
    "campaign_id",
    "campaign_name",
    "adset_id",
    "adset_name",
    "ad_id",
    "ad_name",
    "objective",
    "optimization_goal",
    "attribution_setting",
    "spend",
    "impressions",
    "reach",
    "frequency",
    "clicks",
    "inline_link_clicks",
    "ctr",
    "cpm",
    "cpc",
    "quality_ranking",
    "engagement_rate_ranking",
    "conversion_rate_ranking",
    "actions",
    "action_values",
    "video_play_actions",
    "video_p25_watched_actions",
    "video_p50_watched_actions",
    "video_p75_watched_actions",
    "video_p95_watched_actions",
    "video_p100_watched_actions",
    "video_thruplay_watched_actions",
    "video_avg_time_watched_actions",
    "outbound_clicks",
)
# Fields below the asked level do not exist there and fail the request.
_BELOW: Final = {
    "account": ("campaign_", "adset_", "ad_", "objective", "optimization_goal"),
    "campaign": ("adset_", "ad_", "optimization_goal"),
    "adset": ("ad_",),
    "ad": (),
}
# Rankings compare ads; above the ad level they are refused.
_AD_ONLY: Final = frozenset({"quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking"})
# The windows that are left since 2026-01-12: 7d_view and 28d_view are gone, and asking for them is an error.
WINDOWS: Final = ("1d_click", "7d_click", "28d_click", "1d_view")


def insight_fields(level: Level, fields: Sequence[str] = INSIGHT_FIELDS) -> tuple[str, ...]:
    """The fields that exist at a level.

    Args:
        level: Level of the report.
        fields: Fields wanted.
    """
    keep = (name for name in fields if not name.startswith(_BELOW[level]))
    return tuple(name for name in keep if level == "ad" or name not in _AD_ONLY)


def every_status(entity: str, ids: Sequence[str] | None = None) -> str:
    """The ``filtering`` parameter that brings deleted and archived objects in.

    Args:
        entity: campaign, adset or ad.
        ids: Only these entities; None for all.
    """
    filters: list[dict[str, object]] = [
        {"field": f"{entity}.effective_status", "operator": "IN", "value": list(ALL_STATUSES)}
    ]
    if ids is not None:
        filters.append({"field": f"{entity}.id", "operator": "IN", "value": list(ids)})
    return json.dumps(filters)


def insight_params(
    level: Level, windows: Sequence[str], fields: Sequence[str], *, ids: Sequence[str] | None = None
) -> dict[str, str]:
    """Parameters of an insights request but for its days and its page size.

    Args:
        level: What a row is about.
        windows: Attribution windows of the actions; none leaves the ad set's own setting alone.
        fields: Fields wanted; those that do not exist at the level are left out.
        ids: Only these entities of the level; None for all.
    """
    params = {
        "level": level,
        "fields": ",".join(insight_fields(level, fields)),
        # Other action breakdowns drop conversions that happen off Meta and on mobile.
        "action_breakdowns": json.dumps(["action_type"]),
    }
    if windows:
        params["action_attribution_windows"] = json.dumps(list(windows))
    if level != "account":
        # Without it, deleted entities are left out although the account's total has their spend.
        params["filtering"] = every_status(level, ids)
    return params
