"""The life of a finding: who it is, how bad it is, and what people have said about it."""

import hashlib

import polars as pl

from insights_assets.analytics.deviations import likely_triggers
from insights_assets.tables.anomalies import ANOMALIES_AD

GOOD_NEWS = ("cpr_drop", "ctr_spike")
GOOD = (("cpr", "down"), ("ctr", "up"))
"""The same as (metric, direction), before a test has a name."""

CLOSED = ("resolved", "false_positive")
SET_BY_PEOPLE = ("acknowledged", *CLOSED)
SEVERITY_STEPS = (0.25, 0.5, 0.75)


def with_finding_id(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `finding_id`: the first 16 hex digits of sha1(account|week|level|entity|type|family[|date|metric])."""
    names = ["account_id", "week", "level", "entity_id", "anomaly_type", "result_family"]
    if "date" in frame.columns:
        # Of a week there is one finding of a type; of its days, one a day and metric.
        names += ["date", "metric"]
    ids = [
        hashlib.sha1("|".join(map(str, row)).encode(), usedforsecurity=False).hexdigest()[:16]
        for row in frame.select(names).iter_rows()
    ]
    return frame.with_columns(pl.Series("finding_id", ids, dtype=pl.String))


def finding_rows(found: pl.DataFrame, dearer: pl.Expr) -> pl.DataFrame:
    """Turn discoveries into rows of a level's anomalies: how sure, how bad, what made results dearer.

    Args:
        found: the table's columns up to `p_value` (of weeks without `date`), `preceding_deviations` (null where there
            are none), `q_value`, `seen` (part of its past that is known, 0 to 1) and the changes that
            `likely_triggers` reads.
        dearer: whether a finding is about dearer results, so that what made them so is listed.
    """
    ratio = pl.col("current_value") / pl.col("baseline_value")
    # A halving is as large as a doubling: both are a change by the factor 2, size 1.
    size = pl.when(ratio > 0).then(pl.max_horizontal(ratio, 1 / ratio) - 1).otherwise(1.0).clip(0, 1)
    nothing = pl.lit([], dtype=ANOMALIES_AD.schema["preceding_deviations"])
    frame = (
        found.with_columns(((1 - pl.col("q_value")) * pl.col("seen")).alias("confidence"))
        .with_columns((size * pl.col("confidence")).alias("anomaly_score"))
        .with_columns(
            pl.when(is_good()).then(pl.lit("low")).otherwise(severity()).alias("severity"),
            pl.when(dearer)
            .then(likely_triggers())
            .otherwise(pl.lit([], dtype=pl.List(pl.String)))
            .alias("likely_triggers"),
            pl.col("preceding_deviations").fill_null(nothing),
            pl.lit("new").alias("status"),
        )
    )
    frame = with_finding_id(frame)
    if "date" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.Date).alias("date"))
    return ANOMALIES_AD.conform(frame.select(list(ANOMALIES_AD.schema)))


def is_good() -> pl.Expr:
    """Return whether a `metric` and `direction` are good news."""
    return pl.any_horizontal((pl.col("metric") == m) & (pl.col("direction") == d) for m, d in GOOD)


def severity(score: str = "anomaly_score") -> pl.Expr:
    """Return low, medium, high or critical: steps of 0.25 of the score."""
    low, medium, high = SEVERITY_STEPS
    value = pl.col(score)
    return (
        pl.when(value >= high)
        .then(pl.lit("critical"))
        .when(value >= medium)
        .then(pl.lit("high"))
        .when(value >= low)
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low"))
    )


def carry_status(new: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """Keep what people said when the same weeks are computed again.

    Args:
        new: rows of one level's anomalies, freshly computed.
        previous: the rows stored for the same accounts and weeks.

    Returns:
        `new` with the status people set earlier (a finding that was withdrawn and is found again is new), and the
        findings of `previous` that are no longer found: `withdrawn`, unless a person had closed them.
    """
    said = previous.filter(pl.col("status").is_in(SET_BY_PEOPLE)).select("finding_id", pl.col("status").alias("said"))
    kept = new.join(said, on="finding_id", how="left", maintain_order="left").with_columns(
        pl.coalesce("said", "status").alias("status")
    )
    vanished = previous.join(new, on="finding_id", how="anti", maintain_order="left").with_columns(
        pl.when(pl.col("status").is_in(CLOSED)).then("status").otherwise(pl.lit("withdrawn")).alias("status")
    )
    return pl.concat([kept.drop("said"), vanished.select(new.columns)])
