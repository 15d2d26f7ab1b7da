"""Response curves: known exponents are found, what cannot be known is not told, nothing later is used."""

from datetime import timedelta

import numpy as np
import pytest
import statsmodels.api as sm

from insights_assets.analytics.response_curves import fit, response_curves
from insights_assets.tables.features import FEATURES_ADSET
from insights_assets.tables.response_curves import RESPONSE_CURVES
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(26)]
LAST = WEEKS[-1]


def adset(name, spend, results, **more):
    first = len(WEEKS) - len(spend)
    return [
        valid_row(FEATURES_ADSET, entity_id=name, level="adset", week=w, spend=float(s), results=float(r), **more)
        for w, s, r in zip(WEEKS[first:], spend, results, strict=True)
    ]


def curves(*parts, weeks=(LAST,)):
    rows = response_curves(frame_of(FEATURES_ADSET, *(r for p in parts for r in p)), "adset", list(weeks))
    assert RESPONSE_CURVES.split(rows).bad.rows() == []
    return rows


def spends(rng, spread=0.4, weeks=26):
    return 500 * np.exp(spread * rng.standard_normal(weeks))


def test_the_fit_is_that_of_a_quasi_poisson_regression():
    rng = np.random.default_rng(1)
    spend = spends(rng)
    results = rng.negative_binomial(8, 8 / (8 + 2 * spend**0.6)).astype(float)
    got = fit(spend[None], results[None], np.ones((1, 26), dtype=bool))
    model = sm.GLM(results, sm.add_constant(np.log(spend)), family=sm.families.Poisson()).fit(scale="X2")
    assert [got.scale[0], got.elasticity[0]] == pytest.approx(model.params.tolist(), rel=1e-6)
    assert got.error[0] == pytest.approx(model.bse[1], rel=1e-6)


def test_saturation_and_room_are_told_apart():
    rng = np.random.default_rng(2)
    spend = spends(rng)
    flat, straight = rng.poisson(20 * spend**0.35), rng.poisson(0.2 * spend**1.0)
    rows = {
        r["entity_id"]: r for r in curves(adset("flat", spend, flat), adset("straight", spend, straight)).to_dicts()
    }
    assert rows["flat"]["verdict"] == "saturated"
    assert rows["flat"]["elasticity"] == pytest.approx(0.35, abs=0.1)
    assert rows["flat"]["marginal_cpr"] == pytest.approx(rows["flat"]["average_cpr"] / rows["flat"]["elasticity"])
    assert rows["straight"]["verdict"] == "room"
    assert rows["straight"]["elasticity_lo_90"] < 1.0 < rows["straight"]["elasticity_hi_90"]
    assert rows["straight"]["average_cpr"] == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize(
    ("spend", "results", "reason"),
    [
        ([100.0, 300.0] * 3, [10, 20] * 3, "fewer than 8 weeks"),
        ([100.0, 300.0] * 10, [1, 0] * 10, "fewer than 30 results"),
        ([100.0, 110.0] * 10, [10, 20] * 10, "spend hardly moved"),
        ([100.0, 140.0] * 10, [1, 90, 80, 2] * 5, "results scatter too much"),
    ],
)
def test_what_the_weeks_cannot_tell_is_not_told(spend, results, reason):
    (row,) = curves(adset("1", spend, results)).to_dicts()
    assert (row["verdict"], row["reason"], row["elasticity"], row["marginal_cpr"]) == (
        "not_identifiable",
        reason,
        None,
        None,
    )


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(3)
    made = []
    for n in range(150):
        spend = spends(rng)
        made.append(adset(f"a{n}", spend, rng.poisson(0.8 * spend**0.6 * np.exp(0.15 * rng.standard_normal(26)))))
    rows = curves(*made).drop_nulls("elasticity")
    inside = ((rows["elasticity_lo_90"] <= 0.6) & (rows["elasticity_hi_90"] >= 0.6)).mean()
    assert rows.height > 140
    assert 0.82 <= inside <= 0.97


def test_another_family_is_another_curve_and_nothing_later_is_used():
    rng = np.random.default_rng(4)
    spend = spends(rng)
    results = rng.poisson(0.8 * spend**0.6)
    switched = [
        {**row, "result_family": "purchase" if n < 20 else "messages"}
        for n, row in enumerate(adset("1", spend, results))
    ]
    rows = curves(switched, weeks=WEEKS)
    assert rows.filter(week=LAST)["weeks_used"].to_list() == [6]
    alone = curves(switched[:20], weeks=[WEEKS[19]])
    assert rows.filter(week=WEEKS[19]).equals(alone)


def test_an_entity_without_spend_has_no_row():
    assert curves(adset("1", [0.0] * 10, [0] * 10)).is_empty()
    with pytest.raises(ValueError, match="no curves of level 'ad'"):
        response_curves(FEATURES_ADSET.empty(), "ad", [LAST])
