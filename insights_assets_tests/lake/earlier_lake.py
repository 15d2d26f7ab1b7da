"""A lake as an earlier release wrote it, from that release's frozen schemas: no stored file of a real lake is needed.

`python -m insights_assets_tests.lake.earlier_lake NAME` freezes today's tables; run it at each release.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import write_deltalake

from insights_assets.lake.store import Lake
from insights_assets.lake.stored_schema import _dtype
from insights_assets.tables.registry import TABLES
from insights_assets_tests.tables.rows import BY_TABLE, MEANINGFUL, value_of

SCHEMAS = Path(__file__).parent / "schemas"


def freeze(name: str) -> None:
    """Write down the columns of every table as a lake of this checkout has them."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        lake.ensure(TABLES.values())
        listing = {}
        for table in TABLES.values():
            snapshot = lake.open(table)
            assert snapshot is not None
            fields = json.loads(snapshot.schema().to_json())["fields"]
            columns = {f["name"]: f["type"] for f in fields}
            listing[table.name] = {"layer": table.layer, "partitioned": table.partitioned, "columns": columns}
    lines = (f"{json.dumps(table)}: {json.dumps(told)}" for table, told in listing.items())
    (SCHEMAS / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def releases() -> list[str]:
    """Names of the frozen releases."""
    return sorted(path.stem for path in SCHEMAS.glob("*.json"))


def tables_of(release: str) -> dict[str, tuple[str, bool, pl.Schema]]:
    """Layer, whether it is partitioned, and columns of each table of a release."""
    told = json.loads((SCHEMAS / f"{release}.json").read_text(encoding="utf-8"))
    return {
        name: (t["layer"], t["partitioned"], pl.Schema({c: _dtype(kind) for c, kind in t["columns"].items()}))
        for name, t in told.items()
    }


def write(root: Path, release: str) -> None:
    """Write every table of a release, a row for each of two accounts (one row where it is not partitioned)."""
    for name, (layer, partitioned, schema) in tables_of(release).items():
        accounts = ("act_1", "act_2") if partitioned else ("act_1",)
        rows = pl.DataFrame([_row(name, schema, account) for account in accounts], schema=schema, orient="row")
        partition_by = ["account_id"] if partitioned else None
        write_deltalake(f"{root}/{layer}/{name}", rows, partition_by=partition_by)


def _row(table: str, schema: pl.Schema, account: str) -> dict[str, Any]:
    told = {**MEANINGFUL, **BY_TABLE.get(table, {}), "account_id": account, "timezone_name": "Europe/Berlin"}
    return {c: told.get(c, value_of(t)) for c, t in schema.items()}


if __name__ == "__main__":
    freeze(sys.argv[1])
