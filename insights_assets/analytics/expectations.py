"""What an entity's week was expected to bring, from its 12 weeks before: the robust local level of each metric.

Every judged week has its own window, in which only the 12 calendar weeks before it are learnt from and entities of the
same account share what is typical of a scatter. So a week comes out the same whether it is judged alone or with others.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from insights_assets.analytics.local_level import forecast
from insights_assets.analytics.series_panel import Forecasts, Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

WINDOW_WEEKS = 12
POINTS_AT_ONCE = 100_000
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
        of_budget: whether the level is divided by the budget of its week.
    """

    name: str
    usable: pl.Expr
    level: pl.Expr | None = None
    count: pl.Expr | None = None
    exposure: pl.Expr | None = None
    given_noise: pl.Expr | None = None
    of_budget: bool = False

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


@dataclass(frozen=True)
class Windows:
    """Windows of judged entity-weeks, as places in the rows: each row stands in up to thirteen of them.

    Attributes:
        rows: entity-weeks of any weeks, the judged ones included.
        row: of each place, its row.
        time: of each place, its week in the window: 12 is the judged one.
        series: of each place, the number of its window; the places of a window are together, in order of time.
        pool: of each place, the number of its account and judged week; not falling. Entities of an account share their
            scatter in a judged week: a metric is expected for all of a pool or for none.
        budget: of each place, the week's budget; 1 where the budget of a week of the window is not known.
    """

    rows: pl.DataFrame
    row: Ints
    time: Ints
    series: Ints
    pool: Ints
    budget: Floats

    def only(self, places: Flags) -> "Windows":
        """Some of the places."""
        names = ("row", "time", "series", "pool", "budget")
        return replace(self, **{name: getattr(self, name)[places] for name in names})

    def of_pools(self, pools: Ints) -> "Windows":
        """The windows of some pools."""
        asked = np.zeros(int(self.pool.max(initial=-1)) + 1, dtype=bool)
        asked[pools] = True
        return self.only(asked[self.pool])

    def judged(self) -> pl.DataFrame:
        """The rows of the judged weeks, with `row` and `pool`."""
        at = self.time == WINDOW_WEEKS
        row = pl.Series("row", self.row[at])
        return self.rows.select(pl.all().gather(row)).with_columns(row, pl.Series("pool", self.pool[at]))


def windows(features: pl.DataFrame, known: pl.DataFrame) -> Windows:
    """Find the windows of the judged rows.

    Args:
        features: rows to judge, distinct by account_id, entity_id, week.
        known: rows of any weeks, the judged ones included, with `budget` (null where it is not known).

    Returns:
        The windows, sorted by judged week, account, entity.
    """
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
    row, time, judged = (at[c].cast(pl.Int64).to_numpy() for c in ("row", "time", "judged"))
    series, pool = (_numbered(judged, at[c].cast(pl.Int64).to_numpy()) for c in ("series", "pool"))
    return Windows(known, row, time, series, pool, _budgets(known["budget"].cast(pl.Float64).to_numpy()[row], series))


def _numbered(*keys: Ints) -> Ints:
    """Number of each run of equal keys, from 0 on."""
    if not keys[0].size:
        return np.zeros(0, dtype=np.int64)
    new = np.zeros(keys[0].size, dtype=bool)
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return np.cumsum(new)


def _budgets(budget: Floats, series: Ints) -> Floats:
    """Budgets of the places; 1 in windows that lack one (nan)."""
    unknown = np.bincount(series, weights=np.isnan(budget))
    return np.where(unknown[series] > 0, 1.0, budget)


def expect(at: Windows, metric: Metric) -> pl.DataFrame:
    """Expect a metric in the judged week of each window.

    Args:
        at: the windows.
        metric: what to expect. A count is learnt as log((count + 0.5) / exposure), whose noise is 1 / (count + 0.5).

    Returns:
        The judged rows that are usable (`Windows.judged`), with `expected` (of the level, or of the count given its
        exposure), `level_variance`, `scatter_variance` (both of the logarithm), `points` (weeks learnt from),
        `degrees`, `noise`, `value` (what has a level).
    """
    exposure = pl.lit(1.0) if metric.exposure is None else metric.exposure
    facts = at.rows.select(
        usable=metric.usable.fill_null(value=False),
        value=metric.value().cast(pl.Float64),
        noise=metric.noise().cast(pl.Float64),
        exposure=exposure.cast(pl.Float64),
    )
    usable = at.only(facts["usable"].to_numpy()[at.row])
    value = facts["value"].gather(usable.row)
    if metric.of_budget:
        value = value / pl.Series(usable.budget)
    noise = facts["noise"].gather(usable.row).to_numpy()
    found = _forecast(usable, value.log().to_numpy(), noise)
    last = usable.time == WINDOW_WEEKS
    return usable.judged().with_columns(
        pl.Series("level_variance", found.level_variance[last]),
        pl.Series("scatter_variance", found.scatter_variance[last]),
        pl.Series("points", found.points[last]),
        pl.Series("degrees", found.degrees[last]),
        pl.Series("noise", noise[last]),
        value.filter(pl.Series(last)).alias("value"),
        pl.Series("expected", found.mean[last]).exp() * facts["exposure"].gather(usable.row[last]),
    )


def _forecast(at: Windows, value: Floats, noise: Floats) -> Forecasts:
    """Forecast the judged weeks, some pools at a time: what a step touches then stays in the processor's cache."""
    pool, series = _numbered(at.pool), _numbered(at.series)
    # A pool is never cut: a chunk begins where the pool begins that holds a multiple of the size.
    cuts = np.unique(np.searchsorted(pool, pool[::POINTS_AT_ONCE]))
    out = Forecasts(*(np.full(value.size, np.nan) for _ in range(5)))
    for first, last in pairwise([*cuts, value.size]):
        part = slice(first, last)
        panel = Panel(
            series=series[part] - series[first],
            time=at.time[part],
            pool=pool[part] - pool[first],
            value=value[part],
            noise=noise[part],
            unit=np.ones(last - first),
            slots=np.zeros((last - first, 0), dtype=np.int64),
        )
        out.put(part, forecast(panel, since=WINDOW_WEEKS))
    return out
