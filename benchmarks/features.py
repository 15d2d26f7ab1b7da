"""Features and anomalies of three levels for a fleet: time and memory, beside the same features week by week.

`python benchmarks/features.py [accounts weeks ads]`; 174 52 50 when not told.
"""

import resource
import sys
import time

from benchmarks.fleet import LEVELS, adset_rows, daily_rows, result_rows, weekly_rows
from insights_assets.analytics.features import entity_features


def main(accounts: int, weeks: int, ads: int) -> None:
    daily = daily_rows(accounts, weeks, ads)
    by_week, by_day = result_rows(daily, weekly=True), result_rows(daily, weekly=False)
    weekly, adsets = weekly_rows(daily), adset_rows(daily)
    daily = daily.drop("results")
    mondays = daily["week"].unique().sort().to_list()
    print(f"{accounts} accounts x {weeks} weeks x {ads} ads: {daily.height:,} ad-days; inputs made, {peak()}")
    total = 0.0
    for level in LEVELS:
        begin = time.perf_counter()
        rows = entity_features(level, weekly[level], by_week, daily, by_day, mondays, adsets=adsets)
        took = time.perf_counter() - begin
        total += took
        print(f"  features_{level}: {rows.height:,} rows in {took:.1f} s, {peak()}")
    print(f"  features of three levels: {total:.1f} s")


def peak() -> str:
    return f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:]] or (174, 52, 50))
