"""A public view as a file: some accounts and days of it, streamed.

Belongs here: which rows, and what a format can hold. Does not belong here: how it is written (`tabular.py`).
"""

import sys
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from insights_assets.lake.catalog import open_catalog, view_names
from insights_assets.lake.store import Lake
from insights_assets.partitions import monday
from insights_assets.problems import FailedError, InputError
from insights_assets.serving.files import replacing
from insights_assets.serving.tabular import MOST_ROWS, write_csv, write_parquet, write_xlsx

FORMATS: Final = ("csv", "xlsx", "parquet")
BATCH_ROWS: Final = 50_000


def export(
    lake: Lake,
    view: str,
    form: str,
    target: Path | None,
    *,
    since: date | None = None,
    until: date | None = None,
    accounts: Collection[str] | None = None,
) -> int:
    """Write a view to a file.

    Args:
        lake: where the tables are.
        view: a public view.
        form: one of `FORMATS`.
        target: the file, replaced when all is written; None for standard output (CSV only).
        since: first day; of a view with weeks, its whole week.
        until: last day; of a view with weeks, its whole week.
        accounts: account ids; None for all.

    Returns:
        Rows written.

    Raises:
        InputError: there is no such view, it has no days or accounts to choose by, or too many rows for Excel.
        FailedError: the lake's files could not be read.
    """
    if view not in view_names():
        raise InputError(f"There is no view named {view}; the views are {', '.join(view_names())}.")
    with open_catalog(lake, views=[view], accounts=accounts) as connection:
        try:
            shape = connection.sql(f'FROM "{view}" LIMIT 0')
            where, values = _where(view, shape.columns, since, until, accounts)
            rows = f'FROM "{view}"{where}'
            if form == "xlsx":
                _fits(connection, view, rows, values)
            # Sums of integers are HUGEINT, which other programs read as decimals.
            columns = [
                f'CAST("{name}" AS BIGINT) AS "{name}"' if str(kind) == "HUGEINT" else f'"{name}"'
                for name, kind in zip(shape.columns, shape.types, strict=True)
            ]
            return _write(form, target, view, _batches(connection, f"SELECT {', '.join(columns)} {rows}", values))
        except duckdb.Error as error:
            raise FailedError(f"The view {view} could not be read: {str(error).splitlines()[0]}") from error


def _where(
    view: str, columns: Collection[str], since: date | None, until: date | None, accounts: Collection[str] | None
) -> tuple[str, list[object]]:
    """The WHERE clause and its values; days are compared with `date` where the view has it, else with `week`."""
    parts: list[str] = []
    values: list[object] = []
    day = next((c for c in ("date", "week") if c in columns), None)
    if (since or until) and day is None:
        raise InputError(f"The view {view} has no days; leave --since and --until out.")
    for sign, bound in ((">=", since), ("<=", until)):
        if bound is not None:
            parts.append(f'"{day}" {sign} ?')
            values.append(monday(bound) if day == "week" else bound)
    if accounts is not None:
        if "account_id" not in columns:
            raise InputError(f"The view {view} is not by account; leave --accounts out.")
        parts.append("list_contains(?, account_id)")
        values.append(sorted(accounts))
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), values


def _fits(connection: duckdb.DuckDBPyConnection, view: str, rows: str, values: list[object]) -> None:
    ((count,),) = connection.sql(f"SELECT count(*) {rows}", params=values).fetchall()
    if count >= MOST_ROWS:
        raise InputError(
            f"The view {view} has {count:,} such rows and an Excel sheet holds {MOST_ROWS:,} with its header; narrow "
            "them with --since, --until or --accounts, or take csv or parquet."
        )


def _batches(connection: duckdb.DuckDBPyConnection, statement: str, values: list[object]) -> Iterator[pl.DataFrame]:
    """The rows as they are read; one empty frame when there are none, for its columns."""
    reader = connection.sql(statement, params=values).to_arrow_reader(BATCH_ROWS)
    empty = True
    for batch in reader:
        empty = False
        yield _frame(pl.from_arrow(batch))
    if empty:
        yield _frame(pl.from_arrow(reader.schema.empty_table()))


def _frame(rows: pl.DataFrame | pl.Series) -> pl.DataFrame:
    return rows if isinstance(rows, pl.DataFrame) else rows.struct.unnest()


def _write(form: str, target: Path | None, view: str, batches: Iterator[pl.DataFrame]) -> int:
    if target is None:
        return write_csv(sys.stdout.buffer, batches)
    with replacing(target) as new:
        if form == "xlsx":
            return write_xlsx(new, {view: batches})
        if form == "parquet":
            return write_parquet(new, batches)
        with new.open("wb") as file:
            return write_csv(file, batches)
