"""Compaction: many small files of an account become one, while others read and write.

A run of a step adds a file: after a week of daily refreshes an account has 7 in a table, hundreds in `sync_log`.
https://delta-io.github.io/delta-rs/usage/optimize/small-file-compaction-with-optimize/
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from insights_assets.lake.failures import told
from insights_assets.lake.locking import BusyError
from insights_assets.lake.patience import tries
from insights_assets.lake.store import WHOLE, Lake, LakeError
from insights_assets.tables.model import Table

SMALL_BYTES: Final = 32 << 20  # a fleet's largest account-year of days is some megabytes
TRIES: Final = 3
FIRST_PAUSE_S: Final = 0.5
# A commit each would make a log of thousands; all in one would lose everybody's work to one busy account.
ACCOUNTS_A_COMMIT: Final = 32
LOCK_WAIT_S: Final = 5.0


@dataclass(frozen=True)
class Compacted:
    """What was joined: files before and after, over the accounts that had many; sentences on those left as they are."""

    table: str
    accounts: int = 0
    files_before: int = 0
    files_after: int = 0
    skipped: tuple[str, ...] = field(default=())


def compact(lake: Lake, table: Table, *, from_files: int, dry_run: bool = False) -> Compacted:
    """Join small files of each account that has at least `from_files` of them.

    A writer of an account waits for the seconds of its compaction, or (in an object store) wins, and the compaction is
    tried again. What cannot be had now is left for the next time.
    """
    snapshot = lake.delta(table)
    many = {} if snapshot is None else crowded(table, snapshot, from_files)
    done = Compacted(table.name, len(many), sum(many.values()))
    if dry_run or not many:
        return replace(done, files_after=len(many))
    accounts, after, skipped = list(many), 0, []
    for start in range(0, len(accounts), ACCOUNTS_A_COMMIT):
        group = accounts[start : start + ACCOUNTS_A_COMMIT]
        if (left := _try(lake, table, group)) is None:
            continue
        # One account's trouble stays its own.
        refused = {a: left if len(group) == 1 else _try(lake, table, [a]) for a in group}
        skipped += [f"{table.name}{_of(a)} was left as it is: {why}" for a, why in refused.items() if why]
    snapshot = lake.delta(table)
    if snapshot is not None:
        now = files_of(table, snapshot)
        after = sum(now.get(account, 0) for account in accounts)
    return replace(done, files_after=after, skipped=tuple(skipped))


def crowded(table: Table, snapshot: DeltaTable, from_files: int) -> dict[str, int]:
    """Small files by account (an unpartitioned table is one), of those with at least `from_files`."""
    return {a: n for a, n in files_of(table, snapshot, below=SMALL_BYTES).items() if n >= from_files}


def files_of(table: Table, snapshot: DeltaTable, *, below: int | None = None) -> dict[str, int]:
    """Files by account, from the log alone; only those smaller than some bytes."""
    actions = pl.DataFrame(snapshot.get_add_actions(flatten=True))
    if actions.is_empty():
        return {}
    if below is not None:
        actions = actions.filter(pl.col("size_bytes") < below)
    account = pl.col("partition.account_id") if table.partitioned else pl.lit(WHOLE[0])
    counted = actions.group_by(account.cast(pl.String).alias("account_id")).len().sort("account_id")
    return dict(counted.iter_rows())


def _try(lake: Lake, table: Table, accounts: Sequence[str]) -> str | None:
    """Compact some accounts in one commit; None when that went well, else why not."""
    patient = replace(lake, write_wait_s=LOCK_WAIT_S)
    some = [("account_id", "in", list(accounts))] if table.partitioned else None
    for _ in tries(lake.sleep, TRIES, FIRST_PAUSE_S):
        try:
            with patient.lock(table, accounts):
                snapshot = lake.delta(table)
                if snapshot is not None:
                    snapshot.optimize.compact(partition_filters=some, max_concurrent_tasks=1)
        except CommitFailedError:
            continue
        except (DeltaError, OSError, BusyError, LakeError) as error:
            return told(error)
        else:
            return None
    return f"others wrote it {TRIES} times meanwhile"


def _of(account: str) -> str:
    return "" if account == WHOLE[0] else f" of {account}"
