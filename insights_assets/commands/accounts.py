"""`insights accounts`: which ad accounts this instance looks after."""

from pathlib import Path

import click
import polars as pl

from insights_assets import registry, registry_file
from insights_assets.assets.accounts import Refused, describe
from insights_assets.assets.accounts import discover as ask_for_all
from insights_assets.commands.home import open_home
from insights_assets.commands.printing import print_table
from insights_assets.lake.store import Lake
from insights_assets.problems import PartlyFailedError
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS


@click.group()
def accounts() -> None:
    """The account registry."""


@accounts.command()
def discover() -> None:
    """Register every ad account that the token sees."""
    home = open_home(load_settings())
    rows, refused = ask_for_all(home.gateway, home.lake, home.settings.now(), home.settings)
    registry.save(home.lake, home.instance, rows)
    click.echo(f"{rows.height} accounts registered.")
    _finish(refused)


@accounts.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(*, as_json: bool) -> None:
    """Show the registered accounts."""
    rows = Lake(load_settings().lake).read(ACCOUNTS)
    if as_json:
        click.echo(rows.write_json())
    elif rows.height:
        print_table(rows.drop("token_path", "observed_at"))
    else:
        click.echo("No account is registered yet: `insights accounts discover` asks the API for all of them.")


@accounts.command()
@click.argument("account_id")
@click.option("--business", help="Business id, where the API does not tell it.")
@click.option("--token-env", help="Environment variable that holds this account's token.")
@click.option("--token-file", type=click.Path(path_type=Path), help="File that holds this account's token.")
@click.option("--sandbox", "in_sandbox", is_flag=True, help="Read it from the sandbox (mode hybrid).")
def add(
    account_id: str, business: str | None, token_env: str | None, token_file: Path | None, *, in_sandbox: bool
) -> None:
    """Register one account, read from the API."""
    if token_env and token_file:
        raise click.UsageError("Give --token-env or --token-file, not both.")
    name = registry.prefixed(account_id)
    home = open_home(load_settings())
    source: registry.Source = "sandbox" if in_sandbox or home.settings.mode == "sandbox" else "added"
    path = str(token_file.absolute()) if token_file else None
    reference = {"account_id": name, "source": source, "token_env": token_env, "token_path": path}
    with home.gateway.client(reference) as client:
        row = registry.to_rows([client.account(name)], source, home.settings.now())
    row = row.with_columns(
        pl.lit(token_env, dtype=pl.String).alias("token_env"),
        pl.lit(path, dtype=pl.String).alias("token_path"),
        pl.coalesce(pl.lit(business, dtype=pl.String), "business_id").alias("business_id"),
    )
    registry.save(home.lake, home.instance, registry.merge(home.lake.read(ACCOUNTS), row))
    click.echo(f"{name} ({row['name'][0]}, {row['currency'][0]}, {row['timezone_name'][0]}) registered.")


@accounts.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(file: Path) -> None:
    """Register the accounts of a list (CSV, JSON or TOML).

    Fields: account_id, and as needed business_id, token_env or token_file, user_id (a legacy single-account user),
    sandbox. Accounts that cannot be read are shown; the others are registered.
    """
    listed = registry_file.read(file)
    home = open_home(load_settings())
    rows, refused = describe(home.gateway, listed, home.settings.now())
    registry.save(home.lake, home.instance, registry.merge(home.lake.read(ACCOUNTS), rows))
    click.echo(f"{rows.height} accounts registered.")
    _finish(refused)


def _finish(refused: Refused) -> None:
    for name, told in refused:
        click.echo(f"{name}: {told}", err=True)
    if refused:
        raise PartlyFailedError


@accounts.command()
@click.argument("account_id")
@click.option("--undo", is_flag=True, help="Switch it on again.")
def disable(account_id: str, *, undo: bool) -> None:
    """Leave an account out from now on; what is stored stays."""
    name = registry.prefixed(account_id)
    registry.set_status(Lake(load_settings().lake), name, "ACTIVE" if undo else registry.SWITCHED_OFF)
    click.echo(f"{name} is {'on' if undo else 'off'}.")
