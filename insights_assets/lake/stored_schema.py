"""The columns that a table has in the lake, beside those of its model: another release may have written it.

Types of the log: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#schema-serialization-format
"""

import json
from typing import Any, Final

import polars as pl
from deltalake import DeltaTable

from insights_assets.tables.history import NewerError, NoWayError, upgrade_of
from insights_assets.tables.model import Table

_PRIMITIVES: Final[dict[str, pl.DataType]] = {
    "string": pl.String(),
    "byte": pl.Int8(),
    "short": pl.Int16(),
    "integer": pl.Int32(),
    "long": pl.Int64(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "timestamp_ntz": pl.Datetime("us"),
    "binary": pl.Binary(),
}


def stored_schema(snapshot: DeltaTable) -> pl.Schema:
    """Column name to type as the commit log has them."""
    fields = json.loads(snapshot.schema().to_json())["fields"]
    return pl.Schema({f["name"]: _dtype(f["type"]) for f in fields})


def difference(table: Table, snapshot: DeltaTable) -> str | None:
    """What to say of a table whose columns are not its model's, and what to do; None when they are."""
    try:
        upgrade = upgrade_of(table, stored_schema(snapshot))
    except NewerError as newer:
        return f"was written by a newer release ({newer}); use that release here, or name another lake"
    except NoWayError as changed:
        return f"was written by another release ({changed}); make it anew, or use the release that wrote it"
    if upgrade is None:
        return None
    return f"was written by an earlier release (today's {upgrade}); run `insights maintain --migrate` once"


def _dtype(told: Any) -> pl.DataType:
    """A type of the log in polars; what the tables never have (maps, decimals) is named as an object."""
    if isinstance(told, str):
        return _PRIMITIVES.get(told, pl.Object())
    if told["type"] == "array":
        return pl.List(_dtype(told["elementType"]))
    if told["type"] == "struct":
        return pl.Struct({f["name"]: _dtype(f["type"]) for f in told["fields"]})
    return pl.Object()
