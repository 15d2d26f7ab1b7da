"""Store judged rows: good ones land, bad ones go to quarantine, and the good row they would replace stays."""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from insights_assets.lake.ledger import Ledger, read_range, within
from insights_assets.lake.patience import COMMIT_TRIES, tries
from insights_assets.lake.store import Lake, LakeError, LostRaceError, Partition
from insights_assets.tables.model import REASON, Split, Table
from insights_assets.tables.operations import QUARANTINE


@dataclass(frozen=True)
class Stored:
    """What a write did: rows now in its partitions, refused, kept from before in their place; values restated."""

    rows: pl.DataFrame
    refused: int
    kept: int
    restated: int = 0


def store(
    lake: Lake,
    table: Table,
    frame: pl.DataFrame,
    partitions: Collection[Partition],
    now: datetime,
    *,
    ledger: Ledger | None = None,
    where: Mapping[str, Collection[str]] | None = None,
) -> Stored:
    """Replace partitions of a table by the good rows of a frame; with a ledger, write down what they overwrite.

    `where` narrows what is replaced to rows with one of these values: a table that several writers share.

    The quarantine is written first: a crash in between leaves a refused row reported and the old partition whole. Then
    the ledger, then the data (docs/adr/0010). Other processes of this machine wait: what is replaced is what was read.

    Raises:
        TypeError: wrong columns or types.  ValueError: rows outside the partitions.  Nothing is written in either case.
    """
    conformed = table.conform(frame)
    present = set(conformed.select("account_id", "week").unique().iter_rows())
    if stray := sorted(present - set(partitions), key=str):
        raise ValueError(f"table {table.name}: rows outside the run's partitions, e.g. {stray[0]}")
    split = table.split(conformed)
    accounts = {account for account, _ in partitions}
    with lake.lock(table, accounts):
        # Nearly every write refuses nothing where nothing was refused before: no commit to a table that all write.
        if split.bad.height or accounts & lake.accounts_of(QUARANTINE):
            refused = _quarantined(table, split.bad, now)
            lake.replace(QUARANTINE, refused, partitions, where={"table_name": [table.name]})
        for _ in tries(lake.sleep):
            try:
                return _replace(lake, table, split, partitions, now, ledger, where)
            except LostRaceError:  # on an object store, where nobody waits: what was read is not what is there now
                continue
    raise LakeError(f"Table {table.name}: {COMMIT_TRIES} commits lost against other writers.")


def _replace(
    lake: Lake,
    table: Table,
    split: Split,
    partitions: Collection[Partition],
    now: datetime,
    ledger: Ledger | None,
    where: Mapping[str, Collection[str]] | None,
) -> Stored:
    base = lake.delta(table)
    if base is None:
        lake.ensure([table])
        base = lake.delta(table)
    needed = partitions and (split.bad.height or ledger)
    previous = within(read_range(lake, table, partitions), partitions) if needed else table.empty()
    kept = previous.join(split.bad, on=table.key, how="semi").join(split.good, on=table.key, how="anti")
    rows = pl.concat([split.good, kept]).sort(table.key)
    restated = 0
    if ledger is not None and partitions:
        rows = ledger.carry(previous, rows)
        # One sync reads everything at one instant; an empty answer has no row to tell it.
        restated = ledger.record(lake, previous, rows, partitions, _read_at(split.good) or now)
    lake.replace(table, rows, partitions, where=where, base=base)
    return Stored(rows=rows, refused=split.bad.height, kept=kept.height, restated=restated)


def _read_at(fresh: pl.DataFrame) -> datetime | None:
    newest = fresh["observed_at"].max()
    return newest if isinstance(newest, datetime) else None


def _quarantined(table: Table, bad: pl.DataFrame, now: datetime) -> pl.DataFrame:
    rows = [
        {
            "account_id": row["account_id"],
            "week": row["week"],
            "table_name": table.name,
            "reason": row.pop(REASON),
            "row": json.dumps(_finite(row), default=_text, sort_keys=True, allow_nan=False),
            "observed_at": now,
        }
        for row in bad.to_dicts()
    ]
    return pl.DataFrame(rows, schema=QUARANTINE.schema)


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """NaN and infinity as words: JSON has no such numbers."""
    return {k: str(v) if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
