"""What a backfill has to do: the partitions whose step is missing, stale or red.

Belongs here: reading `sync_log` and `check_results` into a plan; pure. Does not belong: running it (`backfill.py`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from insights_assets.partitions import DAYS, SETTLED_AFTER_DAYS
from insights_assets.tables.operations import SCHEMA_CHECK

# step -> (upstream step, weeks looked back): when an upstream week is newer, the derived week is stale.
UPSTREAM: Mapping[str, tuple[tuple[str, int], ...]] = {
    "offline_conversions": (("offline_files", 0),),
    "results_daily": (("insights_daily", 0), ("adsets", 0)),
    "results_weekly": (("results_daily", 0),),
    "features_ad": (("insights_weekly_ad", 11), ("results_weekly", 11), ("insights_daily", 11)),
    "anomalies_ad": (("features_ad", 12), ("adsets", 12)),
    "burnout_weeks": (("features_ad", 0), ("insights_weekly_ad", 0), ("insights_daily", 0)),
    "burnout_predictions": (("features_ad", 0), ("burnout_weeks", 0)),
    "ad_lifecycle": (("burnout_weeks", 0),),
}

# A run's memory grows with its ads and weeks. 600 ads x 52 weeks took 1,400 MB in one run, 625 MB in runs of 4 weeks,
# 601 MB in runs of 2 (benchmarks/memory.py); 50 ads x 52 weeks are two runs and 70-odd requests.
MOST_AD_WEEKS = 1_700
# Until an account's ads are known, a run is no longer than this.
WEEKS_UNKNOWN = 13

Partition = tuple[str, date]
Finished = Mapping[tuple[str, str, date], datetime]


@dataclass(frozen=True)
class Block:
    """Unbroken weeks of one account and the steps to run on them."""

    account_id: str
    weeks: tuple[date, ...]
    steps: tuple[str, ...]


def finished(sync_log: pl.DataFrame, check_results: pl.DataFrame) -> Finished:
    """When each (step, account, week) last succeeded and was judged good since.

    A run that died between its write and its check has not finished: its rows were never judged.
    """
    done = (
        sync_log.filter(pl.col("status") == "ok")
        .group_by("step", "account_id", "week")
        .agg(pl.col("finished_at").max())
    )
    good = check_results.filter("passed", check_name=SCHEMA_CHECK).select(
        pl.col("table_name").alias("step"), "account_id", "week", "observed_at"
    )
    kept = done.join(good, on=["step", "account_id", "week"]).filter(pl.col("observed_at") >= pl.col("finished_at"))
    return {(s, a, w): at for s, a, w, at in kept.select("step", "account_id", "week", "finished_at").iter_rows()}


def is_done(week: date, synced_at: datetime | None, *, zone: str, now: datetime, refresh_after_h: float) -> bool:
    """Whether a raw week needs no new sync: settled when it was synced, or synced not long ago."""
    if synced_at is None:
        return False
    settled_day = week + timedelta(days=DAYS + SETTLED_AFTER_DAYS)
    settles_at = datetime.combine(settled_day, time.min, ZoneInfo(zone)).astimezone(UTC)
    return synced_at >= settles_at or now - synced_at < timedelta(hours=refresh_after_h)


def raw_blocks(
    zones: Mapping[str, str],
    weeks: Sequence[date],
    steps: Sequence[str],
    done: Finished,
    *,
    now: datetime,
    refresh_after_h: float,
    force: bool,
) -> list[Block]:
    """Blocks of raw weeks to sync, account by account in the order given."""
    blocks = []
    for account_id, zone in zones.items():
        missing: dict[date, list[str]] = {}
        for week in weeks:
            lacking = [
                step
                for step in steps
                if force
                or not is_done(
                    week, done.get((step, account_id, week)), zone=zone, now=now, refresh_after_h=refresh_after_h
                )
            ]
            if lacking:
                missing[week] = lacking
        for stretch in stretches(sorted(missing)):
            wanted = {step for week in stretch for step in missing[week]}
            blocks.append(Block(account_id, stretch, tuple(s for s in steps if s in wanted)))
    return blocks


def sized(blocks: Sequence[Block], ads: Mapping[str, int]) -> list[Block]:
    """Cut blocks that would take too much memory; the newest weeks first, for they matter most.

    Args:
        blocks: blocks of one account each.
        ads: number of ads that run at the same time, by account; a missing account's is not known.
    """
    parts = []
    for block in blocks:
        known = ads.get(block.account_id)
        most = WEEKS_UNKNOWN if known is None else max(1, MOST_AD_WEEKS // max(1, known))
        count = -(-len(block.weeks) // most)
        size = -(-len(block.weeks) // count)
        cuts = [block.weeks[max(0, end - size) : end] for end in range(len(block.weeks), 0, -size)]
        parts += [Block(block.account_id, weeks, block.steps) for weeks in cuts]
    return parts


def rectangles(blocks: Sequence[Block], order: Sequence[str], *, at_most: int) -> list[list[Block]]:
    """Group blocks with equal weeks whose accounts are neighbours in partition order: a range run is a rectangle."""
    position = {name: i for i, name in enumerate(order)}
    groups: list[list[Block]] = []
    for block in sorted(blocks, key=lambda b: (b.weeks, position[b.account_id])):
        last = groups[-1] if groups else []
        if (
            last
            and len(last) < at_most
            and last[-1].weeks == block.weeks
            and position[block.account_id] == position[last[-1].account_id] + 1
        ):
            last.append(block)
        else:
            groups.append([block])
    return groups


def stale_weeks(
    account_id: str, weeks: Sequence[date], steps: Collection[str], done: Finished, *, force: bool
) -> list[date]:
    """Weeks of an account with a derived step that is missing or older than what it was made from."""
    return [
        week
        for week in weeks
        if any(force or _is_stale(step, account_id, week, done) for step in steps if step in UPSTREAM)
    ]


def stretches(weeks: Sequence[date]) -> Iterator[tuple[date, ...]]:
    """Split sorted Mondays into unbroken stretches."""
    start = 0
    for i in range(1, len(weeks) + 1):
        if i == len(weeks) or weeks[i] - weeks[i - 1] != timedelta(days=DAYS):
            yield tuple(weeks[start:i])
            start = i


def _is_stale(step: str, account_id: str, week: date, done: Finished) -> bool:
    own = done.get((step, account_id, week))
    if own is None:
        return True
    for upstream, lookback in UPSTREAM[step]:
        for back in range(lookback + 1):
            source = done.get((upstream, account_id, week - timedelta(weeks=back)))
            if source is not None and source > own:
                return True
    return False
