"""What an ad's week was expected to bring, from its 12 weeks before: the robust local level of each metric.

Every judged week has its own window, in which only the 12 calendar weeks before it are learnt from and ads of the same
account share what is typical of a scatter. So a week comes out the same whether it is judged alone or with others.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from insights_assets.analytics.local_level import Panel, forecast

WINDOW_WEEKS = 12
KEY = ["account_id", "entity_id", "week"]


@dataclass(frozen=True)
class Metric:
    """How a metric is expected.

    Attributes:
        name: its column.
        level: what has a level over weeks, above zero, where that is not the metric itself.
        count: for a rate of counted things, how many there were; the level is then count / exposure.
        exposure: what the count is a rate of (spend, impressions).
        usable: rows that can be judged and learnt from.
    """

    name: str
    usable: pl.Expr
    level: pl.Expr | None = None
    count: pl.Expr | None = None
    exposure: pl.Expr | None = None

    def value(self) -> pl.Expr:
        """What has a level: the level itself, or count (plus a half, for the logarithm's sake) / exposure."""
        if self.count is None or self.exposure is None:
            return pl.col(self.name) if self.level is None else self.level
        return (self.count + 0.5) / self.exposure

    def noise(self) -> pl.Expr:
        """Variance of the value's logarithm that counting alone makes."""
        return pl.lit(0.0) if self.count is None else 1 / (self.count + 0.5)


def windows(features: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Unroll the windows of the judged rows.

    Args:
        features: rows to judge, distinct by account_id, entity_id, week.
        known: rows of any weeks, the judged ones included.

    Returns:
        Rows of `known` once for each judged week of their ad at most 12 weeks later, with `judged` (that week) and
        `time` (0 to 12; 12 is the judged week).
    """
    ages = pl.DataFrame({"age": range(WINDOW_WEEKS + 1)}, schema={"age": pl.Int64})
    asked = features.select("account_id", "entity_id", pl.col("week").alias("judged"))
    return (
        known.join(ages, how="cross")
        .with_columns((pl.col("week") + pl.duration(days=7 * pl.col("age"))).cast(pl.Date).alias("judged"))
        .join(asked, on=["account_id", "entity_id", "judged"], how="semi")
        .with_columns((WINDOW_WEEKS - pl.col("age")).alias("time"))
        .drop("age")
        .sort("judged", "account_id", "entity_id", "time")
    )


def expect(rows: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    """Expect a metric in the judged week of each window.

    Args:
        rows: what `windows` returned.
        metric: what to expect. A count is learnt as log((count + 0.5) / exposure), whose noise is 1 / (count + 0.5).

    Returns:
        The judged rows that are usable, with `expected` (of the level, or of the count given its exposure),
        `level_variance`, `scatter_variance` (both of the logarithm), `points` (weeks learnt from) and `degrees`.
    """
    rows = rows.filter(metric.usable).with_columns(metric.value().log().alias("value"), metric.noise().alias("noise"))
    if rows.is_empty():
        extra = ("expected", "level_variance", "scatter_variance", "points", "degrees")
        return rows.drop("value", "noise").with_columns(pl.lit(0.0).alias(name) for name in extra)
    window = pl.struct("judged", "account_id")
    series = rows.select(pl.struct("judged", "account_id", "entity_id").rle_id()).to_series()
    panel = Panel(
        series=series.to_numpy().astype(np.int64),
        time=rows["time"].to_numpy(),
        pool=rows.select(window.rle_id()).to_series().to_numpy().astype(np.int64),
        value=rows["value"].to_numpy(),
        noise=rows["noise"].to_numpy(),
        unit=np.ones(rows.height),
        slots=np.zeros((rows.height, 0), dtype=np.int64),
    )
    found = forecast(panel)
    exposure = pl.lit(1.0) if metric.exposure is None else metric.exposure
    return (
        rows.with_columns(
            (pl.Series(found.mean).exp() * exposure).alias("expected"),
            pl.Series("level_variance", found.level_variance),
            pl.Series("scatter_variance", found.scatter_variance),
            pl.Series("points", found.points),
            pl.Series("degrees", found.degrees),
        )
        .filter(pl.col("time") == WINDOW_WEEKS)
        .drop("value", "noise")
    )
