"""`insights offline`: what the drop folder of offline conversions holds."""

import click
import polars as pl

from insights_assets.commands.printing import print_table
from insights_assets.lake.store import Lake
from insights_assets.offline import FOLDER, read_folder
from insights_assets.problems import PartlyFailedError
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS


@click.command()
def offline() -> None:
    """Show what the drop folder of offline conversions holds.

    Put CSV or Parquet files (account_id, date, conversions, and as known campaign_id, ad_id, event, revenue, currency)
    into `offline/` under the home; the next backfill loads them.
    """
    settings = load_settings()
    folder = settings.home / FOLDER
    drop = read_folder(folder)
    known = pl.col("account_id").is_in(Lake(settings.lake).read(ACCOUNTS)["account_id"].to_list())
    click.echo(f"{folder}: {drop.rows.height} rows")
    if drop.rows.height:
        shown = drop.rows.group_by("account_id", known.alias("registered")).agg(
            pl.col("date").min().alias("first"),
            pl.col("date").max().alias("last"),
            pl.col("conversions").sum(),
            pl.col("file").n_unique().alias("files"),
        )
        print_table(shown.sort("account_id"))
    for told in drop.refused.values():
        click.echo(told, err=True)
    if drop.refused:
        raise PartlyFailedError
