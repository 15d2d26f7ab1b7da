"""`insights config`: what the settings are and where each came from."""

import click
import polars as pl

from insights_assets.commands.printing import print_table
from insights_assets.settings import load_settings

SECRETS = ("token", "app_secret", "postgres_url")


@click.group()
def config() -> None:
    """Settings."""


@config.command("show")
def show() -> None:
    """Print the effective settings and where each came from; secrets only as set or not set."""
    settings = load_settings()
    rows = []
    for name, origin in settings.origins.items():
        value = getattr(settings, name)
        shown = ("set" if value else "not set") if name in SECRETS else str(value)
        rows.append((name, shown, origin))
    print_table(pl.DataFrame(rows, schema=["setting", "value", "origin"], orient="row"))
