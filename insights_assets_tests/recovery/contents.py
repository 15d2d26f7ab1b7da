"""What a lake holds, without the instants and runs at which it was written: for comparing lakes."""

import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.tables.registry import TABLES

# It tells how the lake came to be, not what is in it.
HISTORY = {"sync_log"}
INSTANTS = {"observed_at", "run_id", "first_seen_at", "created_at", "updated_at", "urls_read_at"}


def contents(lake: Lake, *, accounts: list[str] | None = None) -> dict[str, list[tuple[object, ...]]]:
    """Rows of every table but the history, sorted."""
    found = {}
    for name, table in TABLES.items():
        if name in HISTORY:
            continue
        rows = lake.read(table)
        if accounts is not None and table.partitioned:
            rows = rows.filter(pl.col("account_id").is_in(accounts))
        kept = rows.drop([c for c in rows.columns if c in INSTANTS])
        found[name] = sorted(kept.rows(), key=repr)
    return found
