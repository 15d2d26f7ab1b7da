"""Adding figures of creatives, and the ratios of their sums (definitions: `tables/creative_figures.py`)."""

from collections.abc import Iterable
from functools import cache

import polars as pl

PERCENT, PER_MILLE = 100.0, 1000.0
COUNTS = ("impressions", "clicks", "inline_link_clicks", "post_engagements", "video_impressions", "video_3s_plays")
REPORTED = ("video_plays", "video_thruplays", "video_p25", "video_p50", "video_p75", "video_p95", "video_p100")
"""Counts that an account may not report: unknown, not zero."""
ADDITIVE = ("spend", *COUNTS, "results", "orders", "revenue", *REPORTED)
RATIOS: dict[str, tuple[str, str, float]] = {
    "ctr": ("clicks", "impressions", PERCENT),
    "link_ctr": ("inline_link_clicks", "impressions", PERCENT),
    "cpm": ("spend", "impressions", PER_MILLE),
    "cpc": ("spend", "clicks", 1.0),
    "cpr": ("spend", "results", 1.0),
    "cost_per_order": ("spend", "orders", 1.0),
    "roas": ("revenue", "spend", 1.0),
    "engagement_rate": ("post_engagements", "impressions", PERCENT),
    "hook_rate": ("video_3s_plays", "video_impressions", PERCENT),
    "hold_rate": ("video_thruplays", "video_3s_plays", PERCENT),
    **{f"{name}_rate": (name, "video_plays", PERCENT) for name in REPORTED[2:]},
}
"""Name: numerator, denominator, factor."""


def sums(*, whole: bool = False) -> list[pl.Expr]:
    """Return the totals of a group, as aggregations.

    Args:
        whole: a total with an unknown part is unknown (parts of one thing: the ads of a creative's day); else unknown
            parts are left out, and a total of nothing but those is unknown.
    """
    return [_sum(name, whole=whole) for name in ADDITIVE]


@cache
def single_family() -> pl.Expr:
    """Return the one family of a group's results, null when there are several or one is unknown, as an aggregation."""
    family = pl.col("result_family")
    one = (family.n_unique() == 1) & family.is_not_null().all()
    return pl.when(one).then(family.first()).alias("result_family")


def ratios(names: Iterable[str] = tuple(RATIOS)) -> list[pl.Expr]:
    """Return ratios of a group's sums, as aggregations: over the rows of which both sides are known."""
    return [_ratio(name) for name in names]


# Made once: 0.6 ms of the 2.7 in which a month of an account's creatives is added up went into making expressions.
@cache
def _sum(name: str, *, whole: bool) -> pl.Expr:
    known = pl.col(name).is_not_null()
    return pl.when(known.all() if whole else known.any()).then(pl.col(name).sum()).alias(name)


@cache
def _ratio(name: str) -> pl.Expr:
    top, bottom, factor = RATIOS[name]
    both = pl.col(top).is_not_null() & pl.col(bottom).is_not_null()
    over, under = pl.col(top).filter(both).sum(), pl.col(bottom).filter(both).sum()
    usable = (under > 0) & (single_family().is_not_null() if name == "cpr" else pl.lit(value=True))
    return pl.when(usable).then(over * factor / under).alias(name)
