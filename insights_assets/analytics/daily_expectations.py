"""What an entity's day was expected to bring: its 28 days before, its account's weekday, its account's scatter.

A rate (results per spend, clicks per impression) is expected as a ratio of sums over those days, spend and frequency as
the median of their logarithms; medians and quartiles, so that one wild day moves little. Everything is a window of
calendar days: a day comes out the same whether its week is judged alone or with others.
"""

import polars as pl

HISTORY_DAYS = 28
SEASON_WEEKS = 6
DAY = ["series", "date"]
RATES = {"cpr": ("results", "spend"), "ctr": ("clicks", "impressions")}
"""Metric -> (what is counted, what it is a rate of)."""
LOGS = ("spend", "frequency")

POOL_DAYS = 14.0
"""Days at which an entity's own scatter counts as much as its account's."""
FLOOR_SCALE = 0.05
SEASON_WEIGHT = 1.0
"""Weeks of no weekday effect that are assumed beside those seen: six say six sevenths of it."""
SEASON_COUNTS = 50.0
"""The same in counted things: a weekday's rate of 50 results is known to one in seven."""
NORMAL_QUARTILES = 1.349


def day_expectations(facts: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Add to each day what was expected of it.

    Args:
        facts: (series, account, family, account_day, week, date, spend, impressions, clicks, results, value,
            frequency), one row a series and day with delivery, named by numbers (`daily_facts`); frequency may be null.
        own: the same columns, each entity's day once, with the family of its own week: what is judged, and what the
            account's weekdays and scatter are learnt from.

    Returns:
        The rows of `facts` that `own` has, with `points` (days with spend among the 28 before), `{cpr,ctr}_rate`,
        `{cpr,ctr}_counted` (what the rate was made of), `{cpr,ctr}_scatter` (relative variance of the true rate from
        day to day), `value_rate`, `{spend,frequency}_log`, `{spend,frequency}_scatter`, `cpm_rate`, and the weekday
        factors `{cpr,ctr,spend}_season` (1 where not known).
    """
    rows = facts.with_columns(pl.col("date").dt.weekday().alias("weekday"))
    for season, by in seasons(own):
        rows = rows.join(season, on=by, how="left")
    ordered = rows.with_columns(pl.col(f"{m}_season").fill_null(1.0) for m in (*RATES, "spend")).sort(DAY)
    # What a weekday brings by itself is no scatter: the past is taken as if every day were an average one.
    ordered = ordered.with_columns(
        pl.when(pl.col("spend") > 0).then((pl.col("spend") / pl.col("spend_season")).log()).alias("spend_value"),
        pl.when(pl.col("frequency") > 0).then(pl.col("frequency").log()).alias("frequency_value"),
        *[(pl.col(of) * pl.col(f"{m}_season")).alias(f"{m}_given") for m, (_, of) in RATES.items()],
    ).with_columns(
        pl.when(pl.col(f"{m}_given") > 0)
        .then(pl.col(n) ** 2 / pl.col(f"{m}_given"))
        .otherwise(0.0)
        .alias(f"{m}_square")
        for m, (n, _) in RATES.items()
    )
    past = ordered.rolling("date", period=f"{HISTORY_DAYS}d", closed="left", group_by="series").agg(
        (pl.col("spend") > 0).sum().cast(pl.Int64).alias("points"),
        *[pl.col(c).sum().round_sig_figs(12).alias(f"{c}_sum") for c in ("spend", "results", "value")],
        *[pl.col(f"{m}_given").sum().round_sig_figs(12).alias(f"{m}_given_sum") for m in RATES],
        *[pl.col(c).sum().alias(f"{c}_sum") for c in ("impressions", "clicks")],
        *[pl.col(f"{m}_square").sum().round_sig_figs(12) for m in RATES],
        *[pl.col(f"{m}_value").median().alias(f"{m}_log") for m in LOGS],
        *[
            ((pl.col(f"{m}_value").quantile(0.75) - pl.col(f"{m}_value").quantile(0.25)) / NORMAL_QUARTILES).alias(
                f"{m}_spread"
            )
            for m in LOGS
        ],
    )
    rows = (
        ordered.join(own, on=[*DAY, "week"], how="semi")
        .drop([f"{m}_value" for m in LOGS] + [f"{m}_{x}" for m in RATES for x in ("square", "given")])
        .join(past, on=DAY, how="left", maintain_order="left")
        .with_columns(*[_rate(n, f"{m}_given").alias(f"{m}_rate") for m, (n, _) in RATES.items()])
        .with_columns(
            *[pl.col(f"{n}_sum").cast(pl.Float64).alias(f"{m}_counted") for m, (n, _) in RATES.items()],
            *[_excess(m, n, f"{m}_given").alias(f"{m}_own") for m, (n, _) in RATES.items()],
            *[(pl.col(f"{m}_spread") ** 2).alias(f"{m}_own") for m in LOGS],
            _rate("value", "spend").alias("value_rate"),
            (_rate("spend", "impressions") * 1000).alias("cpm_rate"),
        )
    )
    rows = rows.with_columns(_shrunk(m).alias(f"{m}_scatter") for m in (*RATES, *LOGS))
    dropped = [f"{c}_sum" for c in ("spend", "results", "value", "impressions", "clicks")]
    dropped += (
        [f"{m}_{x}" for m in RATES for x in ("square", "given_sum")]
        + [f"{m}_spread" for m in LOGS]
        + [f"{m}_own" for m in (*RATES, *LOGS)]
    )
    return rows.drop(*dropped, "weekday")


def seasons(facts: pl.DataFrame) -> list[tuple[pl.DataFrame, list[str]]]:
    """Weekday factors of each account and week, from the 6 weeks before it, with the columns to join them by.

    A factor is the weekday's rate (of spend: its mean) against that of all days, its logarithm shrunk for few weeks.
    """
    days = facts.with_columns(pl.col("date").dt.weekday().alias("weekday"))
    ages = pl.DataFrame({"age": range(1, SEASON_WEEKS + 1)}, schema={"age": pl.Int64})
    of_account = ["account", "week"]
    out = []
    for metric, (counted, exposure), extra in (
        ("cpr", RATES["cpr"], ["family"]),
        ("ctr", RATES["ctr"], []),
        ("spend", ("spend", None), []),
    ):
        by = ["account", *extra]
        sums = days.group_by(*by, "week", "weekday").agg(
            pl.col(counted).cast(pl.Float64).sum().alias("counted"),
            (pl.col(exposure).cast(pl.Float64).sum() if exposure else pl.lit(1.0)).alias("exposure"),
        )
        seen = (
            sums.join(ages, how="cross")
            .with_columns((pl.col("week") + pl.duration(days=7 * pl.col("age"))).cast(pl.Date).alias("week"))
            .join(facts.select(of_account).unique(), on=of_account, how="semi")
            .group_by(*by, "week", "weekday")
            .agg(pl.col("counted", "exposure").sum().round_sig_figs(12), pl.len().alias("weeks"))
        )
        group = [*by, "week"]
        whole = pl.col("counted").sum().over(group) / pl.col("exposure").sum().over(group)
        trust = pl.col("weeks") / (pl.col("weeks") + SEASON_WEIGHT)
        if exposure:
            trust = trust * pl.col("counted") / (pl.col("counted") + SEASON_COUNTS)
        ratio = pl.col("counted") / pl.col("exposure") / whole
        factor = pl.when(ratio > 0).then((ratio.log() * trust).exp()).otherwise(1.0).round_sig_figs(10)
        named = seen.with_columns(factor.alias(f"{metric}_season")).select(*group, "weekday", f"{metric}_season")
        out.append((named, [*group, "weekday"]))
    return out


def _rate(counted: str, exposure: str) -> pl.Expr:
    return pl.when(pl.col(f"{exposure}_sum") > 0).then(pl.col(f"{counted}_sum") / pl.col(f"{exposure}_sum"))


def _excess(metric: str, counted: str, exposure: str) -> pl.Expr:
    """Relative variance of the daily rate beyond what counting makes of it (DerSimonian & Laird's moments)."""
    total = pl.col(f"{counted}_sum")
    relative = pl.col(f"{metric}_square") * pl.col(f"{exposure}_sum") / total**2 - 1
    return pl.when((total > 0) & (pl.col("points") > 1)).then(relative - pl.col("points") / total)


def _shrunk(metric: str) -> pl.Expr:
    """An entity's own scatter and that of its account on the day, weighed by days; never below 5 %."""
    own, days = pl.col(f"{metric}_own"), pl.col("points").cast(pl.Float64)
    known = own.is_not_null()
    weight = pl.when(known).then(days).otherwise(0.0)
    pooled = (own.fill_null(0.0) * weight).sum().over("account_day") / weight.sum().over("account_day")
    pooled = pl.when(weight.sum().over("account_day") > 0).then(pooled).otherwise(FLOOR_SCALE**2)
    both = (own.fill_null(0.0) * weight + POOL_DAYS * pooled) / (weight + POOL_DAYS)
    return both.clip(lower_bound=FLOOR_SCALE**2).round_sig_figs(10)
