"""How long and how often an ad and its creative have been shown, and what that has done to clicks and cost."""

import numpy as np

from insights_assets.analytics.burnout_panel import Floats, Panel, lagged
from insights_assets.analytics.burnout_rates import smooth_ratio

Signals = dict[str, Floats]
FIRST_WEEKS = 3
"""Weeks that tell what a new creative can do."""


def history(panel: Panel) -> Signals:
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


def tiredness(panel: Panel) -> Signals:
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


def since_start(panel: Panel, cost: Floats) -> Signals:
    """The creative's click rate and cost against its own first three weeks."""
    shape = panel.spend.shape
    out = {k: np.zeros(shape) for k in ("link_ctr_since_start", "cost_since_start")}
    clicks, shown, start, weeks = (np.zeros(shape[1]) for _ in range(4))
    current = np.full(shape[1], -2)
    late = smooth_ratio(panel.clicks, panel.impressions, 0.5, pseudo=500.0)
    for t in range(shape[0]):
        there = panel.there[t]
        new = there & (panel.creative[t] != current)
        current = np.where(there, panel.creative[t], current)
        clicks, shown, start, weeks = (np.where(new, 0.0, x) for x in (clicks, shown, start, weeks))
        young = there & (weeks < FIRST_WEEKS)
        clicks, shown = clicks + young * panel.clicks[t], shown + young * panel.impressions[t]
        start = np.where(young, (start * weeks + cost[t]) / (weeks + 1), start)
        weeks = weeks + young
        first = np.log((clicks + 500.0 * np.exp(late[t])) / (shown + 500.0))
        out["link_ctr_since_start"][t] = late[t] - first
        out["cost_since_start"][t] = np.clip(cost[t] - start, -2, 2)
    return out
