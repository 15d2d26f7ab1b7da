"""Windows of days that end with a week: 7, the 7 before, 14 and 30 days up to its last known day (seed 002, corrected).

Seed 002 took rows for days, so that an ad set's "last day" was one ad's row; here rows are added up to the entity
first, and every window counts calendar days. Cost, click rate and return are ratios of sums; no result has no cost.
"""

import polars as pl

WINDOWS = ("7d", "prev_7d", "14d", "30d")
TRENDS = ("spend", "impressions", "results", "ctr", "cpm", "cpr", "roas")
LONGEST_DAYS = 30
LAST_OF_WEEK = 6
FEWEST_DAYS = 2
"""Days that a volatility, and weekdays that a best and a worst one, need."""

ENTITY = ["account_id", "entity_id"]
SERIES = [*ENTITY, "result_family"]
WHOLE = ("impressions", "clicks", "inline_link_clicks", "valued", "active", "with_results")
SUMS = ("spend", "results", "value", *WHOLE)
WEEKDAYS = range(7)


def entity_days(insights_daily: pl.DataFrame, level: str) -> pl.DataFrame:
    """Add ad-days up to the days of one level.

    Args:
        insights_daily: rows of `insights_daily`.
        level: campaign, adset or ad.

    Returns:
        account_id, entity_id, week, date, spend, impressions, clicks, inline_link_clicks; sorted.
    """
    keys = ["account_id", f"{level}_id", "week", "date"]
    sums = ("spend", "impressions", "clicks", "inline_link_clicks")
    added = insights_daily.group_by(keys).agg(exact_sum(c) for c in sums)
    return added.rename({f"{level}_id": "entity_id"}).sort(*ENTITY, "date")


def exact_sum(name: str) -> pl.Expr:
    """A sum, of fractions to twelve digits: how threads and moving windows add must not show in the sixteenth."""
    total = pl.col(name).sum()
    return total if name in WHOLE else total.round_sig_figs(12)


def day_windows(days: pl.DataFrame, results_daily: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Compute the windows of the asked weeks.

    Args:
        days: from `entity_days`; five weeks before an asked one should be there.
        results_daily: rows of `results_daily` of the same level.
        asked: (account_id, entity_id, week, result_family, is_complete), one row an entity and week; all windows count
            the results of that week's family.

    Returns:
        account_id, entity_id, week, as_of and the window columns of `DayFeatures` up to `worst_weekday`. Windows end on
        Sunday; where a week is not complete, on the newest day that the account has in it. A week of which the account
        has no days has no row.
    """
    ends = _ends(days, asked)
    asked = asked.join(ends, on=["account_id", "week"], how="inner").drop("is_complete")
    parts = []
    for (shift,), rows in asked.group_by("shift"):
        mine = days if shift == 0 else days.join(rows.select("account_id").unique(), on="account_id", how="semi")
        parts.append(_windows(_facts(mine, results_daily, rows, int(str(shift))), rows))
    if not parts:
        parts = [_windows(_facts(days, results_daily, asked, 0), asked)]
    return pl.concat(parts)


def _ends(days: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Last day of the windows of each account and week, and how many days before Sunday that is."""
    newest = days.group_by("account_id", "week").agg(pl.col("date").max().alias("newest"))
    complete = asked.group_by("account_id", "week").agg(pl.col("is_complete").all())
    sunday = pl.col("week").dt.offset_by(f"{LAST_OF_WEEK}d")
    return complete.join(newest, on=["account_id", "week"], how="inner").select(
        "account_id",
        "week",
        pl.when("is_complete").then(sunday).otherwise("newest").alias("as_of"),
        pl.when("is_complete").then(0).otherwise((sunday - pl.col("newest")).dt.total_days()).alias("shift"),
    )


def _facts(days: pl.DataFrame, results_daily: pl.DataFrame, asked: pl.DataFrame, shift: int) -> pl.DataFrame:
    """Days of each asked entity and family, moved by `shift` days so that every window ends on a Sunday."""
    found = results_daily.select(*SERIES, "date", "results", pl.col("result_value").alias("value"))
    spent = pl.col("spend") > 0
    return (
        days.drop("week")
        .join(asked.select(SERIES).unique(), on=ENTITY, how="inner")
        .join(found, on=[*SERIES, "date"], how="left")
        .with_columns(
            pl.col("results").fill_null(0.0),
            pl.col("value").is_not_null().cast(pl.Int64).alias("valued"),
            pl.col("value").fill_null(0.0),
            (pl.col("impressions") > 0).cast(pl.Int64).alias("active"),
            (pl.col("results") > 0).cast(pl.Int64).alias("with_results"),
            pl.when(spent).then("spend").alias("spend_day"),
            pl.when(spent).then(pl.col("results") ** 2 / pl.col("spend")).otherwise(0.0).alias("results2"),
            pl.when(pl.col("impressions") > 0)
            .then(pl.col("clicks") ** 2 / pl.col("impressions"))
            .otherwise(0.0)
            .alias("clicks2"),
            pl.col("date").dt.weekday().alias("weekday"),
            pl.col("date").dt.offset_by(f"{shift}d").alias("day"),
        )
        .sort(*SERIES, "day")
    )


def _windows(facts: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    weekly = facts.group_by(*SERIES, pl.col("day").dt.truncate("1w").alias("week")).agg(exact_sum(c) for c in SUMS)
    before = weekly.with_columns(pl.col("week").dt.offset_by("1w"))
    keys = [*SERIES, "week"]
    frame = asked.select(*keys, "as_of")
    for window, sums in (("7d", weekly), ("prev_7d", before)):
        named = sums.select(*keys, *[pl.col(c).alias(f"{c}_{window}") for c in SUMS])
        frame = frame.join(named, on=keys, how="left", maintain_order="left")
        frame = frame.with_columns(pl.col(f"{c}_{window}").fill_null(0) for c in SUMS)
    frame = frame.with_columns((pl.col(f"{c}_7d") + pl.col(f"{c}_prev_7d")).alias(f"{c}_14d") for c in SUMS)
    frame = frame.join(_month(facts), on=keys, how="left", maintain_order="left")
    ratios = [r for window in WINDOWS for r in _ratios(window)]
    frame = frame.with_columns(*ratios, *_conversion("7d"), *_conversion("30d")).with_columns(
        _ratio("spend_7d", "clicks_7d").alias("cpc_7d"),
        pl.col("active_7d").alias("days_active_7d"),
        pl.col("with_results_7d").alias("days_with_results_7d"),
        pl.col("active_30d").alias("days_active_30d"),
        pl.col("with_results_30d").alias("days_with_results_30d"),
        _ratio("spend_30d", "active_30d").alias("avg_daily_spend_30d"),
        *[_trend(m).alias(f"{m}_trend_pct") for m in TRENDS],
    )
    dropped = [c for c in frame.columns if c.startswith(("active_", "with_results_", "valued_", "value_", "clicks_"))]
    return frame.drop(*dropped, *[c for c in frame.columns if c.startswith("inline_link_clicks_")], "result_family")


def _month(facts: pl.DataFrame) -> pl.DataFrame:
    """The 30 days up to each Sunday: sums, volatilities, best and worst weekday."""
    by_weekday = [
        pl.when(pl.col("weekday") == k + 1).then(c).otherwise(0.0).alias(f"{c}_{k}")
        for c in ("spend", "results")
        for k in WEEKDAYS
    ]
    first = LONGEST_DAYS - 1 - LAST_OF_WEEK
    many = pl.len() >= FEWEST_DAYS
    sums = facts.with_columns(by_weekday).group_by_dynamic(
        "day", every="1w", period=f"{LONGEST_DAYS}d", offset=f"-{first}d", group_by=SERIES
    )
    rows = sums.agg(
        *[exact_sum(c).alias(f"{c}_30d") for c in SUMS],
        pl.when(pl.col("spend_day").count() >= FEWEST_DAYS)
        .then(pl.col("spend_day").std(ddof=0) / pl.col("spend_day").mean())
        .alias("spend_volatility_30d"),
        pl.when(many).then(_spread("clicks2", "clicks", "impressions")).alias("ctr_volatility_30d"),
        pl.when(many).then(_spread("results2", "results", "spend")).alias("cpr_volatility_30d"),
        *[exact_sum(f"{c}_{k}") for c in ("spend", "results") for k in WEEKDAYS],
    )
    best, worst = _weekdays()
    rows = rows.with_columns(
        pl.col("day").dt.offset_by(f"{first}d").alias("week"), best.alias("best_weekday"), worst.alias("worst_weekday")
    )
    return rows.drop("day", *[f"{c}_{k}" for c in ("spend", "results") for k in WEEKDAYS])


def _spread(squares: str, counted: str, exposure: str) -> pl.Expr:
    """Standard deviation / mean of the rate counted / exposure over days, weighed by exposure."""
    total = exact_sum(counted)
    relative = exact_sum(squares) * exact_sum(exposure) / total**2 - 1
    return pl.when(total > 0).then(relative.clip(lower_bound=0.0).sqrt())


def _weekdays() -> tuple[pl.Expr, pl.Expr]:
    """Cheapest and dearest weekday: one without spend is neither, one without results is never the cheapest."""
    infinite = 1e300
    costs = []
    for k in WEEKDAYS:
        spend, results = pl.col(f"spend_{k}"), pl.col(f"results_{k}")
        # Without results the one that spent more is the dearer: larger than any cost, and ordered by spend.
        cost = pl.when(results > 0).then(spend / results).otherwise(infinite * (1 - 1 / (1 + spend)))
        costs.append(pl.when(spend > 0).then(cost))
    enough = pl.sum_horizontal(c.is_not_null().cast(pl.Int64) for c in costs) >= FEWEST_DAYS
    some = pl.any_horizontal(pl.col(f"results_{k}") > 0 for k in WEEKDAYS)
    listed = pl.concat_list(costs)
    known = pl.when(enough & some)
    return known.then(listed.list.arg_min().cast(pl.Int64)), known.then(listed.list.arg_max().cast(pl.Int64))


def _ratios(window: str) -> list[pl.Expr]:
    return [
        (_ratio(f"clicks_{window}", f"impressions_{window}") * 100).alias(f"ctr_{window}"),
        (_ratio(f"spend_{window}", f"impressions_{window}") * 1000).alias(f"cpm_{window}"),
        _ratio(f"spend_{window}", f"results_{window}").alias(f"cpr_{window}"),
        pl.when(pl.col(f"valued_{window}") > 0)
        .then(_ratio(f"value_{window}", f"spend_{window}"))
        .alias(f"roas_{window}"),
    ]


def _conversion(window: str) -> list[pl.Expr]:
    rate = _ratio(f"results_{window}", f"inline_link_clicks_{window}") * 100
    return [rate.alias(f"conversion_rate_{window}")]


def _ratio(top: str, bottom: str) -> pl.Expr:
    return pl.when(pl.col(bottom) > 0).then(pl.col(top) / pl.col(bottom))


def _trend(metric: str) -> pl.Expr:
    now, before = pl.col(f"{metric}_7d"), pl.col(f"{metric}_prev_7d")
    return pl.when(before != 0).then((now - before) / before * 100)
