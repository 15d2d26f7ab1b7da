"""Rows as CSV, Excel and Parquet files: batch by batch, with numbers and dates as such, and text that runs nothing.

Belongs here: formats. Does not belong here: which rows (`exports.py`, `sheets.py`).
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import IO, Any, Final

import polars as pl
import pyarrow.parquet as pq
import xlsxwriter

MOST_ROWS: Final = 1_048_576
"""Rows of an Excel sheet, the header's included."""
LONGEST_TEXT: Final = 32_767
"""UTF-16 units of an Excel cell."""
# A spreadsheet runs a cell that begins so as a formula, which can fetch and send: https://owasp.org/www-community/attacks/CSV_Injection
RISKY: Final = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"  # the last four: their full-width forms
_SHEET_NAME: Final = 31


def neutral(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with text as text: nested values as JSON, and an apostrophe before what would be a formula.

    Numbers, dates and booleans stay what they are: -3.5 is no text.
    """
    nested = [c for c, t in frame.schema.items() if t.is_nested()]
    flat = frame.with_columns(
        pl.Series(c, [None if v is None else json.dumps(v, default=str) for v in frame[c].to_list()], dtype=pl.String)
        for c in nested
    )
    text = pl.col(pl.String)
    return flat.with_columns(pl.when(text.str.contains(RISKY)).then("'" + text).otherwise(text).name.keep())


def write_csv(file: IO[bytes], batches: Iterable[pl.DataFrame]) -> int:
    """Write batches of one schema as CSV in UTF-8, with a header; instants in UTC. Returns the rows written."""
    rows = 0
    for number, batch in enumerate(batches):
        neutral(batch).write_csv(file, include_header=number == 0, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")
        rows += batch.height
    return rows


def write_parquet(target: Path, batches: Iterable[pl.DataFrame]) -> int:
    """Write batches of one schema as Parquet, values as they are. Returns the rows written."""
    writer: Any = None
    rows = 0
    try:
        for batch in batches:
            table = batch.to_arrow()
            writer = writer or pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table.cast(writer.schema))
            rows += batch.height
    finally:
        if writer is not None:
            writer.close()
    return rows


def write_xlsx(target: Path, sheets: Mapping[str, Iterable[pl.DataFrame]]) -> int:
    """Write one Excel sheet for each name, with a frozen header and real dates; instants in UTC.

    A row leaves memory as soon as the next one comes. Text beyond what a cell holds is cut. Returns the rows written.

    Raises:
        ValueError: more rows than a sheet holds.
    """
    rows = 0
    # No text becomes a formula, a link or a number by its looks.
    options = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with xlsxwriter.Workbook(target, {"constant_memory": True, **options}) as book:
        formats = {
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        bold = book.add_format({"bold": True})
        for name, batches in sheets.items():
            sheet = book.add_worksheet(name[:_SHEET_NAME])
            sheet.freeze_panes(1, 0)
            at = 0
            for batch in batches:
                if at == 0:
                    _header(sheet, batch, bold)
                if at + batch.height >= MOST_ROWS:
                    raise ValueError(f"sheet {name} holds at most {MOST_ROWS - 1:,} rows")
                for row in neutral(batch).iter_rows():
                    at += 1
                    for column, value in enumerate(row):
                        _cell(sheet, at, column, value, formats)
            rows += at
    return rows


def _header(sheet: Any, batch: pl.DataFrame, bold: Any) -> None:
    for column, name in enumerate(batch.columns):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, min(40, max(10, len(name) + 2)))


def _cell(sheet: Any, row: int, column: int, value: Any, formats: Mapping[type[date], Any]) -> None:
    """Write one value; a null, and a number that Excel does not know, leave the cell empty."""
    if isinstance(value, str):
        sheet.write_string(row, column, _cut(value))
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), formats[datetime])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats[date])
    elif value is not None and isfinite(value):
        sheet.write_number(row, column, value)


def _cut(text: str) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * LONGEST_TEXT:
        return text
    return units[: 2 * (LONGEST_TEXT - 1)].decode("utf-16-le", "ignore") + "…"
