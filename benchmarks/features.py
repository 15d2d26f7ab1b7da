"""Features and anomalies of three levels for a fleet: time and memory, beside the same features week by week.

`python benchmarks/features.py [accounts weeks ads]`; 174 52 50 when not told.
"""

import resource
import sys
import time
from datetime import date, timedelta

import polars as pl

from benchmarks.fleet import LEVELS, adset_rows, daily_rows, result_rows, weekly_rows
from insights_assets.analytics.daily_anomalies import daily_anomalies
from insights_assets.analytics.features import entity_features
from insights_assets.analytics.maturity import entity_budgets
from insights_assets.analytics.rolling_days import entity_days
from insights_assets.analytics.weekly_anomalies import weekly_anomalies
from insights_assets.tables.entities import CAMPAIGNS

SLICE_WEEKS = 10
NO_CAMPAIGNS = CAMPAIGNS.empty()


def main(accounts: int, weeks: int, ads: int) -> None:
    daily = daily_rows(accounts, weeks, ads)
    by_week, by_day = result_rows(daily, weekly=True), result_rows(daily, weekly=False)
    weekly, adsets = weekly_rows(daily), adset_rows(daily)
    daily = daily.drop("results")
    mondays = daily["week"].unique().sort().to_list()
    print(f"{accounts} accounts x {weeks} weeks x {ads} ads: {daily.height:,} ad-days; inputs made, {peak()}")
    total, kept = 0.0, {}
    for level in LEVELS:
        begin = time.perf_counter()
        rows = entity_features(level, weekly[level], by_week, daily, by_day, mondays, adsets=adsets)
        took = time.perf_counter() - begin
        total += took
        print(f"  features_{level}: {rows.height:,} rows in {took:.1f} s, {peak()}")
        kept[level] = rows
    print(f"  features of three levels: {total:.1f} s")
    findings(kept, daily, by_day, adsets, mondays)
    week_by_week(weekly["ad"], by_week, daily, by_day, mondays, accounts)


def findings(
    features: dict[str, pl.DataFrame],
    daily: pl.DataFrame,
    by_day: pl.DataFrame,
    adsets: pl.DataFrame,
    mondays: list[date],
) -> None:
    weeks = days = 0.0
    for level, rows in features.items():
        begin = time.perf_counter()
        found = weekly_anomalies(rows, rows, entity_budgets(level, rows, adsets, NO_CAMPAIGNS))
        between = time.perf_counter()
        by_date = entity_days(daily, level)
        told = daily_anomalies(by_date, by_day.filter(pl.col("level") == level), rows, mondays, level=level)
        end = time.perf_counter()
        weeks, days = weeks + between - begin, days + end - between
        print(
            f"  anomalies_{level}: {found.height} by week in {between - begin:.1f} s, {told.height} by day in "
            f"{end - between:.1f} s, {peak()}"
        )
    print(f"  anomalies of three levels: {weeks:.1f} s by week, {days:.1f} s by day")


def week_by_week(
    weekly: pl.DataFrame,
    by_week: pl.DataFrame,
    daily: pl.DataFrame,
    by_day: pl.DataFrame,
    mondays: list[date],
    accounts: int,
) -> None:
    """The naive way: a run for each account and week, on a slice; scaled to all of them."""
    one = pl.col("account_id") == "act_1"
    mine = [f.filter(one) for f in (weekly, by_week, daily, by_day)]
    begin = time.perf_counter()
    for week in mondays[-SLICE_WEEKS:]:
        window = pl.col("week").is_between(week - timedelta(weeks=11), week)
        entity_features("ad", *(f.filter(window) for f in mine), [week])
    took = time.perf_counter() - begin
    scaled = took / SLICE_WEEKS * len(mondays) * accounts
    print(
        f"  features_ad, one account and week at a time: {took:.1f} s for {SLICE_WEEKS} weeks of one account, "
        f"{scaled:.0f} s scaled to all"
    )


def peak() -> str:
    return f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:]] or (174, 52, 50))
