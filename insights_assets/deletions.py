"""Deleting weeks of an account: every table, every copy, and what later weeks made from them (docs/adr/0021).

Belongs here: which tables and weeks, the record, and lifting it. Does not belong here: how rows leave a table
(`lake/deletion.py`), the command (`commands/delete.py`).
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from insights_assets.lake.deletion import count_rows, delete_rows, forget
from insights_assets.lake.store import Lake
from insights_assets.lake.updating import update
from insights_assets.partitions import DAYS, FIRST_WEEK, weeks_covering
from insights_assets.planning import Lineage
from insights_assets.problems import InputError
from insights_assets.tables.alerts import ALERT_OUTBOX, ALERTS
from insights_assets.tables.deletions import DELETIONS
from insights_assets.tables.model import Table
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG
from insights_assets.tables.registry import TABLES

# Whose rows name their step, so that what later weeks lost is made again.
STEP_COLUMNS = {SYNC_LOG.name: "step", CHECK_RESULTS.name: "table_name"}


@dataclass(frozen=True)
class Erasure:
    """Rows of one table to delete: some weeks of the account, and only with some values where `where` names them."""

    table: Table
    weeks: tuple[date, ...]
    rows: int
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a deletion would do. `weeks` are gone for good; of `later` weeks what was made from them goes, too."""

    account_id: str
    asked: tuple[date, date]
    weeks: tuple[date, ...]
    later: tuple[date, ...]
    erasures: tuple[Erasure, ...]
    alerts: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many rows."""
        return sum(e.rows for e in self.erasures) + len(self.alerts) + len(self.messages)

    @property
    def tables(self) -> list[str]:
        """Tables with rows to delete."""
        others = ((ALERTS.name, self.alerts), (ALERT_OUTBOX.name, self.messages))
        return sorted({e.table.name for e in self.erasures if e.rows} | {name for name, found in others if found})


def plan(lake: Lake, account_id: str, since: date, until: date, lineage: Lineage, running: date) -> Plan:
    """Find everything that holds figures of some days of an account; nothing is changed.

    Args:
        lake: the lake.
        account_id: the account, with its prefix.
        since: first day; its whole week goes, since weekly figures cannot be cut.
        until: last day; its whole week goes.
        lineage: what the graph's steps are made from.
        running: Monday of the running week: what later weeks made of the deleted ones goes up to it.

    Raises:
        InputError: the days are the wrong way round, or all before the first week or after the running one.
    """
    if until < since:
        raise InputError(f"The last day {until} lies before the first, {since}; swap them.")
    # Nothing is kept of other weeks, however far apart the days are.
    weeks = tuple(weeks_covering(max(since, FIRST_WEEK), min(until, running + timedelta(days=DAYS - 1))))
    if not weeks:
        raise InputError(f"There are weeks from {FIRST_WEEK} to the running one, {running}; name days among them.")
    reach = reached(lineage, weeks[-1], max(running, weeks[-1]))
    later = tuple(weeks_covering(weeks[-1], max(reach.values(), default=weeks[-1])))[1:]
    erasures = tuple(_erasures(lake, account_id, weeks, reach))
    alerts = _alerts(lake, account_id, weeks[0], max([weeks[-1], *later]))
    return Plan(
        account_id, (since, until), weeks, later, erasures, alerts, _messages(lake, account_id, weeks[0], alerts)
    )


def reached(lineage: Lineage, last: date, running: date) -> dict[str, date]:
    """Tell up to which week each step's rows were made from weeks up to `last`, no later than the running one.

    A step that pools accounts reads all of their past.
    """
    found: dict[str, date] = {}
    for step, sources in lineage.above.items():
        ends = [found.get(name, last) + timedelta(days=DAYS * back) for name, back in sources]
        found[step] = running if step in lineage.pooled else min(max([last, *ends]), running)
    return found


def execute(lake: Lake, chosen: Plan, by: str, now: Callable[[], datetime]) -> dict[str, Any]:
    """Delete what a plan found. Running it again after a crash, or at any time, deletes what is left.

    The record comes first: from then on nothing writes the weeks. It holds no figure of what was deleted.

    Args:
        lake: the lake.
        chosen: what to delete.
        by: who asked for it.
        now: the clock.

    Returns:
        The row of `deletions`.

    Raises:
        LakeError: a table could not be changed; run it again.
    """
    asked_at = now()
    words = [chosen.account_id, *map(str, chosen.asked), asked_at.isoformat()]
    record: dict[str, Any] = {
        "deletion_id": hashlib.sha256("|".join(words).encode()).hexdigest()[:16],
        "account_id": chosen.account_id,
        "first_week": chosen.weeks[0],
        "last_week": chosen.weeks[-1],
        "asked_since": chosen.asked[0],
        "asked_until": chosen.asked[1],
        "deleted_by": by,
        "requested_at": asked_at,
        "finished_at": None,
        "tables": chosen.tables,
        "rows": chosen.rows,
        "lifted_by": None,
        "lifted_at": None,
    }
    _write(lake, record)
    done = 0
    for erasure in chosen.erasures:
        done += delete_rows(lake, erasure.table, chosen.account_id, erasure.weeks, erasure.where)
    done += _drop(lake, ALERTS, "alert_id", chosen.alerts) + _drop(lake, ALERT_OUTBOX, "message_id", chosen.messages)
    for table in {e.table.name: e.table for e in chosen.erasures}.values():
        forget(lake, table)
    for table in (ALERTS, ALERT_OUTBOX):
        forget(lake, table)
    record |= {"finished_at": now(), "rows": done}
    _write(lake, record)
    return record


def lift(lake: Lake, deletion_id: str, by: str, now: datetime) -> dict[str, Any]:
    """Allow the weeks of a deletion to be read again; what was deleted does not come back by itself.

    Raises:
        InputError: there is no such deletion, or it was lifted before.
    """
    found = lake.read(DELETIONS).filter(deletion_id=deletion_id)
    if found.is_empty():
        raise InputError(
            f"There is no deletion {deletion_id}; the view deletions (`insights sql`) has those there are."
        )
    record: dict[str, Any] = found.to_dicts()[0]
    if record["lifted_at"] is not None:
        raise InputError(f"Deletion {deletion_id} was lifted by {record['lifted_by']} at {record['lifted_at']:%F %R}.")
    record |= {"lifted_by": by, "lifted_at": now}
    _write(lake, record)
    return record


def _erasures(lake: Lake, account_id: str, weeks: tuple[date, ...], reach: Mapping[str, date]) -> Iterator[Erasure]:
    def counted(table: Table, wanted: tuple[date, ...], **where: tuple[str, ...]) -> Erasure:
        return Erasure(table, wanted, count_rows(lake, table, account_id, wanted, where), where)

    for table in TABLES.values():
        if not {"account_id", "week"} <= set(table.schema) or table is ALERTS:
            continue
        end = reach.get(table.name, weeks[-1])
        yield counted(table, tuple(weeks_covering(weeks[0], end)))
    # Rows that later weeks lost count as missing, so that the next backfill makes them again.
    by_end: dict[date, list[str]] = {}
    for step, end in reach.items():
        if end > weeks[-1]:
            by_end.setdefault(end, []).append(step)
    for end, steps in by_end.items():
        for table in (SYNC_LOG, CHECK_RESULTS):
            where = {STEP_COLUMNS[table.name]: tuple(steps)}
            yield counted(table, tuple(weeks_covering(weeks[-1], end))[1:], **where)


def _alerts(lake: Lake, account_id: str, first: date, last: date) -> tuple[str, ...]:
    """Alerts whose evidence is, or may be, of the weeks: those without a week by when they were open."""
    mine = lake.rows(ALERTS, ["alert_id", "week", "last_seen_at"], pl.col("account_id") == account_id)
    seen = pl.coalesce("week", pl.col("last_seen_at").dt.date())
    return tuple(mine.filter(seen.is_between(first, last + timedelta(days=DAYS - 1)))["alert_id"].sort())


def _messages(lake: Lake, account_id: str, first: date, alerts: Collection[str]) -> tuple[str, ...]:
    """Messages that told of these alerts, also those about several accounts: their text holds figures."""
    rows = lake.rows(ALERT_OUTBOX, ["message_id", "account_id", "payload", "created_at"])
    told = pl.col("payload").str.contains_any([f'"{name}"' for name in alerts]) if alerts else pl.lit(value=False)
    mine = (pl.col("account_id") == account_id) & (pl.col("created_at").dt.date() >= first)
    return tuple(rows.filter(told | mine.fill_null(value=False))["message_id"].sort())


def _drop(lake: Lake, table: Table, name: str, ids: Collection[str]) -> int:
    """Delete rows of an unpartitioned table by their identity."""
    if not ids:
        return 0
    gone = 0

    def change(rows: pl.DataFrame) -> pl.DataFrame:
        nonlocal gone
        kept = rows.filter(~pl.col(name).is_in(list(ids)))
        gone = rows.height - kept.height
        return kept

    update(lake, table, change)
    return gone


def _write(lake: Lake, record: Mapping[str, Any]) -> None:
    row = pl.DataFrame([record], schema=DELETIONS.schema)
    update(lake, DELETIONS, lambda known: pl.concat([known.join(row, on="deletion_id", how="anti"), row]))
