"""`insights backtest`: how good findings and predictions were on the lake's own history."""

import click

from insights_assets.commands.backtest_burnout import burnout
from insights_assets.commands.backtest_forecasts import forecasts
from insights_assets.commands.printing import print_table
from insights_assets.lake.store import Lake
from insights_assets.settings import load_settings


@click.group()
def backtest() -> None:
    """Walk-forward quality on the lake's own history, beside naive baselines."""


@backtest.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def anomalies(*, as_json: bool) -> None:
    """Share of planted cost changes that are found, at equal false alerts; nothing is stored."""
    from insights_assets.assets.backtests import figures  # noqa: PLC0415  Dagster takes seconds to import

    rows = figures(Lake(load_settings().lake))
    if as_json:
        click.echo(rows.write_json())
    elif rows.is_empty():
        click.echo("No ad has 12 whole weeks with results yet: insights backfill --since DATE --until DATE")
    else:
        print_table(rows.sort("factor", "found_share", descending=[False, True]))


backtest.add_command(burnout)
backtest.add_command(forecasts)
