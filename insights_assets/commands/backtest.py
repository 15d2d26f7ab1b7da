"""`insights backtest`: how good findings and predictions were on the lake's own history."""

import click

from insights_assets.commands.backtest_forecasts import forecasts


@click.group()
def backtest() -> None:
    """Walk-forward quality on the lake's own history, beside naive baselines."""


backtest.add_command(forecasts)
