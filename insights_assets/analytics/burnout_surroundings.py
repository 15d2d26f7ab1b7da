"""What an ad's account and the fleet tell of its costs: shocks are shared, prices drift, years come again."""

import numpy as np

from insights_assets.analytics.burnout_baseline import HORIZONS, Baseline
from insights_assets.analytics.burnout_index import Climate
from insights_assets.analytics.burnout_panel import Floats, Panel, lagged

Signals = dict[str, Floats]
YEAR_WEEKS = 52


def company(panel: Panel, base: Baseline, cost: list[Floats]) -> Signals:
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


def account_price(panel: Panel) -> Floats:
    """(weeks, ads) index of the account's price of impressions: common moves of its ads, shrunk by two calm ads."""
    both = panel.there & (lagged(panel.there.astype(float), 1) > 0)
    price = panel.spend / np.maximum(panel.impressions, 1)
    move = np.where(both, np.clip(np.log(price / lagged(price, 1)), -1, 1), 0.0)
    move = np.where(np.isfinite(move), move, 0.0)
    mean = panel.of_accounts(move) / (panel.of_accounts(both.astype(float)) + 2)
    return np.cumsum(mean, axis=0)[:, panel.account]


def trends(panel: Panel, own_price: Floats, around: Climate) -> Signals:
    """Where prices have gone of late, in the account and in the fleet."""
    fleet = np.broadcast_to(around.price[:, None], panel.spend.shape)
    out: Signals = {}
    for name, index in (("account_price", own_price), ("fleet_price", fleet)):
        out[f"{name}_4"] = index - sum(lagged(index, b) for b in range(4)) / 4
        out[f"{name}_8"] = index - lagged(index, 8)
        out[f"{name}_8"][:8] = 0.0
        out[f"{name}_4"][:4] = 0.0
    return out


def season(panel: Panel, own_price: Floats, around: Climate) -> dict[int, Signals]:
    """What the same weeks of a year ago did to costs, from the median's weeks to the week in question."""
    shape = panel.spend.shape
    fleet = {n: np.broadcast_to(x[:, None], shape) for n, x in (("cost", around.cost), ("price", around.price))}
    out: dict[int, Signals] = {h: {} for h in HORIZONS}
    for name, index in (*fleet.items(), ("account_price", own_price)):
        for h in HORIZONS:
            back = [lagged(index, YEAR_WEEKS - k) for k in range(-3, h + 2)]
            move = np.mean(back[-3:], axis=0) - np.mean(back[:4], axis=0)
            move[: YEAR_WEEKS + 4] = 0.0
            out[h][f"season_{name}"] = move
    return out
