"""Through the weeks: every eighth fits the models anew on what was known then, to judge the weeks up to the next.

A pair (week, outcome) is known once the outcome's count is final, four weeks after the outcome's week. Which weeks
refit depends on the calendar alone, so a later run fits the same models again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from insights_assets.analytics.burnout_baseline import HORIZONS, baseline, outcome
from insights_assets.analytics.burnout_index import climate
from insights_assets.analytics.burnout_learners import Logistic, Stack, fit_logistic, fit_stack, fit_trees
from insights_assets.analytics.burnout_panel import SETTLED_WEEKS, Bools, Floats, Ints, ordered, panels
from insights_assets.analytics.burnout_signals import signals

REFIT_WEEKS = 8
YOUNG_WEEKS, YOUNG_REFIT_WEEKS = 28, 4
MOST_PAIRS = 60_000
"""Pairs a model is fitted on: every k-th of more."""
STACK_WEEKS = 52
STACK_HALF_LIFE = 13.0
"""Weeks after which an outcome counts half in the stack: shares of burnt ads move with the seasons."""
FIRST_MONDAY = date(1970, 1, 5)


@dataclass(frozen=True)
class Pairs:
    """Every ad week with its signals and outcomes.

    Attributes:
        rows: (account_id, ad_id, week) in the order of all arrays.
        weeks: every Monday.
        week: (rows,) place in `weeks`.
        asked: (rows,) whether there is a median of at least two weeks to measure from.
        names: by horizon, the signals.
        signals: by horizon, (rows, signals).
        burnt: by horizon, (rows,) 1, 0 or nan.
        change: by horizon, (rows,) log of cost over median, or nan.
        expected: (rows,) results that this week's spend buys at the median cost.
    """

    rows: pl.DataFrame
    weeks: pl.Series
    week: Ints
    asked: Bools
    names: dict[int, list[str]]
    signals: dict[int, NDArray[np.float32]]
    burnt: dict[int, Floats]
    change: dict[int, Floats]
    expected: Floats


@dataclass(frozen=True)
class Fitted:
    """The models of one horizon from one week on, and what they said.

    Attributes:
        horizon: weeks ahead.
        since: the Monday from which on it judges.
        first_pair, last_pair: weeks of the oldest and newest pair it was fitted on; None of the rule.
        pairs: how many pairs.
        base_rate: share of them that burnt; nan of the rule.
        logistic: the model.
        stack: weights.
        rows: (judged,) places in `Pairs.rows`.
        risk: (judged,) probabilities.
        has_trees: whether there was enough for trees.
        logistic: the logistic model.
        training: (pairs,) places of what it was fitted on.
        stacked: pairs that the stack was fitted on.
        trees_said: (judged,) the trees' logits.
    """

    horizon: int
    since: date
    first_pair: date | None
    last_pair: date | None
    pairs: int
    base_rate: float
    has_trees: bool
    logistic: Logistic
    stack: Stack
    rows: Ints
    risk: Floats
    training: Ints
    stacked: int
    trees_said: Floats | None = None


def pairs_of(ad_weeks: pl.DataFrame) -> Pairs:
    """Compute signals and outcomes of all ad weeks; each row's signals use nothing of later weeks."""
    frame = ordered(ad_weeks)
    weeks = pl.Series("week", every_monday(frame["week"]), dtype=pl.Date)
    around = climate(frame, weeks)
    n = frame.height
    table: dict[int, NDArray[np.float32]] = {}
    names: dict[int, list[str]] = {}
    burnt, change = ({h: np.full(n, np.nan) for h in HORIZONS} for _ in range(2))
    asked, expected = np.zeros(n, dtype=bool), np.zeros(n)
    for panel in panels(frame, weeks):
        base = baseline(panel)
        known = signals(panel, base, around)
        at, there = panel.row[panel.there], panel.there
        asked[at] = base.known[there]
        expected[at] = (panel.spend / base.median)[there]
        for h in HORIZONS:
            found = {**known.common, **known.ahead[h]}
            if h not in table:
                names[h], table[h] = list(found), np.zeros((n, len(found)), dtype=np.float32)
            for k, values in enumerate(found.values()):
                table[h][at, k] = values[there]
            for target, values in zip((burnt, change), outcome(panel, h), strict=True):
                target[h][at] = values[there]
    place = ((frame["week"] - weeks[0]).dt.total_days() // 7).to_numpy()
    keys = frame.select("account_id", "ad_id", "week")
    return Pairs(keys, weeks, place, asked, names, table, burnt, change, expected)


def every_monday(week: pl.Series) -> list[date]:
    """Mondays from the first to the last."""
    first, last = min(week), max(week)
    return [first + timedelta(weeks=k) for k in range((last - first).days // 7 + 1)]


def walk(pairs: Pairs, horizon: int, since: date | None = None) -> Iterator[Fitted]:
    """Fit and judge from the first week on, or as far back as predictions from `since` on need it."""
    x, y = pairs.signals[horizon], pairs.burnt[horizon]
    logistic_said, trees_said = np.full(y.size, np.nan), np.full(y.size, np.nan)
    settled_after = pairs.week + horizon + SETTLED_WEEKS
    starts = refits(pairs.weeks)
    if since is not None:
        oldest = (since - pairs.weeks[0]).days // 7 - STACK_WEEKS - 3 * REFIT_WEEKS
        starts = [a for a in starts if a >= oldest] or starts[-1:]
    for a, until in zip(starts, [*starts[1:], len(pairs.weeks)], strict=True):
        training = np.flatnonzero(np.isfinite(y) & (settled_after <= a))
        training = training[:: -(-training.size // MOST_PAIRS) or 1]
        logistic = fit_logistic(x[training], y[training], pairs.names[horizon])
        trees = fit_trees(x[training], y[training])
        past = np.isfinite(y) & np.isfinite(trees_said) & (settled_after <= a) & (settled_after > a - STACK_WEEKS)
        recent = 0.5 ** ((a - settled_after[past]) / STACK_HALF_LIFE)
        stack = fit_stack(logistic_said[past], trees_said[past], y[past], recent)
        rows = np.flatnonzero((pairs.week >= a) & (pairs.week < until))
        if not rows.size:
            continue
        logistic_said[rows] = logistic.logit(x[rows])
        if trees is not None:
            trees_said[rows] = trees.decision_function(x[rows])
        yield Fitted(
            horizon,
            pairs.weeks[a],
            pairs.weeks[int(pairs.week[training].min())] if training.size else None,
            pairs.weeks[int(pairs.week[training].max())] if training.size else None,
            training.size,
            float(y[training].mean()) if training.size else float("nan"),
            trees is not None,
            logistic,
            stack,
            rows,
            # Rounded: sums over batches of another length differ in the last bits.
            np.round(expit(stack.logit(logistic_said[rows], trees_said[rows] if trees is not None else None)), 9),
            training,
            past.sum(),
            trees_said[rows] if trees is not None else None,
        )


def refits(weeks: pl.Series) -> list[int]:
    """Places of the weeks that refit: the first, every fourth of the first half year, every eighth of the calendar."""
    first = (weeks[0] - FIRST_MONDAY) // timedelta(weeks=1)
    every = [YOUNG_REFIT_WEEKS if k < YOUNG_WEEKS else REFIT_WEEKS for k in range(len(weeks))]
    return [k for k in range(len(weeks)) if k == 0 or (first + k) % every[k] == 0]
