"""`insights serve` and `insights keys`: the read API and who may use it."""

import json
import os
import sys
from typing import Final

import click
import polars as pl

from insights_assets.api.keys import ROLES, KeyStore
from insights_assets.api.tokens import token_reader
from insights_assets.commands.printing import print_table
from insights_assets.instance_home import FRUGAL
from insights_assets.registry import prefixed
from insights_assets.settings import load_settings

# Handing a frame of a few thousand rows to other threads costs more CPU than it saves: 5.2 ms a request against 2.9.
# It is read when polars is imported, so the server is a process that begins with it.
SMALL_FRAMES: Final = {"POLARS_MAX_THREADS": "1"}


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address; others than the loopback are seen by others."
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def serve(host: str, port: int) -> None:
    """Serve the read API: JSON over the tables, by key.

    In sandbox mode the simulator runs beside it.
    """
    settings = load_settings()
    token_reader(settings.api, os.environ)
    if not any(key.revoked_at is None for key in KeyStore(settings.home).list()):
        click.echo("There is no key yet: `insights keys add NAME --role admin` makes one.", err=True)
    click.echo(f"Read API: http://{host}:{port}  (Ctrl-C ends it; /docs explains it)")
    sys.stdout.flush()
    command = [sys.executable, "-m", "insights_assets.api.server", host, str(port)]
    os.execve(sys.executable, command, {**os.environ, **FRUGAL, **SMALL_FRAMES})  # noqa: S606 - our own arguments


@click.group()
def keys() -> None:
    """API keys: who may ask the read API, and what."""


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True)
@click.option("--accounts", help="Comma-separated account ids that it may see; all when left out.")
@click.option("--rate", type=click.IntRange(1), help="Requests a minute; that of the settings when left out.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def add(name: str, role: str, accounts: str | None, rate: int | None, *, as_json: bool) -> None:
    """Make a key; it is shown once, and nobody can find it out later."""
    settings = load_settings()
    scope = None if accounts is None else [prefixed(n) for n in accounts.split(",") if n.strip()]
    key, secret = KeyStore(settings.home).add(name, role, scope, settings.now(), requests_per_minute=rate)
    if as_json:
        click.echo(json.dumps({**key.told(), "secret": secret}, ensure_ascii=False))
        return
    click.echo(f"Key {key.key_id} ({role}). Keep it now; it is not shown again:", err=True)
    click.echo(secret)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(*, as_json: bool) -> None:
    """Show the keys, revoked ones too; never their secrets."""
    found = [key.told() for key in KeyStore(load_settings().home).list()]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif found:
        print_table(
            pl.DataFrame(
                [k | {"accounts": "all" if k["accounts"] is None else ", ".join(k["accounts"])} for k in found],
                infer_schema_length=None,
            )
        )
    else:
        click.echo("There is no key yet: `insights keys add NAME` makes one.")


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key, at once and for good."""
    settings = load_settings()
    key = KeyStore(settings.home).revoke(key_id, settings.now())
    click.echo(f"Key {key.key_id} ({key.name}) is revoked.")
