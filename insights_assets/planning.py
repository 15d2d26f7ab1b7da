"""What a backfill has to do: the partitions whose step is missing, stale or red.

Belongs here: reading `sync_log` and `check_results` into a plan; pure. Does not belong: running it (`backfill.py`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from insights_assets.partitions import DAYS, SETTLED_AFTER_DAYS
from insights_assets.tables.operations import SCHEMA_CHECK

Partition = tuple[str, date]
Finished = Mapping[tuple[str, str, date], datetime]
Upstreams = Mapping[str, tuple[tuple[str, int], ...]]


@dataclass(frozen=True)
class Lineage:
    """What the graph says of its steps.

    `above`: each step's upstream steps and weeks looked back, upstream steps first. `pooled`: steps that read the
    partitions of every account, and what is made from them. `final_after`: steps that know nothing later than so long
    after their week's Monday (UTC); made after it, they stay as they are, however often their inputs are read again.
    `fleetwide`: steps that learn from all accounts before they tell of one; they read nothing pooled but each other.
    `bulky`: steps of many rows a partition, and what is made from them.
    """

    above: Upstreams
    pooled: frozenset[str] = frozenset()
    final_after: Mapping[str, timedelta] = field(default_factory=dict)
    fleetwide: frozenset[str] = frozenset()
    bulky: frozenset[str] = frozenset()

    def is_final(self, step: str, week: date, made_at: datetime) -> bool:
        """Whether a partition is made for good."""
        after = self.final_after.get(step)
        return after is not None and made_at >= datetime.combine(week, time.min, UTC) + after


@dataclass(frozen=True)
class Block:
    """Unbroken weeks of one account and the steps to run on them."""

    account_id: str
    weeks: tuple[date, ...]
    steps: tuple[str, ...]


def finished(
    sync_log: pl.DataFrame, check_results: pl.DataFrame, further: Mapping[str, Collection[str]] | None = None
) -> Finished:
    """When each (step, account, week) last succeeded and was judged since, its rows found good.

    A run that died between its write and its checks has not finished: its rows were never judged.

    Args:
        sync_log: rows of `sync_log`.
        check_results: rows of `check_results`.
        further: checks, by step, that judge it besides the schema's; they block nothing and write their verdicts in one
            commit, so one of them tells that all have judged.
    """
    partition = ["step", "account_id", "week"]
    done = sync_log.filter(pl.col("status") == "ok").group_by(partition).agg(pl.col("finished_at").max())
    verdicts = check_results.rename({"table_name": "step"})
    good = verdicts.filter("passed", check_name=SCHEMA_CHECK).select(*partition, judged_at="observed_at")
    kept = done.join(good, on=partition).filter(pl.col("judged_at") >= pl.col("finished_at"))
    for step, names in (further or {}).items():
        judged = verdicts.filter(pl.col("check_name").is_in(names), step=step)
        seen = judged.group_by(partition).agg(pl.col("observed_at").max())
        unseen = (
            kept.filter(step=step)
            .join(seen, on=partition, how="left")
            .filter((pl.col("observed_at") < pl.col("finished_at")) | pl.col("observed_at").is_null())
        )
        kept = kept.join(unseen, on=partition, how="anti")
    return {(s, a, w): at for s, a, w, at in kept.select(*partition, "finished_at").iter_rows()}


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


def stale_weeks(
    account_id: str, weeks: Sequence[date], steps: Collection[str], done: Finished, lineage: Lineage, *, force: bool
) -> list[date]:
    """Weeks of an account with a derived step that is missing, or older than what it is made from, or soon will be.

    Args:
        account_id: the account.
        weeks: Mondays asked for, in order.
        steps: derived steps asked for.
        done: when each partition was last made.
        lineage: what they are made from.
        force: every week is stale.
    """
    if force:
        return list(weeks)
    stale: set[tuple[str, date]] = set()
    for step in (s for s in lineage.above if s in steps):
        for week in weeks:
            own = done.get((step, account_id, week))
            if own is not None and lineage.is_final(step, week, own):
                continue
            if own is None or any(
                (source, seen) in stale or done.get((source, account_id, seen), own) > own
                for source, lookback in lineage.above[step]
                for seen in (week - timedelta(weeks=back) for back in range(lookback + 1))
            ):
                stale.add((step, week))
    return sorted({week for _, week in stale})


def newer_inputs(log: pl.DataFrame, steps: Sequence[str], weeks: Sequence[date], lineage: Lineage) -> pl.DataFrame:
    """Partitions of derived steps with an input that is newer than they are, over a whole fleet at once.

    Args:
        log: account_id, week, step, finished_at of successes: the steps' and their inputs'.
        steps: derived steps.
        weeks: Mondays to look at.
        lineage: what they are made from.

    Returns:
        account_id, week; distinct and sorted. A step that is not in the log counts as never made.
    """
    newest = log.group_by("step", "account_id", "week").agg(pl.col("finished_at").max())
    found = [log.select("account_id", "week").clear()]
    for step in steps:
        own = newest.filter(pl.col("step") == step).select("account_id", "week", pl.col("finished_at").alias("made_at"))
        inputs = [
            newest.filter(pl.col("step") == name)
            .select("account_id", "week", "finished_at")
            .join(pl.DataFrame({"later": range(back + 1)}), how="cross")
            .select("account_id", (pl.col("week") + pl.duration(weeks=pl.col("later"))).alias("week"), "finished_at")
            for name, back in lineage.above[step]
        ]
        stale = (
            pl.concat(inputs)
            .filter(pl.col("week").is_in(list(weeks)))
            .join(own, on=["account_id", "week"], how="left")
            .filter(pl.col("made_at").is_null() | (pl.col("finished_at") > pl.col("made_at")))
        )
        if step in lineage.final_after:
            final_at = pl.col("week").cast(pl.Datetime("us", "UTC")) + lineage.final_after[step]
            stale = stale.filter(pl.col("made_at").is_null() | (pl.col("made_at") < final_at))
        found.append(stale.select("account_id", "week"))
    return pl.concat(found).unique().sort("account_id", "week")


def spared(blocks: Sequence[Block], gone: Collection[Partition]) -> list[Block]:
    """The blocks without partitions that were deleted: forcing does not bring them back either."""
    return [
        Block(block.account_id, stretch, block.steps)
        for block in blocks
        for stretch in stretches([week for week in block.weeks if (block.account_id, week) not in gone])
    ]


def stretches(weeks: Sequence[date]) -> Iterator[tuple[date, ...]]:
    """Split sorted Mondays into unbroken stretches."""
    start = 0
    for i in range(1, len(weeks) + 1):
        if i == len(weeks) or weeks[i] - weeks[i - 1] != timedelta(days=DAYS):
            yield tuple(weeks[start:i])
            start = i
