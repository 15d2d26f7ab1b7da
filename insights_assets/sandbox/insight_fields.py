"""The fields that insights know, and the columns of the facts that each is made of."""

from typing import Final

from insights_assets.sandbox.fatigue_labels import FATIGUE_FIELDS

VIDEO_FIELDS: Final = {
    "video_play_actions": "plays",
    "video_p25_watched_actions": "p25",
    "video_p50_watched_actions": "p50",
    "video_p75_watched_actions": "p75",
    "video_p95_watched_actions": "p95",
    "video_p100_watched_actions": "p100",
    "video_thruplay_watched_actions": "thruplay",
}
COUNT_FIELDS: Final = {
    "impressions": ("impressions",),
    "reach": ("reach",),
    "clicks": ("clicks",),
    "inline_link_clicks": ("link_clicks",),
    "inline_post_engagement": ("link_clicks", "video_view", "reactions", "comments", "shares", "saves"),
}
RATIO_FIELDS: Final = {
    # Numerator, denominator and factor of each field.
    "ctr": ("clicks", "impressions", 100.0),
    "cpm": ("spend", "impressions", 1000.0),
    "cpc": ("spend", "clicks", 1.0),
    "cpp": ("spend", "reach", 1000.0),
    "frequency": ("impressions", "reach", 1.0),
    "inline_link_click_ctr": ("link_clicks", "impressions", 100.0),
    "cost_per_inline_link_click": ("spend", "link_clicks", 1.0),
}
RANKINGS: Final = {"quality_ranking": 0.0, "engagement_rate_ranking": 0.25, "conversion_rate_ranking": -0.2}
RANK_STEPS: Final = (
    (-1.3, "BELOW_AVERAGE_10"),
    (-0.95, "BELOW_AVERAGE_20"),
    (-0.6, "BELOW_AVERAGE_35"),
    (0.7, "AVERAGE"),
)
MIN_RANKED_IMPRESSIONS: Final = 500
DATED_FIELDS: Final = ("created_time", "updated_time")
ENTITY_FIELDS: Final = (
    "account_id", "account_name", "account_currency", "campaign_id", "campaign_name", "objective", "buying_type",
    "adset_id", "adset_name", "optimization_goal", "attribution_setting", "ad_id", "ad_name", *DATED_FIELDS,
)  # fmt: skip
# Known to the API, and empty for these accounts.
EMPTY_FIELDS: Final = (
    "conversions", "conversion_values", "results", "cost_per_result", "unique_clicks", "unique_ctr", "social_spend",
    "estimated_ad_recallers", "canvas_avg_view_time", "mobile_app_purchase_roas",
)  # fmt: skip
ARRAY_FIELDS: Final = (
    "actions", "action_values", "cost_per_action_type", "purchase_roas", "website_purchase_roas", "outbound_clicks",
    "video_avg_time_watched_actions",
)  # fmt: skip
FIELDS: Final = frozenset(
    {"spend", "date_start", "date_stop"}
    | set(VIDEO_FIELDS) | set(COUNT_FIELDS) | set(RATIO_FIELDS) | set(RANKINGS) | set(ENTITY_FIELDS)
    | set(EMPTY_FIELDS) | set(ARRAY_FIELDS) | set(FATIGUE_FIELDS)
)  # fmt: skip
DEFAULT_FIELDS: Final = ("account_id", "impressions", "spend")
