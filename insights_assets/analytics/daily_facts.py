"""Days of entities beside their results, with numbers for names.

Days are joined, grouped and sorted a dozen times before a finding is left to be named: by three names each of these
takes several times as long as by one number.
"""

from dataclasses import dataclass

import polars as pl

ENTITY = ["account_id", "entity_id"]
NAMES = [*ENTITY, "result_family"]


@dataclass(frozen=True)
class DailyFacts:
    """Days of one level.

    Attributes:
        names: (series, account_id, entity_id, result_family), one row a series.
        days: (series, account, family, account_day, week, date, ...): each day of an entity once for each family that
            it had in some week, with the results of that family; the other columns are those of the days.
        own: those of `days` whose family is that of their own week.
    """

    names: pl.DataFrame
    days: pl.DataFrame
    own: pl.DataFrame

    def of_series(self, families: pl.DataFrame) -> pl.DataFrame:
        """Return the days of the series that `families` (account_id, entity_id, result_family) names."""
        asked = self.names.join(families, on=NAMES, how="semi")
        return self.days.join(asked, on="series", how="semi", maintain_order="left")


def daily_facts(days: pl.DataFrame, results_daily: pl.DataFrame, families: pl.DataFrame) -> DailyFacts:
    """Join days with the results of the families that count.

    Args:
        days: (account_id, entity_id, week, date, ...), one row an entity and day.
        results_daily: rows of `results_daily` of the level.
        families: (account_id, entity_id, result_family, week), distinct; days of other entities are left out.
    """
    names = families.select(NAMES).unique().sort(NAMES).with_row_index("series")
    names = names.with_columns(
        pl.col("account_id").rle_id().alias("account"), pl.col("result_family").rank("dense").alias("family")
    )
    counted = results_daily.join(names, on=NAMES).select("series", "date", "results", value="result_value")
    rows = (
        days.join(names, on=ENTITY)
        .drop(NAMES)
        .join(counted, on=["series", "date"], how="left")
        .with_columns(
            pl.col("results", "value").fill_null(0.0),
            (pl.col("account").cast(pl.Int64) * DAYS_APART + pl.col("date").to_physical()).alias("account_day"),
        )
        .sort("series", "date")
    )
    of_week = families.join(names, on=NAMES).select("series", "week")
    own = rows.join(of_week, on=["series", "week"], how="semi", maintain_order="left")
    return DailyFacts(names.drop("account", "family"), rows, own)


DAYS_APART = 1_000_000
"""More than there are days since 1970, so that an account and day have one number."""
