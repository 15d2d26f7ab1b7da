"""`insights backtest forecasts`: materializes the backtest asset in this process and prints what it found."""

import logging

import click
import polars as pl

from insights_assets.analytics.forecast_backtest import figures, judge
from insights_assets.assets.backtest_forecasts import BacktestConfig, backtest_forecasts
from insights_assets.commands.printing import print_table
from insights_assets.definitions import build_defs
from insights_assets.instance.quiet_runs import QUIET
from insights_assets.instance_home import child_environment, open_instance
from insights_assets.lake.store import Lake
from insights_assets.problems import FailedError
from insights_assets.settings import Settings, load_settings
from insights_assets.tables.backtest_forecasts import BACKTEST_FORECASTS

DIGITS = 3


@click.command()
@click.option("--weeks", default=12, show_default=True, type=click.IntRange(1, 104), help="Origins, newest last.")
@click.option("--sample", default=40, show_default=True, type=click.IntRange(1), help="Accounts at most.")
@click.option("--accounts", "names", help="Comma-separated account ids instead of a sample.")
@click.option("--by-horizon", is_flag=True, help="A row for each horizon.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def forecasts(weeks: int, sample: int, names: str | None, *, by_horizon: bool, as_json: bool) -> None:
    """Forecast from past weeks as known then, and score it beside the last value.

    Exit code 3 when a metric is worse than the last value, or than in the run before.
    """
    settings = load_settings()
    only = [name.strip() for name in names.split(",")] if names else []
    started = settings.now()
    _materialize(settings, BacktestConfig(weeks=weeks, accounts=sample, only=only))
    rows = Lake(settings.lake).read(BACKTEST_FORECASTS)
    newest = rows.filter(pl.col("run_at") >= started)
    told = figures(newest, ["level", "metric", "grain", *(["horizon"] if by_horizon else [])])
    shown = told.with_columns(pl.selectors.float().round(DIGITS))
    if as_json:
        click.echo(shown.write_json())
    elif shown.height:
        print_table(shown)
    else:
        click.echo("Nothing to score yet: no stored week has the 4 weeks after it that are forecast from it.")
    verdict = judge(rows)
    if not verdict.passed:
        raise FailedError(f"The check no_worse is red: {' '.join(verdict.complaints)}")


def _materialize(settings: Settings, config: BacktestConfig) -> None:
    """Run the asset and its check.

    Raises:
        FailedError: the run failed; the Dagster UI shows why.
    """
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    instance = open_instance(child_environment(settings, None))
    defs = build_defs(settings)
    job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection={backtest_forecasts.key})
    step = backtest_forecasts.key.to_python_identifier()
    told = {**QUIET, "ops": {step: {"config": config.model_dump()}}}
    result = job.execute_in_process(instance=instance, run_config=told, raise_on_error=False)
    if not result.success:
        raise FailedError("The backtest failed; its run in the Dagster UI (`insights dev`) shows why.")
