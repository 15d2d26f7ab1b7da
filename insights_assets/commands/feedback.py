"""`insights feedback`: what users say about tiers."""

from datetime import datetime

import click
import polars as pl

from insights_assets import feedback as words
from insights_assets import registry
from insights_assets.commands.printing import print_table
from insights_assets.lake.store import Lake
from insights_assets.partitions import monday, today_in
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.classification_feedback import CLASSIFICATION_FEEDBACK
from insights_assets.tables.classifications import TIERS
from insights_assets.tables.columns import LEVELS

DAY = click.DateTime(["%Y-%m-%d"])
LEVEL = click.Choice(LEVELS)


@click.group()
def feedback() -> None:
    """What you say about tiers: it stands above rules and model."""


@feedback.command()
@click.argument("account_id")
@click.argument("level", type=LEVEL)
@click.argument("entity_id")
@click.argument("tier", type=click.Choice(TIERS, case_sensitive=False))
@click.option("--from", "since", type=DAY, help="A day of the first week it holds (default: this week).")
@click.option("--until", type=DAY, help="A day of the last week it holds (default: until you say otherwise).")
@click.option("--note", help="Why.")
def add(
    account_id: str,
    level: str,
    entity_id: str,
    tier: str,
    since: datetime | None,
    until: datetime | None,
    note: str | None,
) -> None:
    """Give an entity its tier; the next backfill of those weeks uses it."""
    settings = load_settings()
    lake, now = Lake(settings.lake), settings.now()
    account = registry.one(lake.read(ACCOUNTS), account_id)
    first = since.date() if since else today_in(account["timezone_name"], now)
    about = words.Subject(account["account_id"], level, entity_id)
    words.add(lake, about, tier, first, now, until=until.date() if until else None, note=note)
    click.echo(f"{level} {entity_id} of {about.account_id} is {tier} from the week of {monday(first)} on.")


@feedback.command("list")
@click.option("--all", "everything", is_flag=True, help="What was taken back, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(*, everything: bool, as_json: bool) -> None:
    """Show what was said."""
    rows = Lake(load_settings().lake).read(CLASSIFICATION_FEEDBACK)
    if not everything:
        rows = rows.filter(pl.col("removed_at").is_null()).drop("removed_at")
    if as_json:
        click.echo(rows.write_json())
    elif rows.height:
        print_table(rows)
    else:
        click.echo("Nothing was said yet: `insights feedback add` gives an entity its tier.")


@feedback.command()
@click.argument("account_id")
@click.argument("level", type=LEVEL)
@click.argument("entity_id")
@click.option("--from", "since", type=DAY, help="Only what holds from this day's week on (default: all of it).")
def remove(account_id: str, level: str, entity_id: str, since: datetime | None) -> None:
    """Take back what was said of an entity; it stays on record."""
    settings = load_settings()
    about = words.Subject(registry.prefixed(account_id), level, entity_id)
    taken = words.remove(Lake(settings.lake), about, settings.now(), since=since.date() if since else None)
    click.echo(f"{taken} taken back." if taken else "Nothing was said of it.")
