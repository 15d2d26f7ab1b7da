"""The catalog: DuckDB over the newest snapshot of every table, and the public views of `sql/` on top.

Belongs here: opening a locked, read-only connection, running one SELECT, reading the views' headers.
Does not belong here: writing (`store.py`), the views themselves (`sql/*.sql`), formats (the command line, the API).
Securing DuckDB: https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import duckdb
import polars as pl
import pyarrow as pa

from insights_assets.lake.snapshot import Snapshot
from insights_assets.lake.store import Lake
from insights_assets.problems import InputError
from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES

SCHEMA = "lake"
OPENED_AT_ONCE = 16
Parameters = Sequence[object] | Mapping[str, object]
_SQL_TYPES: dict[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Date(): "DATE",
    pl.Int64(): "BIGINT",
    pl.Float64(): "DOUBLE",
    pl.Boolean(): "BOOLEAN",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
}
# What follows is the statement that would run. No comment is allowed for in here: one could hide where that begins.
_EXPLAIN = re.compile(r"\s*EXPLAIN\b(?:\s+ANALYZE\b|\s*\([\w\s,]*\))?", re.IGNORECASE)
_READ = re.compile(rf"\b{SCHEMA}\.(\w+)")
_UNKNOWN_TABLE = re.compile(r"Table with name (.+?) does not exist")


class QueryError(InputError):
    """The statement was refused or failed; the message is one sentence for the user."""


def open_catalog(
    lake: Lake, *, views: Collection[str] | None = None, accounts: Collection[str] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB: schema `lake` holds the tables, the main schema the views; then lock it.

    A whole lake of 1,000 accounts takes 2 s to open; a few `views`, with only the files of some `accounts`, a tenth.

    The connection shows the snapshot of the moment it was opened. It reads files of the lake and no other, and nothing
    can unlock it. An unwritten table is an empty one. In an object store files are read by delta-rs, for DuckDB would
    have to download an extension and be told the credentials.

    Raises:
        LakeError: a table cannot be opened.
    """
    connection = duckdb.connect(config={"python_enable_replacements": False, "autoinstall_known_extensions": False})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        texts = {n: t for n, t in _views().items() if views is None or n in views}
        read = set(_READ.findall(" ".join(texts.values())))
        tables = [table for table in TABLES.values() if views is None or table.name in read]
        connection.execute(f"USE {SCHEMA}")
        for table, snapshot in zip(tables, _snapshots(lake, tables), strict=True):
            _define(connection, lake, table, snapshot, accounts)
        connection.execute("USE main")
        for name, text in texts.items():
            connection.execute(f"CREATE VIEW {_name(name)} AS {text}")
        _lock(connection, lake)
    except BaseException:
        connection.close()
        raise
    return connection


def query(lake: Lake, statement: str, parameters: Parameters | None = None) -> pl.DataFrame:
    """Run one SELECT-like statement over the views of a lake; see `select`."""
    _check(statement)
    with open_catalog(lake) as connection:
        return select(connection, statement, parameters)


def select(connection: duckdb.DuckDBPyConnection, statement: str, parameters: Parameters | None = None) -> pl.DataFrame:
    """Run one SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN on an open catalog.

    Args:
        connection: from `open_catalog`.
        statement: the one statement.
        parameters: values of `?` or `$name` in it.

    Raises:
        QueryError: not one such statement, or it failed.
    """
    _check(statement)
    try:
        result = connection.sql(statement, params=cast("Any", parameters))
        # Sums of integers are HUGEINT, which polars would show as decimals.
        wide = [name for name, kind in zip(result.columns, result.types, strict=True) if str(kind) == "HUGEINT"]
        frame: pl.DataFrame = result.pl()
        return frame.with_columns(pl.col(wide).cast(pl.Int64))
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        raise QueryError(_sentence(error)) from error


def view_names() -> list[str]:
    """Return the public views, sorted."""
    return list(_views())


def view_documentation(name: str) -> list[tuple[str, str, str]]:
    """Return (column, unit or type, meaning) for each column of a view, as its header states.

    Raises:
        KeyError: there is no such view.
        ValueError: a line of its header has no meaning or no unit.
    """
    header = [line.removeprefix("--").strip() for line in _views()[name].splitlines() if line.startswith("--")]
    rows = [line.split(" | ", 2) for line in header if " | " in line]
    for row in rows:
        if len(row) < 3:  # noqa: PLR2004 - column, unit, meaning
            raise ValueError(f"sql/{name}.sql: the header has to say `-- {row[0]} | unit or type | meaning`.")
    return [(column, unit, meaning) for column, unit, meaning in rows]


@cache
def _views() -> dict[str, str]:
    """Name to text, from inside the wheel or, in a checkout, from beside the package."""
    package = Path(str(files("insights_assets")))
    shipped = package / "sql"
    folder = shipped if shipped.is_dir() else package.parent / "sql"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}


def _snapshots(lake: Lake, tables: Sequence[Table]) -> list[Snapshot | None]:
    """Open tables; in an object store, where each costs some round trips, several at a time."""
    if not lake.remote:
        return [lake.delta(table) for table in tables]
    with ThreadPoolExecutor(OPENED_AT_ONCE) as pool:
        return list(pool.map(lake.delta, tables))


def _define(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    table: Table,
    snapshot: Snapshot | None,
    accounts: Collection[str] | None,
) -> None:
    """Make the view of exactly the table's columns: over the active files (of some accounts), or over nothing."""
    some = [("account_id", "in", sorted(accounts))] if accounts is not None and table.partitioned else None
    active = [] if snapshot is None else sorted(snapshot.file_uris(file_pruning_predicate=some))
    columns = ", ".join(_name(c) for c in table.schema)
    if snapshot is None or not active:
        nothing = ", ".join(f"CAST(NULL AS {_sql_type(t)}) AS {_name(c)}" for c, t in table.schema.items())
        relation = f"SELECT {nothing} WHERE false"
    elif lake.remote:
        files = snapshot.to_pyarrow_dataset(schema=_comparable(snapshot), file_pruning_predicate=some)
        connection.from_arrow(files).project(columns).create_view(table.name)
        return
    else:
        hive = ", hive_partitioning = true, hive_types = {'account_id': VARCHAR}" if table.partitioned else ""
        listed = ", ".join(_text(uri) for uri in active)
        relation = f"SELECT {columns} FROM read_parquet([{listed}]{hive})"  # noqa: S608 - quoted above
    connection.execute(f"CREATE VIEW {_name(table.name)} AS {relation}")


def _comparable(snapshot: Snapshot) -> pa.Schema:
    """Columns with their strings as the views that the files hold: PyArrow compares no view with a plain string.

    A filter would end in "Function 'equal' has no kernel matching input types (string, string_view)" (PyArrow 26).
    """
    columns = pa.schema(snapshot.schema().to_arrow())
    return pa.schema([f.with_type(pa.string_view()) if pa.types.is_string(f.type) else f for f in columns])


def _lock(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Let a query read the lake's own files only: below its folder or, in an object store, those handed over."""
    if not lake.remote:
        root = Path(lake.root)
        allowed = ", ".join(_text(str(path)) for path in sorted({root.absolute(), root.resolve()}))
        connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _check(statement: str) -> None:
    """Refuse anything but one statement that only reads; what EXPLAIN explains counts, for ANALYZE runs it."""
    try:
        parsed = duckdb.extract_statements(statement)
        if len(parsed) == 1 and parsed[0].type == duckdb.StatementType.EXPLAIN:
            explain = _EXPLAIN.match(statement)
            parsed = duckdb.extract_statements(statement[explain.end() :]) if explain else []
    except duckdb.Error as error:
        raise QueryError(_sentence(error)) from error
    if len(parsed) > 1:
        raise QueryError(f"One statement at a time, please: there are {len(parsed)}.")
    if not parsed or parsed[0].type != duckdb.StatementType.SELECT:
        raise QueryError(
            "Only a statement that reads is allowed: SELECT, WITH, FROM, DESCRIBE, SUMMARIZE, SHOW, EXPLAIN."
        )


def _sentence(error: Exception) -> str:
    """DuckDB's own first line; for an unknown table also the views there are."""
    first = next(iter(str(error).strip().splitlines()), "The query failed").rstrip(".!")
    if found := _UNKNOWN_TABLE.search(first):
        return f"There is no view named {found[1]}; the views are {', '.join(view_names())}."
    return f"{first}."


def _sql_type(dtype: pl.DataType) -> str:
    """The DuckDB type that a Parquet file of this column has."""
    if isinstance(dtype, pl.List):
        return f"{_sql_type(_instance(dtype.inner))}[]"
    if isinstance(dtype, pl.Struct):
        return f"STRUCT({', '.join(_fields(dtype))})"
    return _SQL_TYPES[dtype]


def _fields(dtype: pl.Struct) -> Iterator[str]:
    return (f"{_name(f.name)} {_sql_type(_instance(f.dtype))}" for f in dtype.fields)


def _instance(dtype: Any) -> pl.DataType:
    """Polars lets a nested type be given as a class."""
    return cast("pl.DataType", dtype() if isinstance(dtype, type) else dtype)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
