"""`insights demo`: the main job on the simulator, from nothing to a report."""

from dataclasses import replace
from datetime import timedelta

import click
from rich.console import Console

from insights_assets import backfill as backfilling
from insights_assets import registry
from insights_assets.assets.accounts import discover
from insights_assets.commands.backfill import DERIVED_STEPS, RAW_STEPS, done, finish
from insights_assets.commands.home import open_home
from insights_assets.commands.printing import bars
from insights_assets.partitions import monday, weeks_covering
from insights_assets.serving.editions import make_edition
from insights_assets.serving.report import FOLDER, write_report
from insights_assets.serving.words import summary
from insights_assets.settings import load_settings


@click.command()
@click.option("--weeks", default=16, show_default=True, type=click.IntRange(1, 100), help="Weeks up to now.")
@click.option("--accounts", default=8, show_default=True, type=click.IntRange(1, 10), help="Accounts of the sandbox.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def demo(weeks: int, accounts: int, workers: int) -> None:
    """Run the main job on the sandbox: no token, no server needed."""
    console = Console()
    # Whatever token is set, the demo reads the simulator.
    home = open_home(replace(load_settings(), mode="sandbox", accounts_file=None))
    now = home.settings.now()
    console.print(f"Sandbox: {home.settings.sandbox_url} (Graph API simulator, real HTTP)")
    rows, _ = discover(home.gateway, home.lake, now, home.settings)
    registry.save(home.lake, home.instance, rows)
    until = now.date()
    span = weeks_covering(monday(until) - timedelta(weeks=weeks - 1), until)
    chosen = registry.select(rows, None).head(accounts)
    console.print(f"{chosen.height} accounts x {len(span)} weeks: {span[0]} to {span[-1]}, the running week partial")
    request = backfilling.Request(
        chosen, span, RAW_STEPS, DERIVED_STEPS, home.order, home.settings.home, workers=workers
    )
    with bars(console) as progress:
        outcome = backfilling.execute(home.settings, home.lake, home.environment, request, progress)
    names = request.accounts["account_id"].to_list()
    edition = make_edition(home.lake, "weekly", accounts=names, now=now)
    files = write_report(replace(edition, chosen=None), home.settings.home / FOLDER)
    for line in [done(outcome), *summary(edition.data)]:
        console.print(line, markup=False, highlight=False)
    console.print(f"\nReport: {files.html} (CSV and Excel beside it)", soft_wrap=True)
    console.print("The same instance in the Dagster UI: make dev", markup=False)
    finish(console, outcome)
