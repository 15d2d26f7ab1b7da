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
STACK_RIDGE = 60.0
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


def penalised(design: Floats, burnt: Floats, start: Floats, penalty: Floats) -> Floats:
    """Coefficients that maximise the likelihood less penalty x squared distance from `start` / 2."""
    at = start.copy()
    for _ in range(STEPS):
        chance = expit(design @ at)
        slope = design.T @ (burnt - chance) - penalty * (at - start)
        bend = (design * np.maximum(chance * (1 - chance), 1e-3)[:, None]).T @ design + np.diag(penalty)
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
    """Logit of the probability = intercept + weight of the logistic model's + weight of the trees'."""

    intercept: float
    logistic: float
    trees: float

    def logit(self, logistic: Floats, trees: Floats | None) -> Floats:
        """Combine logits; without trees the logistic model speaks with both weights."""
        other = logistic if trees is None else trees
        return np.asarray(self.intercept + self.logistic * logistic + self.trees * other)


def fit_stack(logistic: Floats, trees: Floats, burnt: Floats) -> Stack:
    """Fit on predictions of weeks that neither had seen, from equal weights; equal weights without any."""
    design = np.column_stack([np.ones(burnt.size), logistic, trees])
    found = penalised(design, burnt, np.array([0.0, 0.5, 0.5]), np.array([150.0, STACK_RIDGE, STACK_RIDGE]))
    return Stack(*(float(x) for x in found))
