"""What learns burnout from signals: a logistic model shrunk to the noise-aware rule, boosted trees, and their stack.

The logistic model starts as the rule and moves from it as far as outcomes say so, which makes ten ads of history safe.
The trees find what is not linear once there is enough to find it in. Both are stacked on predictions made for weeks
they had not seen (Wolpert 1992), from equal weights on, which calibrates them too (Platt 1999).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from insights_assets.analytics.burnout_panel import Floats

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

RULE = {"chance_mixed_blend": 0.85}
"""The rule: the chance by counting, a little less sure of itself, for prices move for more reasons than counting."""
RULE_INTERCEPT = 0.05
LEAST_PAIRS = 60
LEAST_PAIRS_OF_TREES = 1_500
RIDGE = 150.0
"""Penalty on a coefficient of a signal of unit variance: worth about a thousand pairs."""
RIDGE_INTERCEPT = 5.0
STACK_RIDGE = 20.0
USUAL_LOGIT, BEND_REACH = -1.2, 3.0
"""About the logit of a usual share of burnt ads, from which the stack's bend is measured, and how far it goes."""
EXTREME = 4.0
STEPS, SMALL_STEP = 15, 1e-6


@dataclass(frozen=True)
class Logistic:
    """Coefficients on signals that are centred, scaled and cut at 4 standard deviations.

    Attributes:
        centre: (signals,).
        scale: (signals,).
        intercept: logit of an average ad.
        slopes: (signals,).
    """

    centre: Floats
    scale: Floats
    intercept: float
    slopes: Floats

    def contributions(self, signals: NDArray[np.float32]) -> Floats:
        """(pairs, signals) what each adds to the logit of an average ad."""
        z = np.clip((signals - self.centre) / self.scale, -EXTREME, EXTREME)
        return np.asarray(z * self.slopes, dtype=np.float64)

    def logit(self, signals: NDArray[np.float32]) -> Floats:
        """(pairs,) logits."""
        z = np.clip((signals - self.centre) / self.scale, -EXTREME, EXTREME)
        return np.asarray(self.intercept + z @ self.slopes, dtype=np.float64)


def the_rule(names: list[str]) -> Logistic:
    """The noise-aware rule: what is said before anything was learnt."""
    slopes = np.array([RULE.get(n, 0.0) for n in names])
    return Logistic(np.zeros(len(names)), np.full(len(names), 3.0), RULE_INTERCEPT, slopes * 3.0)


def fit_logistic(signals: NDArray[np.float32], burnt: Floats, names: list[str]) -> Logistic:
    """Fit by Newton's method, ridge-penalised towards the rule; the rule itself below 60 pairs."""
    if burnt.size < LEAST_PAIRS:
        return the_rule(names)
    centre = signals.mean(axis=0, dtype=np.float64)
    scale = signals.std(axis=0, dtype=np.float64) + 1e-3
    z = np.clip((signals - centre) / scale, -EXTREME, EXTREME)
    rule = np.array([RULE.get(n, 0.0) for n in names])
    start = np.r_[RULE_INTERCEPT + rule @ centre, rule * scale]
    design = np.column_stack([np.ones(burnt.size), z])
    found = penalised(design, burnt, start, np.r_[RIDGE_INTERCEPT, np.full(len(names), RIDGE)])
    return Logistic(centre, scale, float(found[0]), found[1:])


def penalised(design: Floats, burnt: Floats, start: Floats, penalty: Floats, weight: Floats | float = 1.0) -> Floats:
    """Coefficients that maximise the likelihood, weighted, less penalty x squared distance from `start` / 2."""
    at = start.copy()
    for _ in range(STEPS):
        chance = expit(design @ at)
        slope = design.T @ (weight * (burnt - chance)) - penalty * (at - start)
        bend = (design * (weight * np.maximum(chance * (1 - chance), 1e-3))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        at = at + np.clip(step, -2, 2)
        if np.abs(step).max() < SMALL_STEP:
            break
    return np.asarray(at)


def fit_trees(signals: NDArray[np.float32], burnt: Floats) -> "HistGradientBoostingClassifier | None":
    """Boosted trees; None below 1,500 pairs, where they only learn noise."""
    if burnt.size < LEAST_PAIRS_OF_TREES or burnt.min() == burnt.max():
        return None
    # Two seconds and 150 MB in every process that loads the graph, for one step of some runs.
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415

    model = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=100,
        max_leaf_nodes=12,
        min_samples_leaf=80,
        l2_regularization=30.0,
        max_features=0.3,
        max_bins=64,
        early_stopping=False,
        random_state=0,
    )
    return model.fit(signals, burnt)


@dataclass(frozen=True)
class Stack:
    """Logit of the probability = intercept + weighted logits of both models + bend x squared distance of their mean.

    A slope alone left ad weeks of 20 to 30 % up to 2.7 points too low and those below 10 % a point too high.
    """

    intercept: float
    logistic: float
    trees: float
    bend: float

    def logit(self, logistic: Floats, trees: Floats | None) -> Floats:
        """Combine logits; without trees the logistic model speaks with both weights."""
        other = logistic if trees is None else trees
        weights = np.array([self.intercept, self.logistic, self.trees, self.bend])
        return np.asarray(_stacked(logistic, other) @ weights, dtype=np.float64)


def fit_stack(logistic: Floats, trees: Floats, burnt: Floats, weight: Floats | float = 1.0) -> Stack:
    """Fit on predictions of weeks that neither had seen, from equal weights; equal weights without any.

    Args:
        logistic: (pairs,) logits.
        trees: (pairs,) logits.
        burnt: (pairs,) 1 or 0.
        weight: (pairs,) what each pair counts.
    """
    start = np.array([0.0, 0.5, 0.5, 0.0])
    found = penalised(_stacked(logistic, trees), burnt, start, np.full(start.size, STACK_RIDGE), weight)
    return Stack(*(float(x) for x in found))


def _stacked(logistic: Floats, trees: Floats) -> Floats:
    """(pairs, 4) what the stack's weights are of."""
    away = np.clip((logistic + trees) / 2 - USUAL_LOGIT, -BEND_REACH, BEND_REACH)
    return np.column_stack([np.ones(logistic.size), logistic, trees, away**2])
