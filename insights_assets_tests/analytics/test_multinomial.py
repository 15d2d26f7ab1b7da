"""The regression is the textbook's: scikit-learn gives the same, and a temperature undoes overconfidence."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from insights_assets.analytics.multinomial import fit, fit_temperature, log_loss, probabilities


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(800, 3)).clip(-2, 2) * [1, 10, 0.1] + [0, 5, 0]
    latent = inputs[:, 0] + 0.1 * inputs[:, 1] + rng.logistic(size=800)
    return inputs, np.digitize(latent, [-1, 0.5, 2])


def test_probabilities_are_those_of_scikit_learn(data):
    inputs, labels = data
    ours = fit(inputs, labels, 4, ridge=1e-6)
    scaled = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    theirs = LogisticRegression(C=1e6, tol=1e-10, max_iter=5000).fit(scaled, labels)
    assert probabilities(ours.logits(inputs), 1.0) == pytest.approx(theirs.predict_proba(scaled), abs=2e-3)


def test_a_ridge_draws_to_the_offset(data):
    inputs, labels = data
    base = np.log(np.tile([0.1, 0.2, 0.3, 0.4], (labels.size, 1)))
    model = fit(inputs, labels, 4, ridge=1e9, offset=base)
    assert probabilities(model.logits(inputs) + base, 1.0) == pytest.approx(np.exp(base), abs=1e-3)


def test_an_offset_that_a_weight_undoes_changes_nothing(data):
    inputs, labels = data
    base = np.zeros((labels.size, 4))
    base[:, 1] = 0.7 * inputs[:, 0] - 0.3
    with_it = fit(inputs, labels, 4, ridge=1e-6, offset=base).logits(inputs) + base
    without = fit(inputs, labels, 4, ridge=1e-6).logits(inputs)
    assert probabilities(with_it, 1.0) == pytest.approx(probabilities(without, 1.0), abs=1e-5)


def test_a_class_that_never_came_is_unlikely_not_impossible(data):
    inputs, labels = data
    chances = probabilities(fit(inputs, np.minimum(labels, 2), 4, ridge=1.0).logits(inputs), 1.0)
    assert chances[:, 3].max() < 0.01
    assert chances.min() > 0


def test_a_constant_input_and_an_absurd_one_do_no_harm(data):
    inputs, labels = data
    model = fit(np.column_stack([inputs, np.ones(800)]), labels, 4, ridge=1.0)
    absurd = np.array([[1e12, 5.0, 0.0, 1.0]])
    assert np.isfinite(probabilities(model.logits(absurd), 1.0)).all()


def test_the_temperature_undoes_overconfidence(data):
    inputs, labels = data
    logits = fit(inputs[:400], labels[:400], 4, ridge=1.0).logits(inputs[400:])
    held_out = labels[400:]
    right = fit_temperature(logits, held_out)
    assert fit_temperature(3 * logits, held_out) == pytest.approx(3 * right, rel=1e-2)
    assert log_loss(probabilities(3 * logits, 3 * right), held_out) < log_loss(probabilities(3 * logits, 1.0), held_out)


def test_log_loss_by_hand():
    assert log_loss(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1])) == pytest.approx(-np.log(0.5 * 0.75) / 2)
