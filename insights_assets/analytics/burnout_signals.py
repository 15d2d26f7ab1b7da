"""What is known at a week's close about what an ad's cost per result will do.

Every signal is a logarithm, a share or a count of weeks without a unit, so that ads of all sizes and currencies can be
learnt from together. `deviation` signals are measured from the ad's median cost of four weeks, because that is what
the question is about: a cost that is already above it will often stay there, and a median that noise has pushed
down will be exceeded by noise alone.
"""

from dataclasses import dataclass

import numpy as np

from insights_assets.analytics.burnout_baseline import Baseline
from insights_assets.analytics.burnout_chance import chance_logit
from insights_assets.analytics.burnout_panel import Floats, Panel, lagged
from insights_assets.analytics.burnout_rates import FAST, MIDDLE, discounted, paces, smooth_ratio

Signals = dict[str, Floats]
YEAR_WEEKS = 52
EXTREME = 4.0
HORIZONS = (1, 2)


@dataclass(frozen=True)
class Known:
    """Signals of a panel: those that serve both horizons, and those of each."""

    common: Signals
    ahead: dict[int, Signals]


def signals(panel: Panel, base: Baseline, fleet_index: Floats) -> Known:
    """Compute all signals.

    Args:
        panel: ad weeks.
        base: their medians.
        fleet_index: (weeks,) log cost of the fleet, common moves added up.

    Returns:
        Arrays (weeks, ads), finite everywhere, of no meaning where the ad did not deliver.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        cost, behind = paces(panel, panel.spend)
        clicks, _ = paces(panel, panel.clicks)
        price = _price(panel)
        common = {**_levels(cost, clicks, price, base, panel), **_weeks(panel, base), **_traffic(panel, price)}
        common |= _tiredness(panel) | _history(panel) | _company(panel, base, cost)
        noise = np.sqrt(1 / (behind[2] + 1) + 0.0)
        common["noise"] = noise
        common["volatility"] = _volatility(panel)
        season = _season(panel, fleet_index)
        ahead = {h: {**season[h]} for h in HORIZONS}
        for h in HORIZONS:
            for name in ("level_middle", "mixed_middle", "mixed_fast"):
                ahead[h][f"chance_{name}"] = chance_logit(
                    common[name], behind[1], common["volatility"], panel.spend, base.median, h
                )
    clean = lambda s: {k: np.clip(np.nan_to_num(v, nan=0.0, posinf=EXTREME * 3, neginf=-EXTREME * 3), -12, 12) for k, v in s.items()}  # noqa: E731,E501
    return Known(clean(common), {h: clean(s) for h, s in ahead.items()})


def _price(panel: Panel) -> Floats:
    """Log spend of a link click, of late."""
    return smooth_ratio(panel.spend, panel.clicks, 0.3, pseudo=10.0)


def _levels(cost: list[Floats], clicks: list[Floats], price: Floats, base: Baseline, panel: Panel) -> Signals:
    """Deviation of three levels of cost, and of price x clicks a result, whose noise is less."""
    names = ("slow", "middle", "fast")
    out = {f"level_{n}": c - base.log for n, c in zip(names, cost, strict=True)}
    out |= {f"mixed_{n}": price + c - base.log for n, c in zip(names, clicks, strict=True)}
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
    for back in range(8):
        spend, found = lagged(panel.spend, back), panel.known(back)
        counts.append(found)
        spends.append(spend)
        if back < 4:
            expected = spend / base.median
            out[f"week_{back}"] = np.where(spend > 0, np.log((expected + 3) / (found + 3)), 0.0)
    older = sum(spends[4:]) / base.median
    out["weeks_4_7"] = np.log((older + 3) / (sum(counts[4:]) + 3))
    parts = np.stack([out[f"week_{b}"] for b in range(4)])
    out["spread"] = parts.std(axis=0)
    out["results"] = np.log1p(counts[0])
    out["results_4"] = np.log1p(sum(counts[:4]))
    out["median_to_pooled"] = base.log - base.pooled_log
    out["fewest"] = np.log1p(np.min([np.where(s > 0, c, np.inf) for s, c in zip(spends[:4], counts[:4], strict=True)], axis=0))
    out["incomplete"] = 1 - panel.complete
    return out


def _traffic(panel: Panel, price: Floats) -> Signals:
    """Click rate and price of impressions: now against last week, the month and the quarter."""
    out: Signals = {}
    pairs = {"link_ctr": (panel.clicks, panel.impressions, 500.0), "cpm": (panel.spend, panel.impressions, 1.0)}
    for name, (top, bottom, pseudo) in pairs.items():
        now = smooth_ratio(top, bottom, 0.05, pseudo=pseudo)
        month = smooth_ratio(lagged(top, 1), lagged(bottom, 1), 0.7, pseudo=pseudo)
        quarter = smooth_ratio(top, bottom, 0.9, pseudo=pseudo)
        out[f"{name}_move"] = now - month
        out[f"{name}_drift"] = month - quarter
    del price
    frequency = np.where(panel.reach > 0, np.log(np.maximum(panel.impressions, 1) / np.maximum(panel.reach, 1)), np.nan)
    out["frequency"] = frequency
    earlier = np.stack([lagged(np.nan_to_num(frequency, nan=0.0), b) for b in (1, 2, 3)])
    there = np.stack([lagged(np.isfinite(frequency).astype(float), b) for b in (1, 2, 3)])
    usual = earlier.sum(axis=0) / there.sum(axis=0)
    out["frequency_move"] = np.where(there.sum(axis=0) > 0, frequency - usual, 0.0)
    return out


def _tiredness(panel: Panel) -> Signals:
    """How long and how often the creative has been shown."""
    shape = panel.spend.shape
    shown, age, current = np.zeros(shape[1]), np.zeros(shape[1]), np.full(shape[1], -2)
    most = np.zeros(shape[1])
    out = {k: np.zeros(shape) for k in ("creative_age", "creative_frequency", "creative_shown")}
    for t in range(shape[0]):
        there = panel.there[t]
        new = there & (panel.creative[t] != current)
        current = np.where(there, panel.creative[t], current)
        shown, age = np.where(new, 0.0, shown), np.where(new, 0.0, age)
        shown = shown + panel.impressions[t]
        age = age + there
        most = np.maximum(most, panel.reach[t])
        out["creative_age"][t] = np.log1p(age)
        out["creative_frequency"][t] = np.log1p(shown / np.maximum(most, 1))
        out["creative_shown"][t] = np.log1p(shown / np.maximum(panel.impressions[t], 1))
    return out


def _history(panel: Panel) -> Signals:
    """Age, presence, and what the budget did."""
    there = panel.there.astype(float)
    age = np.cumsum(np.maximum.accumulate(there, axis=0), axis=0)
    spend = panel.spend
    before = [lagged(spend, b) for b in (1, 2, 3)]
    days = sum((b > 0).astype(float) for b in before)
    usual = sum(before) / np.maximum(days, 1)
    return {
        "age": np.log1p(age),
        "present_4": sum(lagged(there, b) for b in range(4)),
        "present_12": sum(lagged(there, b) for b in range(12)),
        "paused_before": 1 - lagged(there, 1),
        "spend_move": np.clip(np.where(days > 0, np.log(spend / usual), 0.0), -2, 2),
        "spend_step": np.clip(np.where((before[0] > 0), np.log(spend / before[0]), 0.0), -2, 2),
        "spend_step_before": np.clip(
            np.where((before[0] > 0) & (before[1] > 0), np.log(before[0] / before[1]), 0.0), -2, 2
        ),
    }


def _company(panel: Panel, base: Baseline, cost: list[Floats]) -> Signals:
    """What the account's other ads do: shocks are shared."""
    out: Signals = {}
    for back in (0, 1):
        spend, found = lagged(panel.spend, back), panel.known(back)
        expected = np.where(np.isfinite(base.median) & (spend > 0), spend / base.median, 0.0)
        found = np.where(expected > 0, found, 0.0)
        others_expected = panel.of_accounts(expected)[:, panel.account] - expected
        others_found = panel.of_accounts(found)[:, panel.account] - found
        out[f"others_{back}"] = np.log((others_expected + 20) / (others_found + 20))
    weight = np.where(panel.there & np.isfinite(cost[2] - cost[0]), np.minimum(panel.known(0), 200.0), 0.0)
    gap = np.where(weight > 0, np.clip(cost[2] - cost[0], -2, 2), 0.0)
    total = panel.of_accounts(weight * gap)[:, panel.account] - weight * gap
    out["others_trend"] = total / (panel.of_accounts(weight)[:, panel.account] - weight + 20)
    return out


def _volatility(panel: Panel) -> Floats:
    """Standard deviation of settled weekly moves of log cost beyond counting, shrunk to the account's, then to 0.15."""
    now, before = panel.results, lagged(panel.results, 1)
    cost, earlier = panel.spend / now, lagged(panel.spend, 1) / before
    good = (now > 0) & (before > 0)
    move = np.where(good, np.log(np.where(good, cost / earlier, 1.0)) ** 2 - 1 / np.maximum(now, 1) - 1 / np.maximum(before, 1), 0.0)
    move = np.clip(move, -0.5, 0.5)
    squares, weeks = (lagged(discounted(x, 0.95), 4) for x in (move, good.astype(float)))
    owner = (panel.of_accounts(squares)[:, panel.account] + 20 * 0.045) / (panel.of_accounts(weeks)[:, panel.account] + 20)
    own = (squares + 15 * owner) / (weeks + 15)
    return np.sqrt(np.clip(own, 0.002, 0.5) / 2)


def _season(panel: Panel, fleet_index: Floats) -> dict[int, Signals]:
    """What the same weeks of a year ago did to the fleet's cost, from the median's weeks to the week in question."""
    out: dict[int, Signals] = {}
    for h in HORIZONS:
        shape = panel.spend.shape
        move = np.zeros(shape[0])
        for t in range(YEAR_WEEKS + 4, shape[0]):
            last = t - YEAR_WEEKS
            usual = fleet_index[last - 3 : last + 1].mean()
            move[t] = fleet_index[last + h - 1 : last + h + 2].mean() - usual
        out[h] = {"season": np.repeat(move[:, None], shape[1], axis=1)}
    return out


def _account_mean(panel: Panel, values: Floats, weight: Floats) -> Floats:
    weight = np.where(panel.there, weight, 0.0)
    return (panel.of_accounts(np.where(weight > 0, weight * values, 0.0)) / (panel.of_accounts(weight) + 1e-12))[:, panel.account]
