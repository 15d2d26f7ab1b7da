"""Final daily facts of an account: budget, spend, impressions, clicks, results, and everything that moves them.

All ad-days of an account are drawn at once as flat arrays ("cells"), one generator for each account, so the draw of a
day cannot depend on when or in which order it is asked for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights_assets.sandbox.catalog import FAMILY_COLUMN
from insights_assets.sandbox.labels import Multipliers, Planted, Planter
from insights_assets.sandbox.seeds import stable_rng
from insights_assets.sandbox.side_effects import Draw, engagement_columns, family_columns
from insights_assets.sandbox.world import AccountWorld

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEARNING_DAYS = 7
LEAST_CTR_LEFT = 0.4
LEAST_RATE_LEFT = 0.4


@dataclass(frozen=True)
class Cells:
    """One entry for each ad and day with delivery, sorted by ad and day."""

    ad: Ints
    day: Ints
    age: Ints


@dataclass(frozen=True)
class Facts:
    """Final numbers of each cell.

    Attributes:
        cells: Which ad and day each entry is.
        columns: Whole numbers; money in minor units.
        dither: A constant in [0, 1) for each cell that decides how partial numbers round.
        tired: How much of the ad's click rate fatigue has taken away, 0 to 1.
    """

    cells: Cells
    columns: dict[str, Ints]
    dither: Floats
    tired: Floats


@dataclass(frozen=True)
class _Expected:
    spend: Floats
    impressions: Floats
    ctr: Floats
    rate: Floats
    cumulative: Floats
    tired: Floats


def deliver(made: AccountWorld) -> tuple[Facts, tuple[Planted, ...]]:
    """Draws the facts of an account and the anomalies planted in them."""
    cells = _cells(made)
    rng = stable_rng(made.seed, made.account.id, "delivery")
    noise = {name: rng.standard_normal(cells.ad.size) for name in ("spend", "cpm", "ctr", "rate")}
    season = _season(made, rng)
    plain = _expect(made, cells, season, noise, Multipliers.ones(cells.ad.size))
    multipliers: Multipliers = Multipliers.ones(cells.ad.size)
    planted: tuple[Planted, ...] = ()
    if not made.account.quiet:
        video = np.array([ad.adset.goal.family == "video_view" for ad in made.ads])[cells.ad]
        results = plain.impressions * plain.rate * np.where(video, 1.0, plain.ctr)
        planter = Planter(made, cells, plain.impressions, results)
        planter.plan()
        multipliers, planted = planter.multipliers, tuple(planter.planted)
    final = _expect(made, cells, season, noise, multipliers)
    return _draw(made, cells, final, rng), planted


def _cells(made: AccountWorld) -> Cells:
    ads, days, ages = [], [], []
    for index, ad in enumerate(made.ads):
        running = np.arange(ad.start, ad.end, dtype=np.int64)
        for first, last in ad.pauses:
            running = running[(running < first) | (running >= last)]
        ads.append(np.full(running.size, index, dtype=np.int64))
        days.append(running)
        ages.append(running - ad.start)
    return Cells(np.concatenate(ads), np.concatenate(days), np.concatenate(ages))


def _season(made: AccountWorld, rng: np.random.Generator) -> dict[str, Floats]:
    """Day factors of the whole account: weekday, time of the year and a slow drift of the auction's price."""
    days = np.arange(made.horizon_days)
    weekday = (days + made.start.weekday()) % 7
    year = 2 * np.pi * (days + made.start.timetuple().tm_yday) / 365.25
    steps = rng.normal(0, 0.0 if made.account.quiet else 0.012, made.horizon_days // 7 + 1)
    drift = np.repeat(np.exp(np.clip(np.cumsum(steps), -0.35, 0.35)), 7)[: made.horizon_days]
    spend_week = 1 + rng.uniform(-0.08, 0.08, 7)
    rate_week = 1 + rng.uniform(-0.12, 0.12, 7)
    return {
        "spend": spend_week[weekday],
        "rate": rate_week[weekday] * (1 + 0.05 * np.cos(year - 5.6)),
        # Dearest in late November and December.
        "cpm": drift * (1 + 0.10 * np.cos(year - 5.8)),
    }


def _of_ads(made: AccountWorld, cells: Cells, name: str) -> Floats:
    values: Floats = np.array([getattr(ad, name) for ad in made.ads], dtype=np.float64)[cells.ad]
    return values


def _budget(made: AccountWorld, cells: Cells) -> Floats:
    """Budget factor of each cell's ad set on its day."""
    result = np.ones(cells.ad.size)
    owner = np.array([made.adsets.index(ad.adset) for ad in made.ads])[cells.ad]
    for index, adset in enumerate(made.adsets):
        mask = owner == index
        first = np.array([day for day, _ in adset.budget_steps])
        factor = np.array([value for _, value in adset.budget_steps])
        result[mask] = factor[np.searchsorted(first, cells.day[mask], side="right") - 1]
    return result


def _running_total(values: Floats, ad: Ints) -> Floats:
    """Cumulative sum within each ad, today included."""
    total = np.cumsum(values)
    first = np.flatnonzero(np.r_[True, ad[1:] != ad[:-1]])
    before = np.r_[0.0, total[first[1:] - 1]]
    within: Floats = total - np.repeat(before, np.diff(np.r_[first, ad.size]))
    return within


def _expect(
    made: AccountWorld, cells: Cells, season: dict[str, Floats], noise: dict[str, Floats], plan: Multipliers
) -> _Expected:
    learning = np.clip(1 - cells.age / LEARNING_DAYS, 0, 1)
    calm = 0.5 if made.account.quiet else 1.0
    loud = 1 + learning
    spend = _of_ads(made, cells, "budget_usd") * _budget(made, cells) * season["spend"][cells.day] * plan.spend
    spend = spend * np.exp(0.05 * calm * noise["spend"])
    cpm = _of_ads(made, cells, "cpm_usd") * season["cpm"][cells.day] * (1 + 0.2 * learning) * plan.cpm
    cpm = cpm * np.exp(0.05 * calm * noise["cpm"])
    impressions = spend / cpm * 1000
    cumulative = _running_total(impressions, cells.ad)
    seen = cumulative / _of_ads(made, cells, "audience")
    frequency = seen / -np.expm1(-seen)
    # Fatigue follows cumulative frequency. The click rate goes first and the conversion rate later: the first is
    # what a prediction of the second can be learnt from.
    strength = _of_ads(made, cells, "fatigue_rate")
    over = frequency - _of_ads(made, cells, "fatigue_from")
    ctr_left = np.maximum(np.exp(-strength * np.maximum(over, 0)), LEAST_CTR_LEFT)
    rate_left = np.maximum(np.exp(-0.8 * strength * np.maximum(over - 0.5, 0)), LEAST_RATE_LEFT)
    ctr = _of_ads(made, cells, "ctr") * ctr_left * plan.ctr * np.exp(0.06 * calm * loud * noise["ctr"])
    rate = _of_ads(made, cells, "rate") * rate_left * season["rate"][cells.day] * plan.rate
    rate = rate * (1 - 0.3 * learning) * np.exp(0.08 * calm * loud * noise["rate"])
    return _Expected(spend, impressions, ctr, np.minimum(rate, 0.6), cumulative, 1 - ctr_left)


def _draw(made: AccountWorld, cells: Cells, expected: _Expected, rng: np.random.Generator) -> Facts:
    market = made.account.market
    size = cells.ad.size
    columns: dict[str, Ints] = {}
    columns["spend"] = np.rint(expected.spend * market.usd_rate * 10**market.decimals).astype(np.int64)
    impressions = rng.poisson(expected.impressions)
    columns["impressions"] = impressions
    daily_frequency = 1.06 + 0.9 * expected.impressions / _of_ads(made, cells, "audience") + rng.uniform(0, 0.05, size)
    reach = np.floor(impressions / daily_frequency).astype(np.int64)
    columns["reach"] = np.where(impressions > 0, np.maximum(reach, 1), 0)
    link_clicks = np.minimum(rng.poisson(impressions * expected.ctr), impressions)
    columns["link_clicks"] = link_clicks
    draw = Draw(made, cells.ad, impressions, link_clicks, expected.rate, rng)
    columns |= engagement_columns(draw)
    columns |= family_columns(draw)
    return Facts(cells, columns, rng.random(size), expected.tired)


def primary_results(made: AccountWorld, columns: dict[str, Ints], ad: Ints) -> Ints:
    """The primary results of each entry, from the column of its ad's family."""
    result = np.zeros(ad.size, dtype=np.int64)
    family = np.array([item.adset.goal.family for item in made.ads])[ad]
    for name, column in FAMILY_COLUMN.items():
        mask = family == name
        result[mask] = columns[column][mask]
    return result
