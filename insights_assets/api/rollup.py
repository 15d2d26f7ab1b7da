"""Campaign weeks of all accounts in memory: what questions over the fleet are answered from.

Kept up to date by account: a commit makes the accounts whose files it changed read again, and nothing else. 1,000
accounts x 52 weeks x 9 campaigns are 468,000 rows.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

import polars as pl

from insights_assets.api.figures import ADDITIVE
from insights_assets.api.served_views import read_files
from insights_assets.api.snapshots import Snapshot
from insights_assets.lake.store import Lake
from insights_assets.tables.insights import INSIGHTS_WEEKLY_CAMPAIGN
from insights_assets.tables.model import Table
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.results import RESULTS_WEEKLY

TABLES = (INSIGHTS_WEEKLY_CAMPAIGN, RESULTS_WEEKLY, SYNC_LOG)
AT_ONCE = 100  # accounts read together: their results of all levels are in memory for that moment
NEEDED = {"week", "level", "entity_id", "campaign_id", "currency", "is_complete", "is_settled", "is_primary"}
NEEDED |= {"result_family", "results", "result_value", "status", "finished_at", *ADDITIVE}
BOUGHT = ("result_family", "results", "result_value")


INSTANT = pl.Datetime("us", "UTC")
SCHEMA: dict[str, Any] = {
    "account_id": pl.String,
    "week": pl.Date,
    "campaign_id": pl.String,
    "currency": pl.String,
    **{name: INSIGHTS_WEEKLY_CAMPAIGN.schema[name] for name in (*ADDITIVE, "is_complete", "is_settled")},
    **{name: RESULTS_WEEKLY.schema[name] for name in BOUGHT},
}


@dataclass(frozen=True)
class Rollup:
    """Rows at one state of the tables.

    `weeks`: by Monday, account_id, campaign_id, currency, additive figures, is_complete, is_settled, and the primary
    family's result_family, results, result_value (null when the campaign has none). `syncs`: account_id, ok, failed:
    when a step last succeeded and failed.
    """

    mark: str = ""
    weeks: Mapping[date, pl.DataFrame] = field(default_factory=dict)
    syncs: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"account_id": pl.String, "ok": INSTANT, "failed": INSTANT})
    )

    @cached_property
    def ends(self) -> Mapping[str, tuple[datetime | None, datetime | None]]:
        """When a step of each account last succeeded and failed."""
        return {account_id: (ok, failed) for account_id, ok, failed in self.syncs.iter_rows()}

    def between(self, since: date, until: date) -> pl.DataFrame:
        """Rows of the weeks from one Monday to another."""
        chosen = [rows for week, rows in self.weeks.items() if since <= week <= until]
        return pl.concat(chosen) if chosen else pl.DataFrame(schema=SCHEMA)


class RollupKeeper:
    """Keeps the newest rollup; for many threads."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._facts: dict[str, tuple[str, pl.DataFrame]] = {}
        self._syncs: dict[str, tuple[str, pl.DataFrame]] = {}
        self.rollup = Rollup()

    def at_hand(self, snapshots: Mapping[Table, Snapshot]) -> Rollup | None:
        """The rollup, if it is of these snapshots."""
        return self.rollup if self.rollup.mark == mark_of(snapshots) else None

    def update(self, snapshots: Mapping[Table, Snapshot]) -> Rollup:
        """Bring the rollup to these snapshots."""
        with self._lock:
            mark = mark_of(snapshots)
            if self.rollup.mark != mark:
                weekly, results, log = (snapshots[table] for table in TABLES)
                facts = _renew(self._facts, (weekly, results), lambda some: _facts(self._lake, weekly, results, some))
                syncs = _renew(self._syncs, (log,), lambda some: _syncs(self._lake, log, some))
                whole = pl.concat(facts) if facts else pl.DataFrame(schema=SCHEMA)
                by_week = {week: rows for (week,), rows in whole.partition_by("week", as_dict=True).items()}
                self.rollup = Rollup(mark, by_week, pl.concat(syncs) if syncs else Rollup().syncs)
            return self.rollup


def mark_of(snapshots: Mapping[Table, Snapshot]) -> str:
    """The state of the tables, all accounts together."""
    return " ".join(f"{table.name}:{snapshots[table].version}" for table in TABLES)


def _renew(
    parts: dict[str, tuple[str, pl.DataFrame]],
    snapshots: Collection[Snapshot],
    read: Callable[[Collection[str]], pl.DataFrame],
) -> list[pl.DataFrame]:
    """Read again the accounts whose files changed; drop those that are gone."""
    present = sorted(set[str]().union(*(s.files for s in snapshots)))
    marks = {name: " ".join(s.mark(name) for s in snapshots) for name in present}
    for name in set(parts) - set(present):
        del parts[name]
    changed = [name for name in present if name not in parts or parts[name][0] != marks[name]]
    for first in range(0, len(changed), AT_ONCE):
        some = changed[first : first + AT_ONCE]
        rows = read(some)
        found = {str(name): part for (name,), part in rows.partition_by("account_id", as_dict=True).items()}
        for name in some:
            parts[name] = (marks[name], found.get(name, rows.clear()))
    return [part for _, part in parts.values()]


def _facts(lake: Lake, weekly: Snapshot, results: Snapshot, accounts: Collection[str]) -> pl.DataFrame:
    spent, bought = (_read(lake, snapshot, accounts) for snapshot in (weekly, results))
    bought = bought.filter(pl.col("level") == "campaign", pl.col("is_primary"))
    joined = spent.join(
        bought.select("account_id", "week", "entity_id", *BOUGHT), on=["account_id", "week", "entity_id"], how="left"
    )
    return joined.rename({"campaign_id": "__same__", "entity_id": "campaign_id"}).select(list(SCHEMA))


def _syncs(lake: Lake, log: Snapshot, accounts: Collection[str]) -> pl.DataFrame:
    at, ok = pl.col("finished_at"), pl.col("status") == "ok"
    return (
        _read(lake, log, accounts)
        .group_by("account_id")
        .agg(at.filter(ok).max().alias("ok"), at.filter(~ok).max().alias("failed"))
    )


def _read(lake: Lake, snapshot: Snapshot, accounts: Collection[str]) -> pl.DataFrame:
    files = tuple(path for name in accounts for path in snapshot.of(name))
    return read_files(lake, snapshot.table, files, columns=NEEDED, with_account=True)
