"""`insights refresh`: the weeks that can still change, of every account."""

from collections import defaultdict
from datetime import timedelta

import click
import polars as pl
from rich.console import Console

from insights_assets import backfill as backfilling
from insights_assets import registry
from insights_assets.backfill_work import Outcome
from insights_assets.commands.backfill import DERIVED_STEPS, RAW_STEPS, chosen, done, finish
from insights_assets.commands.home import open_home
from insights_assets.commands.printing import bars
from insights_assets.lake.catalog import query
from insights_assets.partitions import weeks_covering
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS

DEFAULT_DAYS = 28  # Meta's longest attribution window


@click.command()
@click.option("--accounts", "names", help="Comma-separated account ids; all when left out.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def refresh(names: str | None, workers: int) -> None:
    """Read the weeks again that can still change, by each account's own lookback.

    The lookback is learnt from an account's restatements (view refresh_plan), 28 days until there are some. Weeks that
    were read less than `refresh_after_h` hours ago are left alone.
    """
    settings = load_settings()
    accounts = chosen(settings, names, None)
    home = open_home(settings)
    learnt = dict(query(home.lake, "SELECT account_id, lookback_days FROM refresh_plan").iter_rows())
    console = Console(stderr=True)
    total = Outcome()
    for days, ids in sorted(_by_lookback(accounts, learnt).items()):
        group = registry.select(home.lake.read(ACCOUNTS), ids)
        until = settings.now().date()
        weeks = weeks_covering(until - timedelta(days=days), until)
        request = backfilling.Request(
            group, weeks, RAW_STEPS, DERIVED_STEPS, home.order, settings.home, workers=workers
        )
        with bars(console) as progress:
            outcome = backfilling.execute(home.settings, home.lake, home.environment, request, progress)
        total.planned += outcome.planned
        total.derived += outcome.derived
        total.failures += outcome.failures
        total.requests += outcome.requests
    click.echo(done(total))
    finish(console, total)


def _by_lookback(accounts: pl.DataFrame, learnt: dict[str, int]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for account_id in accounts["account_id"]:
        groups[learnt.get(account_id, DEFAULT_DAYS)].append(account_id)
    return groups
