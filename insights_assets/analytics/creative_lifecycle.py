"""Life of creatives: the ads that show one are one life (seed 000 took each creative's first anomaly for its death)."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from insights_assets.analytics.ad_lifecycle import ad_lifecycle
from insights_assets.tables.creative_lifecycle import CREATIVE_LIFECYCLE


def creative_lifecycle(ad_weeks: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `creative_lifecycle`.

    Args:
        ad_weeks: rows of `burnout_weeks` of all accounts up to the last week asked for; those without a creative are
            left out.
        weeks: Mondays asked for.
    """
    rows = ad_lifecycle(_creative_weeks(ad_weeks), weeks).rename({"ad_id": "creative_id"})
    return CREATIVE_LIFECYCLE.conform(rows.select(list(CREATIVE_LIFECYCLE.schema))).sort(CREATIVE_LIFECYCLE.key)


def _creative_weeks(ad_weeks: pl.DataFrame) -> pl.DataFrame:
    """All ads of a creative together, in the place of an ad; where one was not counted at the close, none is."""
    seen = pl.col("results_seen")
    group = ["account_id", "week", "creative_id", "result_family"]
    return (
        ad_weeks.filter(pl.col("creative_id").is_not_null())
        .sort(*group, "ad_id")
        .group_by(group, maintain_order=True)  # sums in the same order have the same last digit
        .agg(
            *(pl.col(c).sum() for c in ("spend", "impressions", "link_clicks", "results")),
            pl.when(seen.is_not_null().all()).then(seen.sum()),
            pl.lit(None, dtype=pl.Int64).alias("reach"),  # people do not add over ads
        )
        .with_columns(pl.col("creative_id").alias("ad_id"))
        .select(ad_weeks.columns)
    )
