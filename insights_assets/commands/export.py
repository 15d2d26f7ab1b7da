"""`insights export`: a view as a file for other programs."""

import sys
from pathlib import Path
from typing import Any

import click

from insights_assets import registry
from insights_assets.lake.store import Lake
from insights_assets.problems import InputError
from insights_assets.serving.exports import FORMATS
from insights_assets.serving.exports import export as write
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("view")
@click.option("--format", "form", default="csv", show_default=True, type=click.Choice(FORMATS))
@click.option("--since", type=DAY, help="First day; its whole week where the view has weeks.")
@click.option("--until", type=DAY, help="Last day; its whole week where the view has weeks.")
@click.option("--accounts", "names", help="Comma-separated account ids; all when left out.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file; left out: CSV goes to standard output, other formats to VIEW.FORMAT.",
)
def export(view: str, form: str, since: Any, until: Any, names: str | None, output: Path | None) -> None:
    """Write a view to a file: CSV, Excel or Parquet.

    Text that a spreadsheet would run as a formula gets an apostrophe in CSV and Excel; Parquet holds it as it is.
    """
    first, last = (None if day is None else day.date() for day in (since, until))
    if first and last and first > last:
        raise InputError(f"--since {first} is after --until {last}; swap them.")
    lake = Lake(load_settings().lake)
    chosen = None
    if names is not None:
        known = registry.select(lake.read(ACCOUNTS), names.split(","), enabled_only=False)
        chosen = known["account_id"].to_list()
    target = output if output is not None or form == "csv" else Path(f"{view}.{form}")
    rows = write(lake, view, form, target, since=first, until=last, accounts=chosen)
    if target is None:
        sys.stdout.flush()
    else:
        click.echo(f"{rows:,} rows: {target}")
