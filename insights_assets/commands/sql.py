"""`insights sql`: the views, by DuckDB."""

import json
import sys
from pathlib import Path

import click
import polars as pl

from insights_assets.commands.printing import print_table
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.settings import load_settings


@click.command()
@click.argument("statement")
@click.option("--format", "form", default="table", type=click.Choice(["table", "csv", "json", "parquet"]))
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def sql(statement: str, form: str, output: Path | None) -> None:
    """Ask the views with SQL (DuckDB, read-only)."""
    if form == "parquet" and output is None:
        raise click.UsageError("--format parquet needs --output FILE.")
    rows = query(Lake(load_settings().lake), statement)
    if form == "parquet":
        rows.write_parquet(output or sys.stdout.buffer)
        return
    if form == "table" and output is None:
        print_table(rows)
        return
    flat = rows if form == "json" else _flat(rows)
    text = flat.write_json() if form == "json" else flat.write_csv()
    if output is None:
        click.echo(text, nl=form == "json")
    else:
        output.write_text(text, encoding="utf-8")


def _flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Lists and structs as JSON text: CSV has no nesting."""
    nested = [c for c, t in rows.schema.items() if t.is_nested()]
    return rows.with_columns(
        pl.Series(c, [None if v is None else json.dumps(v, default=str) for v in rows[c].to_list()], dtype=pl.String)
        for c in nested
    )
