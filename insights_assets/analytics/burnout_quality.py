"""How good probabilities of burnout were, once it is known what happened."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from insights_assets.analytics.burnout_panel import Floats

CALIBRATION_BINS = 10
TOP_SHARE = 0.1
HIGH_RISK = 0.5


@dataclass(frozen=True)
class Qualities:
    """Figures of one set of probabilities.

    Attributes:
        pairs: how many.
        base_rate: share that burnt; nan without pairs.
        auc: chance that a burnt ad had the higher risk, ties half; None without both classes.
        average_precision: mean precision over the burnt, by falling risk; None without a burnt one.
        brier: mean squared error.
        calibration_error: mean distance of predicted and observed shares over ten equal bins of risk, by their pairs.
        top_precision: share that burnt among the tenth with the highest risks.
    """

    pairs: int
    base_rate: float
    auc: float | None
    average_precision: float | None
    brier: float
    calibration_error: float
    top_precision: float


def qualities(risk: Floats, burnt: Floats) -> Qualities:
    """Score probabilities.

    Args:
        risk: (pairs,) in [0, 1].
        burnt: (pairs,) 0 or 1.
    """
    if not risk.size:
        return Qualities(0, float("nan"), None, None, float("nan"), float("nan"), float("nan"))
    top = max(round(risk.size * TOP_SHARE), 1)
    return Qualities(
        risk.size,
        float(burnt.mean()),
        area_under_curve(risk, burnt),
        average_precision(risk, burnt),
        float(np.mean((risk - burnt) ** 2)),
        calibration_error(risk, burnt),
        float(burnt[np.argsort(-risk, kind="stable")[:top]].mean()),
    )


def area_under_curve(score: Floats, label: Floats) -> float | None:
    """Mann-Whitney form of the AUC; None without both classes."""
    positive = int(label.sum())
    negative = label.size - positive
    if positive == 0 or negative == 0:
        return None
    ranks = pl.Series(score).rank("average").to_numpy()
    return float((ranks[label > 0].sum() - positive * (positive + 1) / 2) / (positive * negative))


def average_precision(score: Floats, label: Floats) -> float | None:
    """Sum of precision x gained recall over falling thresholds, equal scores together; None without a positive."""
    if not label.sum():
        return None
    order = np.argsort(-score, kind="stable")
    found = np.cumsum(label[order])
    last = np.r_[np.flatnonzero(np.diff(score[order])), label.size - 1]
    gained = np.diff(np.r_[0.0, found[last]]) / label.sum()
    return float((gained * found[last] / (last + 1)).sum())


def calibration_error(risk: Floats, burnt: Floats) -> float:
    """Expected calibration error over ten equal bins."""
    place = np.clip((risk * CALIBRATION_BINS).astype(int), 0, CALIBRATION_BINS - 1)
    size = np.bincount(place, minlength=CALIBRATION_BINS)
    gap = np.bincount(place, weights=risk - burnt, minlength=CALIBRATION_BINS)
    return float(np.abs(gap)[size > 0].sum() / risk.size)


def lead_times(predictions: pl.DataFrame) -> pl.DataFrame:
    """Tell for each burnout that followed a calm week how many weeks before it the risk was high.

    Args:
        predictions: account_id, ad_id, week, horizon_weeks, risk_score, burnt (null where unknown).

    Returns:
        account_id, ad_id, burnt_week, lead_weeks: 2 or 1 when a prediction made that long before gave at least 50 %
        (the longer one counts), 0 when none did. Only weeks that both horizons had predicted.
    """
    target = pl.col("week").dt.offset_by(pl.format("{}w", "horizon_weeks")).alias("burnt_week")
    dated = predictions.drop_nulls("burnt").with_columns(target, (pl.col("risk_score") >= HIGH_RISK).alias("warned"))
    one, two = (dated.filter(pl.col("horizon_weeks") == h) for h in (1, 2))
    on = ["account_id", "ad_id", "burnt_week"]
    both = one.filter(pl.col("burnt") > 0).join(two.select(*on, pl.col("warned").alias("early")), on=on, how="inner")
    # The week before was calm: a burnout that goes on is no news.
    calm = one.filter(pl.col("burnt") == 0).select(
        "account_id", "ad_id", pl.col("burnt_week").dt.offset_by("1w").alias("burnt_week")
    )
    lead = pl.when("early").then(2).when("warned").then(1).otherwise(0).cast(pl.Int64)
    return both.join(calm, on=on, how="semi").select(*on, lead.alias("lead_weeks")).sort(on)
