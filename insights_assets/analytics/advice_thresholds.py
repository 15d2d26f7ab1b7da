"""From which figures on advice is given: defaults after seed 002, all of them settings.

Money thresholds would mean another thing in each currency, so they are in results: what the spend brings the peers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_REACTIVATE_WEEKS = 8

WHOLE = ("most_per_entity", "reactivate_weeks")

EXPIRY_DAYS: Mapping[str, int] = {
    "SCALE_UP": 7,
    "BUDGET_DECREASE": 5,
    "PAUSE": 3,
    "BUDGET_INCREASE": 7,
    "REACTIVATE": 14,
    "CREATIVE_REFRESH": 7,
    "AUDIENCE_REVIEW": 7,
    "AUDIENCE_EXPANSION": 7,
    "AUDIENCE_NARROWING": 7,
    "CREATIVE_TEST": 7,
    "CREATIVE_WINNER": 7,
}


@dataclass(frozen=True)
class AdviceThresholds:
    """Thresholds of the eleven types. `ratio`: cost per result / the peers'. `_pct`: percent. `_days`: days.

    `certainty` is the probability that a claim (dearer than its peers, falling click rate, ...) must have, given the
    counts behind it, before it becomes advice.
    """

    certainty: float = 0.95
    active_days: float = 3
    most_per_entity: int = 3
    scale_up_ratio: float = 0.7
    scale_up_results: float = 3
    scale_up_result_days: float = 4
    scale_up_rise_pct: float = 10
    budget_decrease_ratio: float = 1.5
    budget_decrease_expected: float = 5
    pause_expected: float = 5
    pause_ratio: float = 2.5
    pause_active_days: float = 7
    pause_siblings_pct: float = 50
    budget_increase_ratio: float = 1.0
    budget_increase_results: float = 2
    budget_increase_result_days: float = 3
    budget_increase_trend_pct: float = 15
    budget_increase_no_worse_ratio: float = 1.15
    reactivate_ratio: float = 1.1
    reactivate_results: float = 5
    reactivate_weeks: int = 8
    creative_refresh_frequency: float = 3
    creative_refresh_ctr_fall_pct: float = 10
    creative_refresh_cost_rise_pct: float = 15
    audience_review_results: float = 2
    audience_review_cost_rise_pct: float = 20
    audience_review_results_fall_pct: float = 15
    audience_review_ctr_fall_pct: float = 5
    audience_expansion_ratio: float = 0.9
    audience_expansion_results: float = 5
    audience_expansion_share_pct: float = 30
    audience_narrowing_ratio: float = 1.3
    audience_narrowing_conversion_pct: float = 70
    creative_test_ratio_from: float = 0.9
    creative_test_ratio_to: float = 1.2
    creative_test_impressions: float = 1000
    creative_winner_pct: float = 30
    creative_winner_results: float = 3
    expiry_days: Mapping[str, int] = field(default_factory=lambda: dict(EXPIRY_DAYS))


def parse(value: object) -> AdviceThresholds:
    """Read the settings file's table `recommendations`.

    Raises:
        ValueError: an unknown key or a value out of range; one sentence that begins with the key.
    """
    if not isinstance(value, dict):
        raise ValueError(f"is {value!r}; it must be a table of thresholds.")  # noqa: TRY004 - one kind of error
    allowed = AdviceThresholds.__dataclass_fields__
    numbers: dict[str, Any] = {}
    for name, entry in value.items():
        if name not in allowed:
            raise ValueError(f"has the unknown key {name}; allowed are {', '.join(allowed)}.")
        if name != "expiry_days":
            numbers[name] = _number(name, entry)
    return AdviceThresholds(**numbers, expiry_days=_expiry(value.get("expiry_days", {})))


def _number(name: str, value: object) -> float | int:
    most = {"certainty": 0.9999, "reactivate_weeks": MOST_REACTIVATE_WEEKS}.get(name, float("inf"))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        limit = "zero or more" if most == float("inf") else f"from 0 to {most}"
        raise ValueError(f"has {name} = {value!r}; it must be a number {limit}.")
    if name in WHOLE:
        if value != int(value):
            raise ValueError(f"has {name} = {value!r}; it must be a whole number.")
        return int(value)
    return float(value)


def _expiry(value: object) -> dict[str, int]:
    if not isinstance(value, dict) or not set(value) <= set(EXPIRY_DAYS):
        raise ValueError(f"has expiry_days = {value!r}; it must map {', '.join(EXPIRY_DAYS)} to days.")
    for name, days in value.items():
        if isinstance(days, bool) or not isinstance(days, int) or days < 1:
            raise ValueError(f"has expiry_days.{name} = {days!r}; it must be a whole number of days, 1 or more.")
    return {**EXPIRY_DAYS, **value}
