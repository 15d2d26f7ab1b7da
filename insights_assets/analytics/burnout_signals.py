"""What is known at a week's close about what an ad's cost per result will do.

Every signal is a logarithm, a share or a count of weeks without a unit, so that ads of all sizes and currencies can be
learnt from together. `deviation` signals are measured from the ad's median cost of four weeks, because that is what
the question is about: a cost that is already above it will often stay there, and a median that noise has pushed
down will be exceeded by noise alone.
"""

from dataclasses import dataclass

import numpy as np

from insights_assets.analytics.burnout_baseline import HORIZONS, Baseline
from insights_assets.analytics.burnout_chance import chance_logit
from insights_assets.analytics.burnout_exposure import history, since_start, tiredness
from insights_assets.analytics.burnout_index import Climate
from insights_assets.analytics.burnout_panel import Floats, Panel, lagged
from insights_assets.analytics.burnout_rates import discounted, paces, smooth_ratio
from insights_assets.analytics.burnout_surroundings import account_price, company, season, trends

Signals = dict[str, Floats]
EXTREME = 12.0
MEDIAN_WEEKS, OLDER_WEEKS = 4, 8


@dataclass(frozen=True)
class Known:
    """Signals of a panel: those that serve both horizons, and those of each."""

    common: Signals
    ahead: dict[int, Signals]


def signals(panel: Panel, base: Baseline, around: Climate) -> Known:
    """Compute all signals.

    Args:
        panel: ad weeks.
        base: their medians.
        around: the fleet's indices.

    Returns:
        Arrays (weeks, ads), finite everywhere, of no meaning where the ad did not deliver.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        cost, behind = paces(panel, panel.spend)
        clicks, _ = paces(panel, panel.clicks)
        price = _price(panel)
        common = {**_levels(cost, clicks, price, base, panel), **_weeks(panel, base), **_traffic(panel)}
        common |= tiredness(panel) | history(panel) | company(panel, base, cost)
        common["noise"] = np.sqrt(1 / (behind[2] + 1))
        common["volatility"] = _volatility(panel)
        own_price = account_price(panel)
        common |= trends(panel, own_price, around) | since_start(panel, cost[1])
        ahead = season(panel, own_price, around)
        for h in HORIZONS:
            for name in ("level_middle", "mixed_slow", "mixed_middle", "mixed_blend"):
                ahead[h][f"chance_{name}"] = chance_logit(
                    common[name], behind[1], common["volatility"], panel.spend, base.median, h
                )
    return Known(_bounded(common), {h: _bounded(s) for h, s in ahead.items()})


def _bounded(found: Signals) -> Signals:
    """Signals without infinities; unknown is 0, the value of "nothing moved"."""
    return {
        k: np.clip(np.nan_to_num(v, nan=0.0, posinf=EXTREME, neginf=-EXTREME), -EXTREME, EXTREME)
        for k, v in found.items()
    }


def _price(panel: Panel) -> Floats:
    """Log spend of a link click, of late."""
    return smooth_ratio(panel.spend, panel.clicks, 0.3, pseudo=10.0)


def _levels(cost: list[Floats], clicks: list[Floats], price: Floats, base: Baseline, panel: Panel) -> Signals:
    """Deviation of three levels of cost, and of price x clicks a result, whose noise is less."""
    names = ("slow", "middle", "fast")
    out = {f"level_{n}": c - base.log for n, c in zip(names, cost, strict=True)}
    out |= {f"mixed_{n}": price + c - base.log for n, c in zip(names, clicks, strict=True)}
    out["mixed_blend"] = (out["mixed_slow"] + out["mixed_fast"]) / 2
    out["cost_to_account"] = np.clip(cost[1] - _account_mean(panel, cost[1], panel.spend), -2, 2)
    best = np.full(panel.account.size, np.inf)
    rise = np.empty_like(price)
    for t in range(price.shape[0]):
        best = np.where(panel.there[t], np.minimum(best, cost[1][t]), best)
        rise[t] = cost[1][t] - best
    out["above_best"] = np.clip(np.nan_to_num(rise, posinf=0.0), 0, 2)
    return out


def _weeks(panel: Panel, base: Baseline) -> Signals:
    """The single weeks of the median and those before it, shrunk to it by three results."""
    out: Signals = {}
    counts, spends = [], []
    for back in range(OLDER_WEEKS):
        spend, found = lagged(panel.spend, back), panel.known(back)
        counts.append(found)
        spends.append(spend)
        if back < MEDIAN_WEEKS:
            expected = spend / base.median
            out[f"week_{back}"] = np.where(spend > 0, np.log((expected + 3) / (found + 3)), 0.0)
    older = sum(spends[4:]) / base.median
    out["weeks_4_7"] = np.log((older + 3) / (sum(counts[4:]) + 3))
    parts = np.stack([out[f"week_{b}"] for b in range(4)])
    out["spread"] = parts.std(axis=0)
    out["results"] = np.log1p(counts[0])
    out["results_4"] = np.log1p(sum(counts[:4]))
    out["median_to_pooled"] = base.log - base.pooled_log
    out["fewest"] = np.log1p(
        np.min([np.where(s > 0, c, np.inf) for s, c in zip(spends[:4], counts[:4], strict=True)], axis=0)
    )
    out["incomplete"] = 1 - panel.complete
    return out


def _traffic(panel: Panel) -> Signals:
    """Click rate and price of impressions: now against last week, the month and the quarter."""
    out: Signals = {}
    pairs = {"link_ctr": (panel.clicks, panel.impressions, 500.0), "cpm": (panel.spend, panel.impressions, 1.0)}
    for name, (top, bottom, pseudo) in pairs.items():
        now = smooth_ratio(top, bottom, 0.05, pseudo=pseudo)
        month = smooth_ratio(lagged(top, 1), lagged(bottom, 1), 0.7, pseudo=pseudo)
        quarter = smooth_ratio(top, bottom, 0.9, pseudo=pseudo)
        out[f"{name}_move"] = now - month
        out[f"{name}_drift"] = month - quarter
    frequency = np.where(panel.reach > 0, np.log(np.maximum(panel.impressions, 1) / np.maximum(panel.reach, 1)), np.nan)
    out["frequency"] = frequency
    earlier = np.stack([lagged(np.nan_to_num(frequency, nan=0.0), b) for b in (1, 2, 3)])
    there = np.stack([lagged(np.isfinite(frequency).astype(float), b) for b in (1, 2, 3)])
    usual = earlier.sum(axis=0) / there.sum(axis=0)
    out["frequency_move"] = np.where(there.sum(axis=0) > 0, frequency - usual, 0.0)
    return out


def _volatility(panel: Panel) -> Floats:
    """Standard deviation of settled weekly moves of log cost beyond counting, shrunk to the account's, then to 0.15."""
    now, before = panel.results, lagged(panel.results, 1)
    cost, earlier = panel.spend / now, lagged(panel.spend, 1) / before
    good = (now > 0) & (before > 0)
    move = np.where(
        good, np.log(np.where(good, cost / earlier, 1.0)) ** 2 - 1 / np.maximum(now, 1) - 1 / np.maximum(before, 1), 0.0
    )
    move = np.clip(move, -0.5, 0.5)
    squares, weeks = (lagged(discounted(x, 0.95), 4) for x in (move, good.astype(float)))
    owner = (panel.of_accounts(squares)[:, panel.account] + 20 * 0.045) / (
        panel.of_accounts(weeks)[:, panel.account] + 20
    )
    own = (squares + 15 * owner) / (weeks + 15)
    return np.sqrt(np.clip(own, 0.002, 0.5) / 2)


def _account_mean(panel: Panel, values: Floats, weight: Floats) -> Floats:
    weight = np.where(panel.there, weight, 0.0)
    return (panel.of_accounts(np.where(weight > 0, weight * values, 0.0)) / (panel.of_accounts(weight) + 1e-12))[
        :, panel.account
    ]
