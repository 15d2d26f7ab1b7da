"""`insights backtest burnout`: materializes the backtest asset in this process and prints what it found."""

import logging

import click
import polars as pl

from insights_assets.analytics.burnout_backtest import worse
from insights_assets.assets.burnout import backtest_burnout
from insights_assets.commands.printing import print_table
from insights_assets.definitions import build_defs
from insights_assets.instance.quiet_runs import QUIET
from insights_assets.instance_home import child_environment, open_instance
from insights_assets.lake.store import Lake
from insights_assets.problems import FailedError
from insights_assets.settings import Settings, load_settings
from insights_assets.tables.backtest_burnout import BACKTEST_BURNOUT

SHOWN = ("model", "horizon_weeks", "pairs", "base_rate", "auc", "average_precision", "top_precision", "brier")
DIGITS = 3


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def burnout(*, as_json: bool) -> None:
    """Predict burnout in every past week as known then, and score it beside naive rules.

    Exit code 3 when the model is worse than one of them, or than the release before it.
    """
    settings = load_settings()
    _materialize(settings)
    rows = Lake(settings.lake).read(BACKTEST_BURNOUT)
    shown = rows.select(*SHOWN, "calibration_error", "warned_share", "mean_lead_weeks").sort("horizon_weeks", "model")
    shown = shown.with_columns(pl.selectors.float().round(DIGITS))
    if as_json:
        click.echo(shown.write_json())
    elif shown.height:
        print_table(shown)
    else:
        click.echo("Nothing to score yet: no stored week has an outcome that is final.")
    if told := worse(rows):
        raise FailedError(f"The check not_worse is red: {'; '.join(told)}.")


def _materialize(settings: Settings) -> None:
    """Run the asset and its check.

    Raises:
        FailedError: the run failed; the Dagster UI shows why.
    """
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    instance = open_instance(child_environment(settings, None))
    job = build_defs(settings).resolve_implicit_global_asset_job_def()
    chosen = job.get_subset(asset_selection={backtest_burnout.key})
    if not chosen.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False).success:
        raise FailedError("The backtest failed; its run in the Dagster UI (`insights dev`) shows why.")
