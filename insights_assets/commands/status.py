"""`insights status`: what the backfills did, and what resumes when."""

import json
from dataclasses import asdict

import click
import polars as pl
import polars.selectors as cs

from insights_assets import progress
from insights_assets.commands.printing import print_table
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.settings import SettingsError, load_settings

SHOWN = 10
COLUMNS = ("backfill_id", "status", "updated_at", "first_week", "last_week", "accounts", "done", "failed", "skipped")
# A failure is open until the same step of the same partition succeeds.
OPEN = """
WITH newest AS (
    SELECT *, row_number() OVER (PARTITION BY account_id, week, step ORDER BY finished_at DESC) AS place FROM sync_log
)
SELECT account_id, step, error_type, count(*) AS weeks, max(attempts) AS attempts, max(retry_after) AS retry_after,
    any_value(message) AS what_to_do
FROM newest WHERE place = 1 AND status = 'failed' GROUP BY ALL ORDER BY account_id, step
"""

METRICS = (
    "FROM sync_metrics QUALIFY day = max(day) OVER (PARTITION BY account_id) ORDER BY error_share DESC, account_id"
)


@click.command()
@click.argument("backfill_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--metrics", is_flag=True, help="Show each account's last day of syncs instead (view sync_metrics).")
def status(backfill_id: str | None, *, as_json: bool, metrics: bool) -> None:
    """Show what the backfills did, which failures are open, and what resumes when."""
    settings = load_settings()
    if metrics:
        _show_metrics(Lake(settings.lake), as_json=as_json)
        return
    found = progress.records(settings.home)
    if backfill_id is not None:
        found = [r for r in found if r.backfill_id == backfill_id]
        if not found:
            raise SettingsError(f"There is no backfill {backfill_id!r}; `insights status` lists them.")
    failures = query(Lake(settings.lake), OPEN)
    if as_json:
        waiting = json.loads(failures.with_columns(pl.col("retry_after").cast(pl.String)).write_json())
        click.echo(json.dumps({"backfills": [asdict(r) for r in found], "open_failures": waiting}))
    elif backfill_id is not None:
        rows = [(k, str(v)) for k, v in found[0].counts().items()]
        print_table(pl.DataFrame(rows, schema=["field", "value"], orient="row"))
        if found[0].failed:
            names = ["account", "step", "error type", "what happened, what to do"]
            print_table(pl.DataFrame(list(found[0].failed), schema=names, orient="row"))
    else:
        if found:
            print_table(pl.DataFrame([r.counts() for r in found[:SHOWN]]).select(COLUMNS))
        else:
            click.echo("No backfill has run here yet: insights backfill --since DATE --until DATE")
        if failures.height:
            click.echo("Open failures (a step that has not succeeded since):")
            print_table(failures)


def _show_metrics(lake: Lake, *, as_json: bool) -> None:
    rows = query(lake, METRICS)
    if as_json:
        click.echo(json.dumps(rows.to_dicts(), default=str))
    elif rows.is_empty():
        click.echo("Nothing was synced here yet: insights backfill --since DATE --until DATE")
    else:
        print_table(rows.with_columns(cs.float().round(3)))
