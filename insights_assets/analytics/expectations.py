"""What an entity's week was expected to bring, from its 12 weeks before: the robust local level of each metric.

Every judged week has its own window, in which only the 12 calendar weeks before it are learnt from and entities of the
same account share what is typical of a scatter. So a week comes out the same whether it is judged alone or with others.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import polars as pl

from insights_assets.analytics.local_level import Forecasts, Panel, forecast

WINDOW_WEEKS = 12
ROWS_AT_ONCE = 100_000
THREADS = 2
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
        given_noise: variance of the value's logarithm that is known beforehand, where it is not counted.
    """

    name: str
    usable: pl.Expr
    level: pl.Expr | None = None
    count: pl.Expr | None = None
    exposure: pl.Expr | None = None
    given_noise: pl.Expr | None = None

    def value(self) -> pl.Expr:
        """What has a level: the level itself, or count (plus a half, for the logarithm's sake) / exposure."""
        if self.count is None or self.exposure is None:
            return pl.col(self.name) if self.level is None else self.level
        return (self.count + 0.5) / self.exposure

    def noise(self) -> pl.Expr:
        """Variance of the value's logarithm that counting alone makes."""
        if self.count is None:
            return pl.lit(0.0) if self.given_noise is None else self.given_noise
        return 1 / (self.count + 0.5)


def windows(features: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Unroll the windows of the judged rows.

    Args:
        features: rows to judge, distinct by account_id, entity_id, week.
        known: rows of any weeks, the judged ones included.

    Returns:
        Rows of `known` once for each judged week of their ad at most 12 weeks later, with `judged` (that week) and
        `time` (0 to 12; 12 is the judged week), `pool` (number of the account's judged week) and `series` (of the
        window); sorted by both and time.
    """
    # On numbers, and the columns last: names as keys of thirteen times the rows take five times as long.
    names = known.select(KEY[:2]).unique().sort(KEY[:2]).with_row_index("series")
    names = names.with_columns(pl.col("account_id").rle_id().alias("pool"))
    rows = known.select(KEY).with_row_index("row").join(names, on=KEY[:2], maintain_order="left")
    asked = features.select(*KEY[:2], pl.col("week").alias("judged")).join(names, on=KEY[:2])
    ages = pl.DataFrame({"age": range(WINDOW_WEEKS + 1)}, schema={"age": pl.Int64})
    at = (
        rows.select("row", "series", "pool", "week")
        .join(ages, how="cross")
        .with_columns((pl.col("week") + pl.duration(days=7 * pl.col("age"))).cast(pl.Date).alias("judged"))
        .join(asked.select("series", "judged"), on=["series", "judged"], how="semi")
        .with_columns((WINDOW_WEEKS - pl.col("age")).alias("time"))
        .sort("judged", "series", "time")
    )
    return known.select(pl.all().gather(at["row"])).with_columns(
        at["judged"],
        at["time"],
        at.select(pl.struct("judged", "pool").rle_id()).to_series().alias("pool"),
        at.select(pl.struct("judged", "series").rle_id()).to_series().alias("series"),
    )


def expect(rows: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    """Expect a metric in the judged week of each window.

    Args:
        rows: what `windows` returned.
        metric: what to expect. A count is learnt as log((count + 0.5) / exposure), whose noise is 1 / (count + 0.5).

    Returns:
        The judged rows that are usable, with `expected` (of the level, or of the count given its exposure),
        `level_variance`, `scatter_variance` (both of the logarithm), `points` (weeks learnt from), `degrees`, `noise`.
    """
    rows = rows.filter(metric.usable).with_columns(metric.value().log().alias("value"), metric.noise().alias("noise"))
    if rows.is_empty():
        extra = ("expected", "level_variance", "scatter_variance", "points", "degrees")
        return rows.drop("value").with_columns(pl.lit(0.0).alias(name) for name in extra)
    found = _forecast(rows)
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
        .drop("value")
    )


def _forecast(rows: pl.DataFrame) -> Forecasts:
    """Forecast the windows, some pools at a time: what a step touches then stays in the processor's cache."""
    pool, series = (rows[c].rle_id().to_numpy().astype(np.int64) for c in ("pool", "series"))
    time, value, noise = (rows[c].to_numpy() for c in ("time", "value", "noise"))
    # A pool is never cut: a chunk begins where the pool begins that holds a multiple of the size.
    cuts = np.unique(np.searchsorted(pool, pool[::ROWS_AT_ONCE]))

    def part(cut: tuple[int, int]) -> Forecasts:
        first, last = cut
        at = slice(first, last)
        return forecast(
            Panel(
                series=series[at] - series[first],
                time=time[at],
                pool=pool[at] - pool[first],
                value=value[at],
                noise=noise[at],
                unit=np.ones(last - first),
                slots=np.zeros((last - first, 0), dtype=np.int64),
            )
        )

    # numpy lets go of the interpreter in large operations.
    with ThreadPoolExecutor(THREADS) as pool_of_threads:
        parts = list(pool_of_threads.map(part, pairwise([*cuts, rows.height])))
    names = [f.name for f in fields(Forecasts)]
    return Forecasts(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
