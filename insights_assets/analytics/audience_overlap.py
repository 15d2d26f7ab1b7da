"""How far ad sets of an account bid for the same people on the same days (docs/adr/0016).

Meta tells no audience sizes with an ad set. What is known is the targeting spec and when each set delivered, so the
score is the product of both: the share of one spec that the other covers, and the share of its impressions that met the
other's on the same day. https://developers.facebook.com/docs/marketing-api/audiences/reference/basic-targeting
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NARROW_SHARE = 0.1
"""Share of an unrestricted audience that a named one (interests, a lookalike) is taken for; specs do not tell it."""
YOUNGEST, OLDEST = 13, 65
ANY: frozenset[str] = frozenset()
DAYS = 7


@dataclass(frozen=True)
class Audience:
    """What a targeting spec restricts; an empty set restricts nothing. A place comes with the country it lies in."""

    places: frozenset[tuple[str, str]]
    ages: tuple[int, int]
    genders: frozenset[str]
    platforms: frozenset[str]
    named: frozenset[str]
    excluded: frozenset[str]


@cache
def audience(targeting: str) -> Audience:
    """Read a targeting spec (JSON as in `adsets.targeting`)."""
    spec = json.loads(targeting)
    geo = spec.get("geo_locations") or {}
    places = {(country, country) for country in geo.get("countries") or ()}
    for kind in ("regions", "cities", "zips", "geo_markets", "custom_locations", "places"):
        for place in geo.get(kind) or ():
            name = place.get("key") or json.dumps(place, sort_keys=True)
            places.add((f"{kind}:{name}", str(place.get("country", ""))))
    # With Advantage audience the names are suggestions: Meta may deliver to anybody.
    suggested = bool((spec.get("targeting_automation") or {}).get("advantage_audience"))
    named = set() if suggested else _names(spec) | {n for part in spec.get("flexible_spec") or () for n in _names(part)}
    return Audience(
        places=frozenset(places),
        ages=(int(spec.get("age_min") or YOUNGEST), int(spec.get("age_max") or OLDEST)),
        genders=frozenset(map(str, spec.get("genders") or ())),
        platforms=frozenset(spec.get("publisher_platforms") or ()),
        named=frozenset(named),
        excluded=frozenset(f"custom_audiences:{a['id']}" for a in spec.get("excluded_custom_audiences") or ()),
    )


def shared_audience(mine: Audience, other: Audience) -> float:
    """Share of my audience, 0 to 1, that the other spec covers too; dimensions are taken as independent.

    Places, genders, platforms and named audiences count by number, ages by years. A named audience covers a tenth of an
    unrestricted one; excluding all that the other names leaves nothing.
    """
    if (mine.named and mine.named <= other.excluded) or (other.named and other.named <= mine.excluded):
        return 0.0
    share = _covered_ages(mine.ages, other.ages) * _covered_places(mine, other)
    share *= _covered(mine.genders, other.genders, all_of=2) * _covered(mine.platforms, other.platforms, all_of=4)
    if not other.named:
        return share
    return share * (len(mine.named & other.named) / len(mine.named) if mine.named else NARROW_SHARE)


def audience_overlap(days: pl.DataFrame, adsets: pl.DataFrame) -> pl.DataFrame:
    """Score ad sets by the other ad set of their account that meets most of their audience.

    Args:
        days: (account_id, entity_id, week, date, impressions): the delivery of ad sets.
        adsets: rows of `adsets` (account_id, week, adset_id, targeting), as of their week.

    Returns:
        account_id, entity_id, week, audience_overlap_score (0 to 100), audience_overlap_with (null at 0). An ad set
        without a spec in the week has no row, and is nobody's competitor.
    """
    specs = adsets.filter(pl.col("targeting").is_not_null()).select(
        "account_id", "week", pl.col("adset_id").alias("entity_id"), "targeting"
    )
    rows = (
        days.filter(pl.col("impressions") > 0)
        .join(specs.unique(["account_id", "week", "entity_id"], keep="last"), on=["account_id", "week", "entity_id"])
        .sort("account_id", "week", "entity_id", "date")
    )
    sets = rows.select("account_id", "week", "entity_id", "targeting").unique(maintain_order=True)
    if sets.is_empty():
        return _scored(sets, [], [])
    position = rows.select("account_id", "week", "entity_id").with_columns(pl.struct(pl.all()).rle_id().alias("at"))[
        "at"
    ]
    delivered = np.zeros((sets.height, DAYS))
    delivered[position.to_numpy(), (rows["date"].dt.weekday() - 1).to_numpy()] = rows["impressions"].to_numpy()
    distinct = sets["targeting"].unique(maintain_order=True)
    kinds = [audience(t) for t in distinct]
    shares = np.array([[shared_audience(a, b) for b in kinds] for a in kinds])
    kind = sets["targeting"].replace_strict(distinct, list(range(len(kinds))), return_dtype=pl.Int64).to_numpy()
    groups = sets.select(pl.struct("account_id", "week").rle_id()).to_series().to_numpy()
    bounds = np.flatnonzero(np.diff(groups, prepend=-1))
    scores, others = np.zeros(sets.height), np.full(sets.height, -1)
    for first, last in zip(bounds, [*bounds[1:], sets.height], strict=True):
        at = slice(int(first), int(last))
        overlap = shares[np.ix_(kind[at], kind[at])] * _met(delivered[at])
        np.fill_diagonal(overlap, 0.0)
        scores[at], others[at] = overlap.max(axis=1), overlap.argmax(axis=1) + first
    names = sets["entity_id"].to_list()
    return _scored(sets, scores * 100, [names[o] if s > 0 else None for o, s in zip(others, scores, strict=True)])


def _scored(sets: pl.DataFrame, scores: Iterable[float], others: list[str | None]) -> pl.DataFrame:
    return sets.select("account_id", "entity_id", "week").with_columns(
        pl.Series("audience_overlap_score", scores, dtype=pl.Float64),
        pl.Series("audience_overlap_with", others, dtype=pl.String),
    )


def _met(delivered: Floats) -> Floats:
    """Share of each row's impressions that another row matched on the same days: (sets, sets)."""
    met = np.minimum(delivered[:, None, :], delivered[None, :, :]).sum(axis=2)
    return np.asarray(met / delivered.sum(axis=1)[:, None])


def _names(part: Mapping[str, Any]) -> set[str]:
    kinds = ("custom_audiences", "interests", "behaviors", "life_events", "industries", "work_positions")
    return {f"{kind}:{item['id']}" for kind in kinds for item in part.get(kind) or ()}


def _covered(mine: frozenset[str], other: frozenset[str], *, all_of: int) -> float:
    """Share of my values that the other has too; without values of mine, of all there are."""
    if not other:
        return 1.0
    return len(mine & other) / len(mine) if mine else min(1.0, len(other) / all_of)


def _covered_places(mine: Audience, other: Audience) -> float:
    """Share of my places that the other covers, by name or by country; a place within my country is a small part."""
    if not other.places:
        return 1.0
    if not mine.places:
        return NARROW_SHARE
    names, countries = {name for name, _ in other.places}, {country for _, country in other.places}
    parts = [
        1.0 if name in names or country in names else NARROW_SHARE if name in countries else 0.0
        for name, country in mine.places
    ]
    return sum(parts) / len(parts)


def _covered_ages(mine: tuple[int, int], other: tuple[int, int]) -> float:
    years = min(mine[1], other[1]) - max(mine[0], other[0]) + 1
    return max(0, years) / (mine[1] - mine[0] + 1)
