"""Rows of the insights edge.

API page: https://developers.facebook.com/docs/marketing-api/reference/adgroup/insights
"""

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final, Self

from insights_assets.graph_api.errors import MalformedRecordError
from insights_assets.graph_api.parsing import Fields

_WINDOWS: Final = {
    "w1d_click": "1d_click",
    "w7d_click": "7d_click",
    "w28d_click": "28d_click",
    "w1d_view": "1d_view",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One action type of a row: a count in ``actions``, money in major units in ``action_values``.

    Attributes:
        action_type: Meta's name, kept as it is.
        value: By the ad set's own attribution setting; None when only windows came.
        w1d_click: Within 1 day of a click.
        w7d_click: Within 7 days of a click.
        w28d_click: Within 28 days of a click.
        w1d_view: Within 1 day of a view.
        extra: Any other key (other windows, action breakdowns), raw.
    """

    action_type: str
    value: float | None
    w1d_click: float | None = None
    w7d_click: float | None = None
    w28d_click: float | None = None
    w1d_view: float | None = None
    extra: dict[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, source: object) -> Self:
        """Reads one element of an action array.

        Raises:
            MalformedRecordError: A field is missing or has another shape.
        """
        read = Fields("Action", source)
        return cls(
            action_type=read.required("action_type"),
            value=read.number("value"),
            w1d_click=read.number("1d_click"),
            w7d_click=read.number("7d_click"),
            w28d_click=read.number("28d_click"),
            w1d_view=read.number("1d_view"),
            extra=read.others(frozenset({"action_type", "value", *_WINDOWS.values()})),
        )


# Attribute -> the array it is the sum of: each holds one element per action type, and a row without any means zero.
_COUNT_ARRAYS: Final = {
    "video_plays": "video_play_actions",
    "video_p25": "video_p25_watched_actions",
    "video_p50": "video_p50_watched_actions",
    "video_p75": "video_p75_watched_actions",
    "video_p95": "video_p95_watched_actions",
    "video_p100": "video_p100_watched_actions",
    "video_thruplays": "video_thruplay_watched_actions",
    "outbound_clicks": "outbound_clicks",
}


@dataclass(frozen=True, slots=True)
class InsightRow:
    """One row of a report. Money in major units, ``ctr`` in percent, days in the account's time zone.

    Ids are None at levels above theirs. ``account_id`` is digits only, as Meta sends it. ``frequency``, ``reach`` and
    the rates are None when Meta left them out; counts and spend left out are zero.
    ``extra`` holds every other field, raw. ``dropped_fields`` names what was wanted and had to be left out: the row was
    too large with it, or the account may not report it; a count of such a field is unknown although it reads zero.
    """

    date_start: date
    date_stop: date
    account_id: str | None
    campaign_id: str | None
    adset_id: str | None
    ad_id: str | None
    campaign_name: str | None
    adset_name: str | None
    ad_name: str | None
    objective: str | None
    optimization_goal: str | None
    attribution_setting: str | None
    spend: float
    impressions: int
    reach: int | None
    frequency: float | None
    clicks: int
    inline_link_clicks: int
    ctr: float | None
    cpm: float | None
    cpc: float | None
    quality_ranking: str | None
    engagement_rate_ranking: str | None
    conversion_rate_ranking: str | None
    actions: tuple[Action, ...]
    action_values: tuple[Action, ...]
    video_plays: int | None
    video_p25: int | None
    video_p50: int | None
    video_p75: int | None
    video_p95: int | None
    video_p100: int | None
    video_thruplays: int | None
    video_avg_time_s: float | None
    outbound_clicks: int | None
    extra: dict[str, Any] = field(default_factory=dict, hash=False)
    dropped_fields: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, source: object, *, dropped_fields: tuple[str, ...] = ()) -> Self:
        """Reads one row.

        Args:
            source: The decoded JSON object.
            dropped_fields: Fields that were left out of the question.

        Raises:
            MalformedRecordError: The row is not an object, has no dates, or a field has another shape.
        """
        read = Fields("InsightRow", source)
        # Typed as Any: each mapping's names are attributes of its own kind.
        texts: dict[str, Any] = {name: read.text(name) for name in _TEXTS}
        numbers: dict[str, Any] = {name: read.number(name) for name in ("frequency", "ctr", "cpm", "cpc")}
        # No array is no action, unless it was not asked for.
        counts: dict[str, Any] = {
            name: None if array in dropped_fields else _total(read, array) for name, array in _COUNT_ARRAYS.items()
        }
        return cls(
            date_start=read.day("date_start"),
            date_stop=read.day("date_stop"),
            spend=read.number("spend") or 0.0,
            impressions=read.integer("impressions") or 0,
            reach=read.integer("reach"),
            clicks=read.integer("clicks") or 0,
            inline_link_clicks=read.integer("inline_link_clicks") or 0,
            actions=_actions(read, "actions"),
            action_values=_actions(read, "action_values"),
            video_avg_time_s=_average(read, "video_avg_time_watched_actions"),
            extra=read.others(_KNOWN),
            dropped_fields=dropped_fields,
            **texts,
            **numbers,
            **counts,
        )


_TEXTS: Final = (
    "account_id",
    "campaign_id",
    "adset_id",
    "ad_id",
    "campaign_name",
    "adset_name",
    "ad_name",
    "objective",
    "optimization_goal",
    "attribution_setting",
    "quality_ranking",
    "engagement_rate_ranking",
    "conversion_rate_ranking",
)
_KNOWN: Final = frozenset(
    {item.name for item in fields(InsightRow)} - {"extra", "dropped_fields", "video_avg_time_s", *_COUNT_ARRAYS}
    | set(_COUNT_ARRAYS.values())
    | {"video_avg_time_watched_actions"},
)


def _actions(read: Fields, name: str) -> tuple[Action, ...]:
    return tuple(Action.from_json(element) for element in read.rows(name))


def _total(read: Fields, name: str) -> int:
    total = sum(Fields("Action", element).number("value") or 0.0 for element in read.rows(name))
    if total != int(total):
        raise MalformedRecordError("InsightRow", name, f"is not a whole number: {total}")
    return int(total)


def _average(read: Fields, name: str) -> float | None:
    # An average cannot be summed over action types; the API sends one element, video_view.
    elements = _actions(read, name)
    return elements[0].value if elements else None
