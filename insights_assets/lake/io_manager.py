"""The IO manager: any set of partitions of a run in, one atomic commit out.

Dagster's own file managers refuse a run over several accounts; see docs/adr/0002.
https://docs.dagster.io/guides/build/io-managers/defining-a-custom-io-manager
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime

import dagster as dg
import polars as pl

from insights_assets.lake.deletion import barred, without
from insights_assets.lake.ledger import Ledger
from insights_assets.lake.store import Lake
from insights_assets.lake.sync_log import append
from insights_assets.lake.writing import store
from insights_assets.partitions import split_key, split_keys
from insights_assets.tables.model import Table

COLUMNS = "columns"
"""Metadata of an input: the columns that are read."""
FAILED_ACCOUNTS = "failed_accounts"
"""Metadata of an output: accounts of the run that it has no answer for, with why; what is stored of them stays."""
PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 10


class LakeIOManager(dg.IOManager):
    """Reads and writes the lake's tables by asset key `[layer, table]`; a table may have a ledger, by its name."""

    def __init__(
        self,
        lake: Lake,
        tables: dict[str, Table],
        now: Callable[[], datetime],
        ledgers: Mapping[str, Ledger] | None = None,
    ) -> None:
        self._lake = lake
        self._tables = tables
        self._now = now
        self._ledgers = ledgers or {}

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        """Store the frame as exactly the run's partitions; report rows, refused rows and a preview."""
        table = self._tables[context.asset_key.path[-1]]
        if not isinstance(obj, pl.DataFrame):
            raise TypeError(f"asset {table.name} must return a polars DataFrame, not {type(obj).__name__}")
        if not table.partitioned:
            rows = table.split(obj).good
            self._lake.overwrite(table, rows)
            refused = obj.height - rows.height
        else:
            unanswered = _mapping((context.output_metadata or {}).get(FAILED_ACCOUNTS))
            partitions = [p for p in map(split_key, context.asset_partition_keys) if p[0] not in unanswered]
            ledger = self._ledgers.get(table.name)
            # Deleted weeks stay empty, whatever asks for them: schedule, sensor, user interface or command.
            allowed = without(table.conform(obj), barred(self._lake, {account for account, _ in partitions}))
            stored = store(self._lake, table, allowed, partitions, self._now(), ledger=ledger)
            rows, refused = stored.rows, stored.refused
            self._log(context, table, partitions, rows)
            # Metadata is the same for every partition of a run; only a run of one can tell that one's rows.
            name = "dagster/partition_row_count" if len(partitions) == 1 else "rows_of_the_run"
            context.add_output_metadata({name: rows.height})
            if ledger:
                context.add_output_metadata({"restated_values": stored.restated})
        context.add_output_metadata(
            {
                "dagster/row_count": self._lake.count(table),
                "dagster/uri": self._lake.uri(table),
                "refused_rows": refused,
                "preview": dg.MetadataValue.md(preview(rows)),
            }
        )

    def _log(
        self, context: dg.OutputContext, table: Table, partitions: list[tuple[str, date]], rows: pl.DataFrame
    ) -> None:
        told = context.output_metadata or {}
        counts = {(a, w): n for a, w, n in rows.group_by("account_id", "week").len().iter_rows()}
        append(
            self._lake,
            table,
            partitions,
            run_id=context.run_id,
            now=self._now(),
            duration_s=_number(told.get("duration_s")),
            requests=int(_number(told.get("requests"))),
            rows=counts,
        )

    def load_input(self, context: dg.InputContext) -> pl.DataFrame:
        """Read the upstream partitions that the partition mapping names."""
        table = self._tables[context.asset_key.path[-1]]
        columns = (context.definition_metadata or {}).get(COLUMNS)
        if not table.partitioned or not context.has_asset_partitions:
            return self._lake.read(table, columns=columns)
        accounts, weeks = split_keys(context.asset_partition_keys)
        if not weeks:
            return self._lake.read(table, accounts=[], columns=columns)
        return self._lake.read(table, accounts=accounts, since=weeks[0], until=weeks[-1], columns=columns)


def _mapping(told: object) -> dict[str, str]:
    """A mapping out of an asset's metadata, empty when it told none."""
    value = getattr(told, "value", told)
    return value if isinstance(value, dict) else {}


def _number(told: object) -> float:
    """A number out of an asset's metadata, 0 when it told none."""
    value = getattr(told, "value", told)
    return float(value) if isinstance(value, (int, float)) else 0.0


def preview(rows: pl.DataFrame) -> str:
    """The first rows and columns as a Markdown table; names of ads are foreign text, so bars and ticks are escaped."""
    head = rows.head(PREVIEW_ROWS)
    names = [c for c in head.columns if not isinstance(head.schema[c], (pl.List, pl.Struct))][:PREVIEW_COLUMNS]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(v) for v in row) + " |" for row in head.select(names).iter_rows()]
    return "\n".join(lines)


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("`", "'").replace("<", "&lt;").replace("\n", " ")[:40]
