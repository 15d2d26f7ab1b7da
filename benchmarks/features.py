"""Features and anomalies of three levels for a fleet: time and memory, beside the same features week by week.

`python benchmarks/features.py [accounts weeks ads]`; 174 52 50 when not told.
"""

import resource
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from benchmarks.fleet import LEVELS, adset_rows, daily_rows, result_rows, weekly_rows
from insights_assets.analytics.composition import parts_of
from insights_assets.analytics.daily_anomalies import daily_anomalies
from insights_assets.analytics.features import entity_features
from insights_assets.analytics.maturity import entity_budgets
from insights_assets.analytics.rolling_days import entity_days
from insights_assets.analytics.weekly_anomalies import FEATURE_COLUMNS, weekly_anomalies
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
    total, kept = Took(0, 0), {}
    for level in LEVELS:
        begin = Took.now()
        rows = entity_features(level, weekly[level], by_week, daily, by_day, mondays, adsets=adsets)
        took = Took.now() - begin
        total = total + took
        print(f"  features_{level}: {rows.height:,} rows in {took}, {peak()}")
        kept[level] = rows.select(FEATURE_COLUMNS)
        del rows
    print(f"  features of three levels: {total}")
    findings(kept, daily, by_day, adsets, mondays)
    week_by_week(weekly["ad"], by_week, daily, by_day, mondays, accounts)


def findings(
    features: dict[str, pl.DataFrame],
    daily: pl.DataFrame,
    by_day: pl.DataFrame,
    adsets: pl.DataFrame,
    mondays: list[date],
) -> None:
    weeks = days = Took(0, 0)
    for level, rows in features.items():
        begin = Took.now()
        made_of = parts_of(daily, by_day, level)
        found = weekly_anomalies(rows, rows, entity_budgets(level, rows, adsets, NO_CAMPAIGNS), made_of)
        between = Took.now()
        by_date = entity_days(daily, level)
        of_level = by_day.filter(pl.col("level") == level)
        told = daily_anomalies(by_date, of_level, rows, mondays, level=level, made_of=made_of)
        end = Took.now()
        weeks, days = weeks + (between - begin), days + (end - between)
        print(
            f"  anomalies_{level}: {found.height} by week in {between - begin}, {told.height} by day in "
            f"{end - between}, {peak()}"
        )
    print(f"  anomalies of three levels: {weeks} by week, {days} by day")


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
    begin = Took.now()
    for week in mondays[-SLICE_WEEKS:]:
        window = pl.col("week").is_between(week - timedelta(weeks=11), week)
        entity_features("ad", *(f.filter(window) for f in mine), [week])
    took = Took.now() - begin
    scaled = took.cpu / SLICE_WEEKS * len(mondays) * accounts
    print(
        f"  features_ad, one account and week at a time: {took} for {SLICE_WEEKS} weeks of one account, "
        f"{scaled:.0f} s of processors scaled to all"
    )


@dataclass(frozen=True)
class Took:
    """Seconds on the wall and of the processors: on a busy machine only the second says what the work costs."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Took":
        """Read both clocks."""
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, other: "Took") -> "Took":
        return Took(self.wall - other.wall, self.cpu - other.cpu)

    def __add__(self, other: "Took") -> "Took":
        return Took(self.wall + other.wall, self.cpu + other.cpu)

    def __str__(self) -> str:
        return f"{self.wall:.1f} s ({self.cpu:.1f} s of processors)"


def peak() -> str:
    return f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:]] or (174, 52, 50))
