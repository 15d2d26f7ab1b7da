"""`insights delete` and `insights undelete`: weeks of one account, for good."""

from typing import Any

import click
import dagster as dg
import polars as pl

from insights_assets import deletions, registry
from insights_assets.backfill import GRAPH
from insights_assets.commands.home import Home, open_home
from insights_assets.commands.printing import print_table
from insights_assets.definitions import PARTITIONED_ASSETS
from insights_assets.lake.locking import AccountLocks
from insights_assets.partitions import key, monday
from insights_assets.problems import FailedError
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("account_id")
@click.option("--since", required=True, type=DAY, help="First day; its whole week goes.")
@click.option("--until", required=True, type=DAY, help="Last day; its whole week goes.")
@click.option("--by", required=True, help="Who asks for it: kept in the view deletions.")
@click.option("--dry-run", is_flag=True, help="Show what would go; delete nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(account_id: str, since: Any, until: Any, by: str, *, dry_run: bool, yes: bool) -> None:
    """Delete weeks of an account for good, with all that was made from them."""
    settings = load_settings()
    home = open_home(settings)
    account = registry.one(home.lake.read(ACCOUNTS), account_id)["account_id"]
    with AccountLocks(settings.home / "locks" / "accounts") as locks:
        if locks.take([account]):
            raise FailedError(f"A backfill works on {account}; delete when it has ended (`insights status`).")
        running = monday(settings.now().date())
        chosen = deletions.plan(home.lake, account, since.date(), until.date(), GRAPH, running)
        _show(chosen)
        if dry_run:
            click.echo("Dry run: nothing was deleted.")
            return
        if not yes:
            click.confirm("Delete them for good?", abort=True)
        record = deletions.execute(home.lake, chosen, by, settings.now)
        _mark(home, chosen, record)
    click.echo(
        f"Deletion {record['deletion_id']}: {record['rows']:,} rows of {len(record['tables'])} tables are gone, older "
        f"versions with them. Weeks {chosen.weeks[0]} to {chosen.weeks[-1]} of {account} stay empty until "
        f"`insights undelete {record['deletion_id']}`. Reports and exports that were written are files of your own."
    )
    if chosen.later:
        click.echo(
            f"Later weeks were made from them, too: `insights backfill --accounts {account} --since {chosen.later[0]} "
            f"--until {chosen.later[-1]}` makes those again without them."
        )


@click.command()
@click.argument("deletion_id")
@click.option("--by", required=True, help="Who allows it: kept in the view deletions.")
def undelete(deletion_id: str, by: str) -> None:
    """Allow deleted weeks of an account to be read again."""
    settings = load_settings()
    record = deletions.lift(open_home(settings).lake, deletion_id, by, settings.now())
    click.echo(
        f"Weeks {record['first_week']} to {record['last_week']} of {record['account_id']} can be read again; the next "
        "backfill of them does."
    )


def _show(chosen: deletions.Plan) -> None:
    rows = [(e.table.name, str(e.weeks[0]), str(e.weeks[-1]), e.rows) for e in chosen.erasures if e.rows]
    rows += [("alerts", "", "", len(chosen.alerts)), ("alert_outbox", "", "", len(chosen.messages))]
    schema = ["table", "first_week", "last_week", "rows"]
    print_table(pl.DataFrame([r for r in rows if r[3]], schema=schema, orient="row"))


def _mark(home: Home, chosen: deletions.Plan, record: dict[str, Any]) -> None:
    """Tell Dagster that the partitions it takes for materialized are empty now."""
    for asset in PARTITIONED_ASSETS:
        there = home.instance.get_materialized_partitions(asset.key)
        for week in chosen.weeks:
            partition = key(chosen.account_id, week)
            if partition in there:
                metadata = {"dagster/partition_row_count": 0, "deletion_id": record["deletion_id"]}
                event = dg.AssetMaterialization(asset.key, partition=partition, metadata=metadata)
                home.instance.report_runless_asset_event(event)
