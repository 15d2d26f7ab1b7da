"""`insights backfill`: what is missing in a range of dates, headless."""

import json
import os
from collections.abc import Sequence
from datetime import date
from typing import Any

import click
import dagster as dg
import polars as pl
from rich.console import Console

from insights_assets import backfill as backfilling
from insights_assets import logs, registry
from insights_assets.backfill_work import Outcome
from insights_assets.commands.home import Home, open_home
from insights_assets.commands.printing import bars, print_failures, print_table
from insights_assets.definitions import DERIVED_ASSETS, PARTITIONED_ASSETS, RAW_ASSETS
from insights_assets.lake.store import Lake
from insights_assets.logged import LEVEL
from insights_assets.partitions import FIRST_WEEK, monday, weeks_covering
from insights_assets.problems import PartlyFailedError
from insights_assets.settings import Settings, SettingsError, load_settings
from insights_assets.tables.accounts import ACCOUNTS

DAY = click.DateTime(formats=["%Y-%m-%d"])
RAW_STEPS = [a.key.path[-1] for a in RAW_ASSETS]
DERIVED_STEPS = [a.key.path[-1] for a in DERIVED_ASSETS]


@click.command()
@click.option("--since", required=True, type=DAY, help="First day; its whole week is covered.")
@click.option("--until", required=True, type=DAY, help="Last day; its whole week is covered.")
@click.option("--accounts", "names", help="Comma-separated account ids; all when left out.")
@click.option("--limit", type=click.IntRange(1), help="At most so many accounts.")
@click.option("--select", "selection", help="Dagster asset selection, e.g. 'group:raw' or '+key:core/results_weekly'.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--dry-run", is_flag=True, help="Show what is missing; run nothing.")
@click.option("--force", is_flag=True, help="Run what is there already, too.")
@click.option("--verbose", is_flag=True, help="Log each run.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as JSON.")
def backfill(
    since: Any,
    until: Any,
    names: str | None,
    limit: int | None,
    selection: str | None,
    workers: int,
    *,
    dry_run: bool,
    force: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Materialize the (account x week) partitions that cover the dates."""
    if verbose:
        os.environ[LEVEL] = "INFO"  # worker processes inherit it
        logs.configure(os.environ)
    settings = load_settings()
    weeks = _weeks(settings, since.date(), until.date())
    raw, derived = _steps(selection)
    accounts = chosen(settings, names, limit)
    home = open_home(settings)
    request = backfilling.Request(
        accounts, weeks, raw, derived, home.order, settings.home, force=force, workers=workers
    )
    if dry_run:
        _show_plan(home, request)
        return
    console = Console(stderr=True)
    with bars(console) as progress:
        outcome = backfilling.execute(home.settings, home.lake, home.environment, request, progress)
    if as_json:
        failures = [{**vars(f), "weeks": [str(w) for w in f.weeks]} for f in outcome.failures]
        click.echo(
            json.dumps(
                {
                    "runs": len(outcome.planned) + len(outcome.derived),
                    "requests": outcome.requests,
                    "failures": failures,
                }
            )
        )
    else:
        click.echo(done(outcome))
    finish(console, outcome)


def done(outcome: Outcome) -> str:
    """One sentence on what a backfill did."""
    raw = sum(len(b.weeks) for b in outcome.planned)
    derived = sum(len(b.weeks) for b in outcome.derived)
    if not raw and not derived:
        return "Nothing to do: every partition asked for is there and fresh."
    synced = f"{raw} account-weeks synced with {outcome.requests:,} requests"
    return f"{synced}, {derived} analysed, {len(outcome.failed_accounts)} accounts failed."


def finish(console: Console, outcome: Outcome) -> None:
    """Show the failures.

    Raises:
        PartlyFailedError: there are some.
    """
    if outcome.failures:
        print_failures(
            console,
            [
                (f.account_id, f"{f.weeks[0]} .. {f.weeks[-1]}", f.step, f.error_type, f.message)
                for f in outcome.failures
            ],
        )
        raise PartlyFailedError


def _weeks(settings: Settings, since: date, until: date) -> list[date]:
    today = settings.now().date()
    if since > until:
        raise click.UsageError(f"--since {since} is after --until {until}; swap them.")
    if monday(since) < FIRST_WEEK:
        raise SettingsError(f"--since {since} is before {FIRST_WEEK}, the first week this instance has partitions for.")
    if since > today:
        raise SettingsError(f"--since {since} is in the future; today is {today}.")
    return list(weeks_covering(since, min(until, today)))


def chosen(settings: Settings, names: str | None, limit: int | None) -> pl.DataFrame:
    """Registry rows of the accounts that are named (comma-separated), or of all that are on.

    Raises:
        SettingsError: there is none.
    """
    wanted = [n for n in names.split(",") if n.strip()] if names is not None else None
    rows = registry.select(Lake(settings.lake).read(ACCOUNTS), wanted)
    if rows.is_empty():
        raise SettingsError("No account is registered (or all are switched off); run `insights accounts discover`.")
    return rows.head(limit) if limit else rows


def _steps(selection: str | None) -> tuple[list[str], list[str]]:
    if selection is None:
        return RAW_STEPS, DERIVED_STEPS
    try:
        keys = dg.AssetSelection.from_string(selection).resolve(list(PARTITIONED_ASSETS))
    except Exception as error:
        raise SettingsError(
            f"--select {selection!r} is not an asset selection: {str(error).splitlines()[0]}"
        ) from error
    names = {k.path[-1] for k in keys}
    if not names:
        raise SettingsError(
            f"--select {selection!r} matches no asset; assets are {', '.join(RAW_STEPS + DERIVED_STEPS)}."
        )
    return [s for s in RAW_STEPS if s in names], [s for s in DERIVED_STEPS if s in names]


def _show_plan(home: Home, request: backfilling.Request) -> None:
    blocks = backfilling.plan_raw(home.settings, home.lake, request) + backfilling.plan_derived(home.lake, request)
    rows = [(b.account_id, str(b.weeks[0]), str(b.weeks[-1]), len(b.weeks), _named(b.steps)) for b in blocks]
    schema = ["account_id", "first_week", "last_week", "weeks", "steps"]
    print_table(pl.DataFrame(rows, schema=schema, orient="row"))
    click.echo("Dry run: nothing was run. Weeks of derived steps that follow from new raw weeks come on top.")


def _named(steps: Sequence[str]) -> str:
    """Steps by name; those of a whole stage, dozens of names in each row, as such."""
    for stage, every in (("raw", RAW_STEPS), ("derived", DERIVED_STEPS)):
        if set(steps) == set(every):
            return f"all {len(every)} {stage} steps"
    return ", ".join(steps)
