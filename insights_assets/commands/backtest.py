"""`insights backtest`: how good findings and predictions were on the lake's own history."""

import click

from insights_assets.commands.backtest_burnout import burnout


@click.group()
def backtest() -> None:
    """Walk-forward quality on the lake's own history, beside naive baselines."""


backtest.add_command(burnout)
