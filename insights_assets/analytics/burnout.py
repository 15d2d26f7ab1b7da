"""Burnout: how likely an ad becomes expensive one and two weeks ahead, by models that learn from the fleet's past."""

import polars as pl

from insights_assets.analytics.burnout_baseline import HORIZONS
from insights_assets.analytics.burnout_walk import pairs_of, walk

OUT = {"ad_id": pl.String, "week": pl.Date, "horizon_weeks": pl.Int64, "risk_score": pl.Float64}


def walk_forward(ad_weeks: pl.DataFrame) -> pl.DataFrame:
    """Predict burnout for every ad week with what was known when the week closed.

    An ad burns `h` weeks after week t when the cost per result (spend / final results) of week t+h exceeds 1.2 times
    the median of its weekly costs over the calendar weeks t-3 to t: the four that have closed when the prediction is
    made. Weeks without delivery do not count towards the median. A week with spend and no results is infinitely costly:
    it burns when it is the outcome, and pushes the median up when it is part of it. There is no label where the outcome
    week has no spend, fewer than two weeks make the median, or the median is infinite. A prediction is made all the
    same, for each row and horizon.

    What is known at the close of week t: spend, impressions, reach and clicks up to week t; `results` up to week t-4,
    whose last day is 28 days old by then; `results_seen` of weeks t-3 to t, divided by the share of final results
    that the account's and the fleet's first reports held in the settled weeks of the last half year. Models are fitted
    on outcomes up to week t-4.

    Args:
        ad_weeks: account_id, ad_id, week (Monday), spend, impressions, reach, link_clicks, results (final),
            results_seen (as first reported at the week's close), creative_id; one row per ad and week with delivery.

    Returns:
        ad_id, week, horizon_weeks (1, 2), risk_score (a calibrated probability in (0, 1), never null); sorted by
        ad_id, week and horizon.

    Raises:
        ValueError: A column is missing, a key is null or there twice, a week is not a Monday, or a number is negative,
            null or not finite.
    """
    if ad_weeks.is_empty() and ad_weeks.width:
        return pl.DataFrame(schema=OUT)
    pairs = pairs_of(ad_weeks)
    parts = [
        pairs.rows[fitted.rows].select(
            "ad_id",
            "week",
            pl.lit(h, dtype=pl.Int64).alias("horizon_weeks"),
            pl.Series("risk_score", fitted.risk),
        )
        for h in HORIZONS
        for fitted in walk(pairs, h)
    ]
    return pl.concat(parts).select(list(OUT)).sort("ad_id", "week", "horizon_weeks")
