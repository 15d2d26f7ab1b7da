"""The ledger of a table: values that a write is about to replace are written down first.

Belongs here: the order of the two commits and what a crash between them leaves (docs/adr/0010).
Does not belong here: what counts as a change (`analytics/restatements.py`, handed in).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from insights_assets.lake.store import Lake, Partition
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.model import Table


class Entries(Protocol):
    """Rows to add to the ledger, and rows of it that no stored value followed."""

    @property
    def added(self) -> pl.DataFrame:
        """New rows."""

    @property
    def withdrawn(self) -> pl.DataFrame:
        """Rows of a write that was cut short."""


Compare = Callable[[pl.DataFrame, pl.DataFrame, pl.DataFrame, Mapping[str, str], datetime], Entries]


@dataclass(frozen=True)
class Ledger:
    """Where overwritten values go and how they are found.

    `compare` takes stored rows, new rows, ledger rows of the partitions, time zones by account and the instant at
    which the new rows were read; `carry` brings over what a new row keeps of the stored one.
    """

    table: Table
    compare: Compare
    carry: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]

    def record(
        self,
        lake: Lake,
        previous: pl.DataFrame,
        current: pl.DataFrame,
        partitions: Collection[Partition],
        observed_at: datetime,
    ) -> int:
        """Write down what `current` changes; return how many values.

        The caller commits `current` afterwards. When it does not get that far, the rows stand without data behind
        them, and the next write of the partitions withdraws them before it adds its own.
        """
        known = within(read_range(lake, self.table, partitions), partitions)
        zones = dict(lake.read(ACCOUNTS).select("account_id", "timezone_name").iter_rows())
        entries = self.compare(previous, current, known, zones, observed_at)
        if entries.withdrawn.height:
            kept = known.join(entries.withdrawn, on=self.table.key, how="anti")
            lake.replace(self.table, pl.concat([kept, entries.added]), partitions)
        elif entries.added.height:
            lake.append(self.table, entries.added)
        return entries.added.height


def read_range(lake: Lake, table: Table, partitions: Collection[Partition]) -> pl.DataFrame:
    """Rows between the first and the last week of the partitions, of their accounts."""
    weeks = [week for _, week in partitions]
    return lake.read(table, accounts={a for a, _ in partitions}, since=min(weeks), until=max(weeks))


def within(rows: pl.DataFrame, partitions: Collection[Partition]) -> pl.DataFrame:
    """Rows of exactly the partitions."""
    schema = {name: rows.schema[name] for name in ("account_id", "week")}
    wanted = pl.DataFrame(list(partitions), schema=schema, orient="row")
    return rows.join(wanted, on=["account_id", "week"], how="semi", maintain_order="left")
