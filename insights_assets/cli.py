"""The `insights` command: a thin door on the graph. Exit codes: 0 all there, 2 usage or configuration, 3 partly failed.

Belongs here: arguments, what is printed, exit codes. Does not belong here: any work (`backfill.py`, `serving/`, ...).
"""

import logging
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click
import polars as pl

from insights_assets import commands
from insights_assets.commands import USAGE, PartlyFailedError
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.redaction import RedactingFilter, redact
from insights_assets.lake.catalog import QueryError
from insights_assets.lake.store import LakeError
from insights_assets.registry import UnknownAccountError
from insights_assets.settings import SettingsError, load_settings

FAILED = 3
INTERRUPTED = 130
DAY = click.DateTime(formats=["%Y-%m-%d"])


class Commands(click.Group):
    """Turns every expected error into one sentence and the exit code of the contract."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (SettingsError, UnknownAccountError, QueryError) as error:
            self._stop(error, USAGE)
        except (GraphApiError, LakeError, OSError) as error:
            self._stop(error, FAILED)
        except PartlyFailedError:
            sys.exit(FAILED)
        except KeyboardInterrupt:
            click.echo("\nStopped. What was finished is stored; the same command continues with the rest.", err=True)
            sys.exit(INTERRUPTED)

    def _stop(self, error: Exception, code: int) -> None:
        click.echo(f"Error: {redact(str(error))}", err=True)
        sys.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="insights-assets")
def main() -> None:
    """Meta ad accounts as one Dagster asset graph."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


@main.command()
@click.option("--weeks", default=16, show_default=True, type=click.IntRange(1, 100), help="Weeks up to now.")
@click.option("--accounts", default=8, show_default=True, type=click.IntRange(1, 10), help="Accounts of the sandbox.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def demo(weeks: int, accounts: int, workers: int) -> None:
    """Run the main job on the sandbox: no token, no server needed."""
    commands.demo(load_settings(), weeks=weeks, accounts=accounts, workers=workers)


@main.command(epilog=commands.SCENARIO_HELP)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option("--scenario", default="default", show_default=True, metavar="NAME", help="One of those below.")
@click.option("--seed", default=7, show_default=True, type=int, help="Makes the world and places the faults.")
def sandbox(port: int, scenario: str, seed: int) -> None:
    """Serve the Graph API simulator over HTTP on the loopback address."""
    commands.sandbox(load_settings(), port=port, scenario=scenario, seed=seed)


@main.group()
def accounts() -> None:
    """The account registry."""


@accounts.command("discover")
def accounts_discover() -> None:
    """Register every ad account that the token sees."""
    commands.accounts_discover(load_settings())


@accounts.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def accounts_list(*, as_json: bool) -> None:
    """Show the registered accounts."""
    commands.accounts_list(load_settings(), as_json=as_json)


@accounts.command("add")
@click.argument("account_id")
@click.option("--business", help="Business id, where the API does not tell it.")
@click.option("--token-env", help="Environment variable that holds this account's token.")
@click.option("--token-file", type=click.Path(path_type=Path), help="File that holds this account's token.")
@click.option("--sandbox", "in_sandbox", is_flag=True, help="Read it from the sandbox (mode hybrid).")
def accounts_add(
    account_id: str, business: str | None, token_env: str | None, token_file: Path | None, *, in_sandbox: bool
) -> None:
    """Register one account, read from the API."""
    if token_env and token_file:
        raise click.UsageError("Give --token-env or --token-file, not both.")
    commands.accounts_add(
        load_settings(),
        account_id,
        business=business,
        token_env=token_env,
        token_file=token_file,
        in_sandbox=in_sandbox,
    )


@accounts.command("disable")
@click.argument("account_id")
@click.option("--undo", is_flag=True, help="Switch it on again.")
def accounts_disable(account_id: str, *, undo: bool) -> None:
    """Leave an account out from now on; what is stored stays."""
    commands.accounts_disable(load_settings(), account_id, undo=undo)


@main.command()
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
def backfill(since: Any, until: Any, names: str | None, *, verbose: bool, as_json: bool, **options: Any) -> None:
    """Materialize the (account x week) partitions that cover the dates."""
    first, last = _days(since, until)
    if verbose:
        logging.getLogger("insights_assets").setLevel(logging.INFO)
    chosen = [n for n in names.split(",") if n.strip()] if names is not None else None
    commands.backfill(load_settings(), first, last, names=chosen, as_json=as_json, **options)


def _days(since: Any, until: Any) -> tuple[date, date]:
    first, last = since.date(), until.date()
    if first > last:
        raise click.UsageError(f"--since {first} is after --until {last}; swap them.")
    return first, last


@main.command("sql")
@click.argument("statement")
@click.option("--format", "form", default="table", type=click.Choice(["table", "csv", "json", "parquet"]))
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def sql(statement: str, form: str, output: Path | None) -> None:
    """Ask the views with SQL (DuckDB, read-only)."""
    if form == "parquet" and output is None:
        raise click.UsageError("--format parquet needs --output FILE.")
    commands.sql(load_settings(), statement, form=form, output=output)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535))
def dev(host: str, port: int) -> None:
    """Open the Dagster UI and daemon on this instance."""
    sys.exit(commands.dev(load_settings(), host=host, port=port))


@main.group()
def config() -> None:
    """Settings."""


@config.command("show")
def config_show() -> None:
    """Print the effective settings and where each came from; secrets only as set or not set."""
    settings = load_settings()
    rows = [
        (
            name,
            ("set" if getattr(settings, name) else "not set")
            if name in ("token", "app_secret")
            else getattr(settings, name),
            origin,
        )
        for name, origin in settings.origins.items()
    ]
    frame = pl.DataFrame([(n, str(v), o) for n, v, o in rows], schema=["setting", "value", "origin"], orient="row")
    commands.print_table(frame)
