"""What a walk-forward run of the forecasts comes to, and whether a run is worse than naive or than the run before."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from insights_assets.tables.backtest_forecasts import BACKTEST_FORECASTS

CELL = ["level", "metric", "grain", "horizon"]
SUMS = ["scores", "sum_scaled_error", "sum_scaled_naive_error", "sum_scaled_bias", "covered_80", "covered_95"]

JUDGED = ["metric", "grain"]
"""What a verdict is about: levels and horizons together, for one of them alone has too few errors to tell."""
FEWEST_SCORES = 200
WORSE_THAN_NAIVE = 1.02
"""Ratio to naive that turns the check red. A budget that only jumps is a random walk, of which the last value is the
best forecast; the 2 % are what learning from short histories costs there."""
WORSE_THAN_BEFORE = 1.03
"""Ratio over the one of the run before that turns the check red."""
MOST_APART = timedelta(weeks=2)
"""Distance of the origins of two runs that are compared: other months are other months, whatever the model."""


def backtest_rows(scores: pl.DataFrame, run_at: pl.Expr) -> pl.DataFrame:
    """Add the scores of a walk-forward run up.

    Args:
        scores: rows of `prediction_scores` of forecasts made by the model of today from past origins.
        run_at: the instant of the run.

    Returns:
        Rows of `backtest_forecasts`.
    """
    usable = scores.filter(
        (pl.col("kind") == "forecast")
        & pl.col("scaled_error").is_not_null()
        & pl.col("scaled_naive_error").is_not_null()
    )
    return (
        usable.group_by("account_id", *CELL)
        .agg(
            pl.col("model").max(),
            pl.col("origin_week").max().alias("week"),
            pl.col("origin_week").min().alias("first_origin"),
            pl.len().cast(pl.Int64).alias("scores"),
            pl.col("scaled_error").abs().sum().alias("sum_scaled_error"),
            pl.col("scaled_naive_error").abs().sum().alias("sum_scaled_naive_error"),
            pl.col("scaled_error").sum().alias("sum_scaled_bias"),
            pl.col("in_interval_80").sum().cast(pl.Int64).alias("covered_80"),
            pl.col("in_interval").sum().cast(pl.Int64).alias("covered_95"),
        )
        .with_columns(run_at.cast(BACKTEST_FORECASTS.schema["run_at"]).alias("run_at"))
        .select(list(BACKTEST_FORECASTS.schema))
        .sort(BACKTEST_FORECASTS.key)
    )


def figures(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Figures of a run over accounts: `by`, scores, mase, ratio_to_naive, bias, coverage_80, coverage_95."""
    scores = pl.col("scores")
    naive = pl.when(pl.col("sum_scaled_naive_error") > 0).then("sum_scaled_naive_error")
    return (
        rows.group_by(by)
        .agg(pl.col(SUMS).sum())
        .select(
            *by,
            "scores",
            (pl.col("sum_scaled_error") / scores).alias("mase"),
            (pl.col("sum_scaled_error") / naive).alias("ratio_to_naive"),
            (pl.col("sum_scaled_bias") / scores).alias("bias"),
            (pl.col("covered_80") / scores).alias("coverage_80"),
            (pl.col("covered_95") / scores).alias("coverage_95"),
        )
        .sort(by)
    )


@dataclass(frozen=True)
class Verdict:
    """Whether the newest run holds; one sentence for each thing that does not."""

    complaints: tuple[str, ...]
    judged: int

    @property
    def passed(self) -> bool:
        """Whether nothing is to be complained of."""
        return not self.complaints


def judge(rows: pl.DataFrame) -> Verdict:
    """Hold the newest run against naive forecasts and against the run before it.

    Args:
        rows: rows of `backtest_forecasts`, every run. Two runs are compared over the accounts they share, and only
            over as many origins at about the same time.

    Returns:
        The verdict; metrics and grains with fewer than 200 scores are not judged.
    """
    runs = rows["run_at"].unique().sort(descending=True).to_list()
    if not runs:
        return Verdict((), 0)
    newest = rows.filter(pl.col("run_at") == runs[0])
    now = figures(newest, JUDGED).filter(pl.col("scores") >= FEWEST_SCORES, pl.col("ratio_to_naive").is_not_null())
    complaints = [
        f"{metric} by {grain}: error {ratio:.3f} times that of the last value ({scores} forecasts)."
        for metric, grain, ratio, scores in now.filter(pl.col("ratio_to_naive") > WORSE_THAN_NAIVE)
        .select(*JUDGED, "ratio_to_naive", "scores")
        .iter_rows()
    ]
    if len(runs) > 1:
        before = rows.filter(pl.col("run_at") == runs[1])
        shared = [figures(one, JUDGED) for one in (_comparable(newest, before), _comparable(before, newest))]
        both = shared[0].join(shared[1], on=JUDGED, suffix="_before")
        worse = both.filter(
            pl.col("scores") >= FEWEST_SCORES,
            pl.col("ratio_to_naive") > WORSE_THAN_BEFORE * pl.col("ratio_to_naive_before"),
        )
        complaints += [
            f"{metric} by {grain}: error {ratio:.3f} times that of the last value, {then:.3f} in the run before."
            for metric, grain, ratio, then in worse.select(
                *JUDGED, "ratio_to_naive", "ratio_to_naive_before"
            ).iter_rows()
        ]
    return Verdict(tuple(complaints), now.height)


def _comparable(rows: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Rows whose cell is in the other run too, over as many origins that end at most `MOST_APART` from these."""
    span = [pl.col(c).alias(f"{c}_other") for c in ("first_origin", "week")]
    both = rows.join(other.select("account_id", *CELL, *span), on=["account_id", *CELL], how="inner")
    apart = pl.col("week") - pl.col("week_other")
    alike = (apart == pl.col("first_origin") - pl.col("first_origin_other")) & (apart.abs() <= MOST_APART)
    return both.filter(alike).select(rows.columns)
