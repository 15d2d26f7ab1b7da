"""Ad weeks of made-up fleets in which ads tire by one of several mechanisms, and what an oracle knows of them."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

FIRST_WEEK = date(2023, 1, 2)
YEAR = 365.25 / 7


@dataclass(frozen=True)
class Nature:
    """What moves the costs of a world.

    Attributes:
        tires: `frequency` (impressions of the creative over its audience), `onset` (a random week from which on the
            cost climbs), `age` (each creative decays at a rate of its own), `recent` (recent frequency; recovers), or
            `never`.
        strength: how much tiring weighs.
        results: median weekly results of an ad.
        wobble: standard deviation of the weekly scatter of the rates beyond counting.
        memory: its autocorrelation.
        shock: standard deviation of the account's common weekly shock.
        season: height of the year's wave.
        lead: weeks by which the click rate tires before the conversion rate.
        spread: negative binomial size of results; smaller is louder.
    """

    tires: str = "frequency"
    strength: float = 2.5
    results: float = 90.0
    wobble: float = 0.04
    memory: float = 0.3
    shock: float = 0.03
    season: float = 0.08
    lead: int = 1
    spread: float = 300.0


def world(
    seed: int, nature: Nature = Nature(), *, accounts: int = 40, weeks: int = 156, slots: int = 8
) -> pl.DataFrame:
    """Make ad weeks as `burnout.walk_forward` takes them, and a column `expected_cpr`, which only an oracle knows.

    Args:
        seed: everything follows from it.
        nature: what moves costs.
        accounts: number of accounts.
        weeks: number of weeks.
        slots: ads that run at the same time in each account.
    """
    rng = np.random.default_rng(seed)
    account, start, end = _ads(rng, accounts, weeks, slots)
    n = account.size
    shared = _shared(rng, nature, accounts, weeks)
    ad = _Ads(rng, nature, n)
    complete = rng.uniform(0.68, 0.97, accounts)
    parts = []
    for t in range(weeks):
        running = ad.step(t, start, end)
        at = np.flatnonzero(running)
        own = account[at]
        found = ad.deliver(at, shared["cpm"][t, own], shared["rate"][t, own])
        seen = rng.binomial(found["results"].astype(int), np.clip(complete[own] + rng.normal(0, 0.02, at.size), 0.3, 1))
        week = FIRST_WEEK + timedelta(weeks=t)
        parts.append(
            pl.DataFrame(
                {
                    "account_id": [f"act_{k:03d}" for k in own],
                    "ad_id": [f"ad_{k:05d}" for k in at],
                    "week": [week] * at.size,
                    **found,
                    "results_seen": seen.astype(np.float64),
                    "creative_id": [f"c_{k}_{c}" for k, c in zip(at, ad.creative[at], strict=True)],
                }
            )
        )
    return pl.concat(parts)


def _ads(rng: np.random.Generator, accounts: int, weeks: int, slots: int) -> tuple[np.ndarray, ...]:
    """Account, first and last week (excluded) of each ad: a slot's ads follow one another."""
    rows = []
    for a in range(accounts):
        for _ in range(slots):
            t = -int(rng.integers(0, 30))
            while t < weeks:
                life = 4 + int(rng.geometric(1 / 28))
                if t + life > 0:
                    rows.append((a, t, min(t + life, weeks)))
                t += life + int(rng.integers(0, 3))
    return tuple(np.array(rows).T)


def _shared(rng: np.random.Generator, nature: Nature, accounts: int, weeks: int) -> dict[str, np.ndarray]:
    """Log factors that all ads of an account share: price (season, drift) and conversion (weekly shocks)."""
    t = np.arange(weeks)[:, None]
    wave = np.cos(2 * np.pi * (t - rng.uniform(0, YEAR) - rng.normal(0, 3, accounts)) / YEAR)
    height = nature.season * rng.uniform(0.4, 1.6, accounts)
    drift = np.cumsum(rng.normal(0, 0.015, (weeks, accounts)), axis=0)
    shocks = np.zeros((weeks, accounts))
    for k in range(1, weeks):
        shocks[k] = 0.6 * shocks[k - 1] + rng.normal(0, nature.shock * 0.8, accounts)
    return {"cpm": height * wave + drift, "rate": -0.4 * height * wave + shocks}


class _Ads:
    """The state of all ads, moved a week at a time."""

    def __init__(self, rng: np.random.Generator, nature: Nature, n: int) -> None:
        self.rng, self.nature, self.n = rng, nature, n
        self.cpm = rng.normal(np.log(9), 0.35, n)
        self.ctr = rng.normal(np.log(0.012), 0.4, n)
        self.rate = rng.normal(np.log(0.06), 0.5, n)
        cost = np.exp(self.cpm - np.log(1000) - self.ctr - self.rate)
        self.budget = np.log(nature.results * cost) + rng.normal(0, 0.8, n)
        self.audience = np.exp(self.budget - self.cpm + np.log(1000)) * np.exp(rng.normal(np.log(9), 0.5, n))
        self.prone = np.exp(rng.normal(0, 0.6, n)) * (rng.random(n) < 0.5)
        self.scatter = rng.normal(0, nature.wobble, (2, n))
        self.seen = np.zeros(n)
        self.age = np.zeros(n)
        self.creative = np.zeros(n, dtype=int)
        self.recent = np.zeros(n)
        self.tired = np.zeros((6, n))
        self.onset = rng.geometric(1 / 14, n).astype(float)
        self.paused = np.zeros(n, dtype=int)

    def step(self, t: int, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Whatever happens between two weeks; returns which ads run."""
        rng, nature = self.rng, self.nature
        shift = np.sqrt(1 - nature.memory**2) * nature.wobble
        self.scatter = nature.memory * self.scatter + rng.normal(0, shift, (2, self.n))
        self.budget += rng.normal(0, 0.35, self.n) * (rng.random(self.n) < 0.06)
        self.paused = np.maximum(self.paused - 1, 0)
        stops = (rng.random(self.n) < 0.02) & (self.paused == 0)
        self.paused[stops] = rng.geometric(0.5, self.n)[stops]
        swapped = rng.random(self.n) < 0.02 + 0.05 * (self.tired[0] > 0.35)
        for name in ("seen", "age", "recent"):
            getattr(self, name)[swapped] = 0
        self.creative += swapped
        self.tired[:, swapped] = 0
        self.onset[swapped] = rng.geometric(1 / 14, self.n)[swapped]
        fresh = np.exp(rng.normal(0, 0.15, self.n))
        self.ctr += np.where(swapped, np.log(fresh), 0)
        return (start <= t) & (t < end) & (self.paused == 0)

    def deliver(self, at: np.ndarray, cpm: np.ndarray, rate: np.ndarray) -> dict[str, np.ndarray]:
        """A week of the ads that run."""
        rng, nature = self.rng, self.nature
        spend = np.exp(self.budget[at] + rng.normal(0, 0.12, at.size))
        price = self.cpm[at] + cpm + rng.normal(0, 0.03, at.size)
        impressions = np.maximum(rng.poisson(spend / np.exp(price) * 1000), 1)
        self.seen[at] += impressions
        self.age[at] += 1
        weekly = 1.1 + 2.5 * impressions / self.audience[at]
        self.recent[at] = 0.7 * self.recent[at] + 0.3 * weekly
        self.tired[1:, at] = self.tired[:-1, at]
        self.tired[0, at] = np.minimum(nature.strength * self.prone[at] * self._tiring(at), 1.2)
        ctr = np.exp(self.ctr[at] - 0.6 * self.tired[0, at] + 0.6 * self.scatter[0, at])
        clicks = np.minimum(rng.poisson(impressions * np.minimum(ctr, 0.5)), impressions)
        late = self.tired[nature.lead, at]
        converts = np.exp(self.rate[at] - 0.5 * late + rate + self.scatter[1, at])
        luck = rng.gamma(nature.spread, 1 / nature.spread, at.size)
        results = rng.poisson(clicks * np.minimum(converts, 0.9) * luck)
        return {
            "spend": np.round(spend, 2),
            "impressions": impressions,
            "reach": np.maximum(impressions / weekly, 1).astype(np.int64),
            "link_clicks": clicks,
            "results": results.astype(np.float64),
            "expected_cpr": spend / (impressions * np.minimum(ctr, 0.5) * np.minimum(converts, 0.9)),
        }

    def _tiring(self, at: np.ndarray) -> np.ndarray:
        kind = self.nature.tires
        if kind == "frequency":
            return 0.30 * np.maximum(self.seen[at] / self.audience[at] - 0.5, 0)
        if kind == "onset":
            return 0.06 * np.maximum(self.age[at] - self.onset[at], 0)
        if kind == "age":
            return 0.14 * np.log1p(self.age[at] / 3)
        if kind == "recent":
            return 0.9 * np.maximum(self.recent[at] - 1.25, 0)
        return np.zeros(at.size)
