"""Multinomial logistic regression with a ridge, by Newton's method, and temperature scaling of its probabilities.

Agresti, Categorical Data Analysis (2013), section 8.1. Some fifty parameters on some ten thousand rows: five to eight
steps of a few milliseconds. Temperature: Guo et al., On Calibration of Modern Neural Networks (2017).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

MOST_STEPS = 40
TOLERANCE = 1e-9
CLIP = 4.0
"""Standard deviations beyond which an input says no more: one absurd week must not be a certainty."""


@dataclass(frozen=True)
class Multinomial:
    """A fitted model: scaling of the inputs, and weights (inputs + 1, classes); the last class's are zero.

    `logits` leaves the offset out: add it to them where the model was fitted with one.
    """

    centre: Floats
    scale: Floats
    weights: Floats

    def logits(self, inputs: Floats) -> Floats:
        """Return (n, classes) log odds, beyond the offset's, against the last class."""
        return np.asarray(_design(inputs, self.centre, self.scale) @ self.weights)


def fit(inputs: Floats, labels: Labels, classes: int, ridge: float, offset: Floats | None = None) -> Multinomial:
    """Fit by penalised maximum likelihood.

    Args:
        inputs: (n, p), finite.
        labels: (n,) from 0 to classes - 1.
        classes: how many there are; one without a row gets a small probability.
        ridge: penalty ridge / 2 x squared weight of each standardised input, and a hundredth of that for intercepts.
        offset: (n, classes) log probabilities that the weights add to: what a strong ridge draws back to. None: equal.
    """
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    design = _design(inputs, centre, scale)
    columns, free = design.shape[1], classes - 1
    penalty = np.tile(np.r_[np.full(columns - 1, ridge), ridge / 100], free)
    base = np.zeros((labels.size, classes)) if offset is None else offset
    target = np.eye(classes)[labels][:, :free]
    beta = np.zeros(free * columns)
    value = _loss(design, target, beta, penalty, base)
    for _ in range(MOST_STEPS):
        chance = _chances(design, beta, base)
        gradient = ((chance[:, :free] - target).T @ design).ravel() + penalty * beta
        step = np.linalg.solve(_hessian(design, chance, free) + np.diag(penalty), gradient)
        size = 1.0
        while (after := _loss(design, target, beta - size * step, penalty, base)) > value and size > TOLERANCE:
            size /= 2
        beta = beta - size * step
        if value - after <= TOLERANCE * abs(value):
            break
        value = after
    weights = np.concatenate([beta.reshape(free, columns), np.zeros((1, columns))]).T
    return Multinomial(centre, scale, weights)


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """Return the number that logits are divided by so that held-out labels are likeliest; between 0.25 and 4."""
    rows = np.arange(labels.size)

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(logits / np.exp(log_temperature), axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-np.log(4), np.log(4)), method="bounded").x))


def probabilities(logits: Floats, temperature: float) -> Floats:
    """Return (n, classes) probabilities."""
    return np.asarray(softmax(logits / temperature, axis=1))


def log_loss(chances: Floats, labels: Labels) -> float:
    """Mean negative log probability of what came; a chance below 1e-6 counts as that."""
    return float(-np.log(np.maximum(chances[np.arange(labels.size), labels], 1e-6)).mean())


def _design(inputs: Floats, centre: Floats, scale: Floats) -> Floats:
    scaled = np.clip((inputs - centre) / scale, -CLIP, CLIP)
    return np.concatenate([scaled, np.ones((inputs.shape[0], 1))], axis=1)


def _logits(design: Floats, beta: Floats, base: Floats) -> Floats:
    free = base.shape[1] - 1
    own = design @ beta.reshape(free, -1).T
    return np.asarray(np.concatenate([own + base[:, :free], base[:, free:]], axis=1))


def _chances(design: Floats, beta: Floats, base: Floats) -> Floats:
    return np.asarray(softmax(_logits(design, beta, base), axis=1))


def _loss(design: Floats, target: Floats, beta: Floats, penalty: Floats, base: Floats) -> float:
    logits = _logits(design, beta, base)
    whole = np.concatenate([target, 1 - target.sum(axis=1, keepdims=True)], axis=1)
    return float(-(log_softmax(logits, axis=1) * whole).sum() + 0.5 * (penalty * beta**2).sum())


def _hessian(design: Floats, chance: Floats, free: int) -> Floats:
    columns = design.shape[1]
    out = np.empty((free * columns, free * columns))
    for i in range(free):
        for j in range(i, free):
            weight = chance[:, i] * ((i == j) - chance[:, j])
            block = design.T @ (design * weight[:, None])
            rows, cols = slice(i * columns, (i + 1) * columns), slice(j * columns, (j + 1) * columns)
            out[rows, cols] = block
            out[cols, rows] = block
    return out
