"""What foretells a dearer result: metrics of a week beside the cost one and two weeks later.

The cost of the later week is held against the baseline of the earlier one, weeks without results included (half a
result stands in for none); seed 000 took the change from one week to the next, which falls back to the mean by itself,
and left out the weeks that collapsed.
"""

import numpy as np
import polars as pl
from scipy import special

from insights_assets.analytics.shares import FIGURE, NORMAL_95, TOLD, with_interval

LEADS = (1, 2)
METRICS = (
    *("frequency", "frequency_delta_pct", "ctr", "ctr_delta_pct", "cpc_delta_pct", "cpm_delta_pct"),
    *("reach_growth_pct", "spend_change_pct", "frequency_slope_pct", "ctr_slope_pct"),
)
DEARER = 1.2
LEAST_PAIRS = 80
"""Twenty a quartile."""
SHARED_WEEKS = 4
"""Pairs of an entity share their baseline of four weeks, so four count as one independent pair."""
QUARTILES = 4
KEY = ["account_id", "entity_id", "week"]
GROUP = ["account_id", "level"]


def lead_lag(rows: pl.DataFrame) -> pl.DataFrame:
    """Relate each metric to the cost of later weeks, by quartile and by rank correlation (Spearman).

    Args:
        rows: whole weeks of features (account_id, level, entity_id, week, spend, results, cpr_baseline_pooled and the
            metrics); the last of them have no later weeks and take no part.

    Returns:
        account_id, level, kind (lead_lag_quartile, correlation), subject (the metric), detail (1 to 4, or '-'),
        lead_weeks, value, lo_95, hi_95, baseline, cases, base, p_value.
    """
    parts = []
    for lead in LEADS:
        later = rows.select(
            *KEY[:2],
            pl.col("week").dt.offset_by(f"-{lead}w"),
            (pl.col("spend") / pl.max_horizontal("results", pl.lit(0.5))).alias("later_cost"),
        )
        pairs = rows.join(later, on=KEY, how="inner").filter(pl.col("cpr_baseline_pooled") > 0)
        pairs = pairs.with_columns((pl.col("later_cost") / pl.col("cpr_baseline_pooled")).alias("ratio"))
        long = pairs.unpivot(on=list(METRICS), index=[*GROUP, "ratio"], variable_name="subject", value_name="x")
        long = long.filter(pl.col("x").is_not_null() & pl.col("x").is_finite())
        by = [*GROUP, "subject"]
        long = long.filter(pl.len().over(by) >= LEAST_PAIRS)
        quartile = ((pl.col("x").rank("ordinal").over(by) - 1) * QUARTILES // pl.len().over(by) + 1).cast(pl.String)
        dearer = pl.col("ratio") > DEARER
        counts = (
            long.with_columns(quartile.alias("detail"), dearer.mean().over(by).alias("baseline"))
            .group_by(*by, "detail")
            .agg(
                dearer.sum().cast(pl.Int64).alias("cases"),
                pl.len().cast(pl.Int64).alias("base"),
                pl.col("baseline").first(),
            )
            .with_columns(pl.lit("lead_lag_quartile").alias("kind"), pl.lit(lead, dtype=pl.Int64).alias("lead_weeks"))
        )
        parts += [with_interval(counts, shared=SHARED_WEEKS), _correlations(long, lead).select(*FIGURE, *TOLD)]
    return pl.concat(parts)


def _correlations(long: pl.DataFrame, lead: int) -> pl.DataFrame:
    """Rank correlations with Fisher's interval, for as many independent pairs as there are."""
    rows = long.group_by(*GROUP, "subject").agg(
        pl.corr("x", "ratio", method="spearman").alias("value"), pl.len().cast(pl.Int64).alias("cases")
    )
    rows = rows.filter(pl.col("value").is_not_nan() & pl.col("value").is_not_null())
    r = np.clip(rows["value"].to_numpy(), -0.999999, 0.999999)
    error = 1 / np.sqrt(np.maximum(rows["cases"].to_numpy() / SHARED_WEEKS - 3, 1.0))
    z = np.arctanh(r)
    return rows.with_columns(
        pl.lit("correlation").alias("kind"),
        pl.lit("-").alias("detail"),
        pl.lit(lead, dtype=pl.Int64).alias("lead_weeks"),
        pl.lit(0.0).alias("baseline"),
        pl.col("cases").alias("base"),
        pl.Series("lo_95", np.tanh(z - NORMAL_95 * error)),
        pl.Series("hi_95", np.tanh(z + NORMAL_95 * error)),
        pl.Series("p_value", 2 * special.ndtr(-np.abs(z) / error)),
    )
