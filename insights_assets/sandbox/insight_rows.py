"""Writes rows of an insights answer the way the API does: numbers as strings, empty arrays absent."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from insights_assets.sandbox.action_rows import action_list, value_list
from insights_assets.sandbox.insights import Answer
from insights_assets.sandbox.status import created_day, stamp, updated_day
from insights_assets.sandbox.world import Ad, AdSet, Campaign

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
    "impressions": "impressions",
    "reach": "reach",
    "clicks": "clicks",
    "inline_link_clicks": "link_clicks",
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
ENTITY_FIELDS: Final = (
    "account_id", "account_name", "account_currency", "campaign_id", "campaign_name", "objective", "buying_type",
    "adset_id", "adset_name", "optimization_goal", "attribution_setting", "ad_id", "ad_name", "created_time",
    "updated_time",
)  # fmt: skip
# Known to the API, and empty for these accounts.
EMPTY_FIELDS: Final = (
    "conversions", "conversion_values", "results", "cost_per_result", "unique_clicks", "unique_ctr", "social_spend",
    "estimated_ad_recallers", "canvas_avg_view_time", "creative_fatigue_summary", "creative_fatigued_ads",
    "mobile_app_purchase_roas",
)  # fmt: skip
ARRAY_FIELDS: Final = (
    "actions", "action_values", "cost_per_action_type", "purchase_roas", "website_purchase_roas", "outbound_clicks",
    "video_avg_time_watched_actions",
)  # fmt: skip
FIELDS: Final = frozenset(
    {"spend", "date_start", "date_stop", "inline_post_engagement"}
    | set(VIDEO_FIELDS) | set(COUNT_FIELDS) | set(RATIO_FIELDS) | set(RANKINGS) | set(ENTITY_FIELDS)
    | set(EMPTY_FIELDS) | set(ARRAY_FIELDS)
)  # fmt: skip
DEFAULT_FIELDS: Final = ("account_id", "impressions", "spend")


class RowWriter:
    """Renders rows of one answer.

    Args:
        answer: The rows as arrays.
        fields: The fields asked for, all known.
    """

    def __init__(self, answer: Answer, fields: Sequence[str]) -> None:
        self.answer = answer
        self.fields = tuple(fields) or DEFAULT_FIELDS
        self.decimals = answer.made.account.market.decimals
        self.scale = 10**self.decimals
        self.names = tuple(answer.sums)
        self.table = list(zip(*(values.tolist() for values in answer.sums.values()), strict=True))

    def rows(self, first: int, last: int) -> list[dict[str, Any]]:
        """Rows from one position up to another."""
        return [self.row(index) for index in range(first, last)]

    def money(self, minor: int) -> str:
        """An amount in major units, with as many decimals as the currency has."""
        return f"{minor / self.scale:.{self.decimals}f}"

    def row(self, index: int) -> dict[str, Any]:
        """One row."""
        sums = dict(zip(self.names, self.table[index], strict=True))
        row: dict[str, Any] = {}
        for field in self.fields:
            value = self._field(field, index, sums)
            if value is not None and value != []:
                row[field] = value
        row["date_start"] = self.answer.made.date_of(int(self.answer.first[index])).isoformat()
        row["date_stop"] = self.answer.made.date_of(int(self.answer.last[index])).isoformat()
        return row

    def _field(self, field: str, index: int, sums: dict[str, int]) -> Any:  # noqa: PLR0911  one line a kind
        if field in COUNT_FIELDS:
            return str(sums[COUNT_FIELDS[field]])
        if field == "spend":
            return self.money(sums["spend"])
        if field in RATIO_FIELDS:
            return self._ratio(field, sums)
        if field in VIDEO_FIELDS:
            return _video(sums[VIDEO_FIELDS[field]])
        if field in ENTITY_FIELDS:
            return self._entity_field(field, index)
        if field in RANKINGS:
            return self._ranking(field, index, sums)
        array = _ARRAYS.get(field)
        return array(self, sums) if array else None

    def _ratio(self, field: str, sums: dict[str, int]) -> str | None:
        over, under, factor = RATIO_FIELDS[field]
        if not sums[under]:
            return None
        value = sums[over] / (self.scale if over == "spend" else 1)
        return f"{value / sums[under] * factor:.6f}".rstrip("0").rstrip(".")

    def _entity_field(self, field: str, index: int) -> Any:
        made = self.answer.made
        account = made.account
        if field.startswith("account_"):
            return {
                "account_id": account.account_id,
                "account_name": account.name,
                "account_currency": account.market.currency,
            }[field]
        entity = self.answer.entities[int(self.answer.entity[index])]
        return None if entity is None else self._below_account(field, entity, int(self.answer.last[index]))

    def _below_account(self, field: str, entity: Campaign | AdSet | Ad, last: int) -> Any:  # noqa: PLR0911
        made = self.answer.made
        if field == "created_time":
            return stamp(made, created_day(entity))[:10]
        if field == "updated_time":
            return stamp(made, updated_day(entity, last))[:10]
        ad = entity if isinstance(entity, Ad) else None
        adset = ad.adset if ad else entity if isinstance(entity, AdSet) else None
        campaign = entity if isinstance(entity, Campaign) else adset.campaign if adset else None
        owners = {"campaign": campaign, "adset": adset, "ad": ad}
        level, _, attribute = field.partition("_")
        if level in owners and attribute in {"id", "name"}:
            return getattr(owners[level], attribute, None)
        if field == "objective":
            return campaign.objective if campaign else None
        if field == "buying_type":
            return "AUCTION"
        if adset is None:
            return None
        return adset.goal.optimization_goal if field == "optimization_goal" else "7d_click_1d_view"

    def _ranking(self, field: str, index: int, sums: dict[str, int]) -> str | None:
        ad = self.answer.entities[int(self.answer.entity[index])]
        if not isinstance(ad, Ad):
            return None
        one_day = int(self.answer.first[index]) == int(self.answer.last[index])
        if one_day or sums["impressions"] < MIN_RANKED_IMPRESSIONS:
            return "UNKNOWN"
        score = ad.quality + RANKINGS[field] - 2.0 * float(self.answer.tired[index])
        return next((name for limit, name in RANK_STEPS if score < limit), "ABOVE_AVERAGE")

    def actions(self, sums: dict[str, int]) -> list[dict[str, str]]:
        """The `actions` array."""
        return action_list(sums, self.answer.question.windows)

    def action_values(self, sums: dict[str, int]) -> list[dict[str, str]]:
        """The `action_values` array."""
        return value_list(sums, self.answer.question.windows, self.money)

    def costs(self, sums: dict[str, int]) -> list[dict[str, str]]:
        """The `cost_per_action_type` array."""
        spend = sums["spend"] / self.scale
        return [
            {"action_type": item["action_type"], "value": f"{spend / int(item['value']):.6f}"}
            for item in action_list(sums, ())
        ]

    def roas(self, sums: dict[str, int]) -> list[dict[str, str]]:
        """The `purchase_roas` array."""
        if not sums["purchase_value"] or not sums["spend"]:
            return []
        return [{"action_type": "omni_purchase", "value": f"{sums['purchase_value'] / sums['spend']:.6f}"}]


def _video(count: int) -> list[dict[str, str]]:
    return [{"action_type": "video_view", "value": str(count)}] if count else []


def _watch_time(sums: dict[str, int]) -> list[dict[str, str]]:
    if not sums["plays"]:
        return []
    seconds = 3 * sums["video_view"] + 6 * sums["p50"] + 9 * sums["p100"]
    return [{"action_type": "video_view", "value": str(max(1, round(seconds / sums["plays"])))}]


def _engagement(sums: dict[str, int]) -> str:
    return str(sum(sums[name] for name in ("link_clicks", "video_view", "reactions", "comments", "shares", "saves")))


def _outbound(sums: dict[str, int]) -> list[dict[str, str]]:
    clicks = sums["link_clicks"]
    return [{"action_type": "outbound_click", "value": str(clicks)}] if clicks else []


_ARRAYS: Final[dict[str, Callable[[RowWriter, dict[str, int]], Any]]] = {
    "actions": RowWriter.actions,
    "action_values": RowWriter.action_values,
    "cost_per_action_type": RowWriter.costs,
    "purchase_roas": RowWriter.roas,
    "website_purchase_roas": RowWriter.roas,
    "outbound_clicks": lambda _, sums: _outbound(sums),
    "video_avg_time_watched_actions": lambda _, sums: _watch_time(sums),
    "inline_post_engagement": lambda _, sums: _engagement(sums),
}
