"""Cost per result from the forecasts of spend and results: the ratio of the two, never a forecast of past ratios."""

import polars as pl

LEAST_RESULTS = 0.5
"""Expected results below which there is likely none, and so no cost of one."""

ONE_RESULT = 1.0
"""A cost exists only where there is a result: the interval's upper end takes at least one."""


def cost_per_result(
    spend_forecast: pl.DataFrame, results_forecast: pl.DataFrame, correlation: float | str = 0.0
) -> pl.DataFrame:
    """Divide a forecast of spend by one of results.

    The interval is recovered from those of both sides on logarithms (MOVER: Zou & Donner 2008): the squared distance
    of an end is the sum of the squared distances of the spend's end and the results' opposite end, less what both
    share.

    Args:
        spend_forecast: what `forecasts.forecast` returned for spend.
        results_forecast: the same for results, of the same series and dates.
        correlation: of the two forecasts' errors on logarithms, -1 to 1, or the name of a column of `spend_forecast`
            that has it. Results usually follow spend (above 0), which narrows the interval; 0 is the cautious choice.

    Returns:
        (unique_id, ds, mean, lo_80, hi_80, lo_95, hi_95) for the rows that both have, sorted; all null where fewer
        than 0.5 results are expected. Upper ends take at least one result (or the expected ones, where fewer).

    Raises:
        ValueError: A column is missing or the correlation is out of bounds.
    """
    for name, frame in (("spend", spend_forecast), ("results", results_forecast)):
        missing = [c for c in ("unique_id", "ds", "mean", *_ENDS) if c not in frame.columns]
        if missing:
            raise ValueError(f"cost_per_result: the forecast of {name} lacks {', '.join(missing)}.")
    if not isinstance(correlation, str) and not -1 <= correlation <= 1:
        raise ValueError(f"cost_per_result: correlation must be between -1 and 1, not {correlation}.")
    shared = pl.col(correlation) if isinstance(correlation, str) else pl.lit(correlation)
    both = spend_forecast.join(results_forecast, on=["unique_id", "ds"], suffix="_results").sort("unique_id", "ds")
    spend, results = pl.col("mean"), pl.col("mean_results")
    mean = spend / results
    ends = []
    for level in (80, 95):
        fewest = pl.max_horizontal(f"lo_{level}_results", pl.min_horizontal(pl.lit(ONE_RESULT), results))
        least, most = pl.col(f"lo_{level}"), pl.col(f"hi_{level}_results")
        down = _joined(_distance(least, spend), _distance(results, most), shared)
        up = _joined(_distance(spend, pl.col(f"hi_{level}")), _distance(fewest, results), shared)
        low = pl.when(least > 0).then(mean * (-down).exp()).otherwise(0.0)
        ends += [low.alias(f"lo_{level}"), (mean * up.exp()).alias(f"hi_{level}")]
    known = (results >= LEAST_RESULTS) & (spend > 0)
    columns = [pl.when(known).then(column) for column in (mean.alias("mean"), *ends)]
    return both.select("unique_id", "ds", *columns)


_ENDS = ("lo_80", "hi_80", "lo_95", "hi_95")


def _distance(low: pl.Expr, high: pl.Expr) -> pl.Expr:
    """Distance of two logarithms."""
    return (high / low).log()


def _joined(one: pl.Expr, other: pl.Expr, correlation: pl.Expr) -> pl.Expr:
    # Without a correlation two infinite distances join to an infinite one, not to none at all.
    shared = pl.when(correlation != 0).then(2 * correlation * one * other).otherwise(0.0)
    return (one**2 + other**2 - shared).clip(lower_bound=0.0).sqrt()
