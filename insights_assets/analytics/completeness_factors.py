"""Factors that values of young days are made up by: an account's own completeness, pulled to the fleet's."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from insights_assets.tables.completeness import SETTLED_AGE
from insights_assets.tables.restatements import RESULTS_PREFIX

FLEET_RESULTS = 50.0
"""Results at which an account's own ratio counts as much as the fleet's: its standard error is then 7 % at most."""
FLEET_DAYS = 14.0
"""The same in days, for money and clicks: two weeks hold each weekday twice."""
NEAR_DAYS = 2
"""An age without evidence takes the one of a neighbour up to this far."""

CELL = ["week", "metric", "age_days"]


@dataclass(frozen=True)
class Factors:
    """How complete values are: factors of the accounts with evidence, and the fleet's for all others.

    Attributes:
        own: account_id, week, metric, age_days, factor.
        fleet: week, metric, age_days, fleet.
    """

    own: pl.DataFrame
    fleet: pl.DataFrame

    def of(self, accounts: Collection[str]) -> "Factors":
        """Keep what some accounts need."""
        return Factors(self.own.filter(pl.col("account_id").is_in(accounts)), self.fleet)


def shrunk(rows: pl.DataFrame) -> pl.DataFrame:
    """Pull each account's ratio towards the fleet's, the more so the less evidence it has of its own.

    The fleet's ratio weighs accounts by their evidence (results, or days for money and clicks), so currencies never
    add up.

    Args:
        rows: rows of `completeness`, every account of a week.

    Returns:
        The rows with evidence, fleet_ratio and factor = (evidence x ratio + k x fleet_ratio) / (evidence + k).
    """
    is_results = pl.col("metric").str.starts_with(RESULTS_PREFIX)
    k = pl.when(is_results).then(FLEET_RESULTS).otherwise(FLEET_DAYS)
    own, weight = pl.col("ratio") * pl.col("evidence"), pl.col("evidence")
    return (
        rows.with_columns(
            pl.when(is_results).then("final").otherwise(pl.col("days").cast(pl.Float64)).alias("evidence")
        )
        .with_columns((own.sum().over(CELL) / weight.sum().over(CELL)).alias("fleet_ratio"))
        .with_columns(((own + k * pl.col("fleet_ratio")) / (weight + k)).alias("factor"))
    )


def pooled_factors(rows: pl.DataFrame) -> Factors:
    """Make the factors of rows of `completeness`, every account of a week."""
    told = shrunk(rows.filter(pl.col("age_days") < SETTLED_AGE)).sort("age_days")
    fleet = told.unique(CELL, keep="first", maintain_order=True)
    return Factors(
        told.select("account_id", *CELL, "factor"), fleet.select(*CELL, pl.col("fleet_ratio").alias("fleet"))
    )


def completeness_factor(cells: pl.DataFrame, known: Factors) -> pl.DataFrame:
    """Say how complete values are: divide a value by its factor to expect its settled one.

    Args:
        cells: account_id, week (the week as of which is asked), metric, age_days, and whatever else is carried along.
        known: the factors of those weeks and accounts.

    Returns:
        `cells` with `factor`: 1 at age 28 and above; below, the account's own, shrunk to the fleet, or the fleet's
        alone; null where nobody has evidence within 2 days of that age.
    """
    numbered = cells.with_row_index("__cell__").sort("age_days")
    for source, by in ((known.own, ["account_id", "week", "metric"]), (known.fleet, ["week", "metric"])):
        numbered = numbered.join_asof(
            source, on="age_days", by=by, strategy="nearest", tolerance=NEAR_DAYS, coalesce=True, check_sortedness=False
        )
    settled = pl.when(pl.col("age_days") >= SETTLED_AGE).then(1.0)
    return (
        numbered.sort("__cell__")
        .with_columns(settled.otherwise(pl.coalesce("factor", "fleet")).alias("factor"))
        .drop("__cell__", "fleet")
    )
