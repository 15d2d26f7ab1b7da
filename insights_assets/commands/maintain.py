"""`insights maintain`: care of the lake; `--migrate` brings one of an earlier release to today's columns."""

import json
from collections.abc import Iterable, Iterator, Sequence

import click
import polars as pl
from rich.console import Console

from insights_assets.automation.maintenance import Report
from insights_assets.automation.maintenance import maintain as care
from insights_assets.commands.printing import bars, print_table
from insights_assets.instance_home import child_environment, open_instance
from insights_assets.lake.inspection import Inspected
from insights_assets.lake.migration import Migrated, migrate
from insights_assets.lake.store import Lake
from insights_assets.problems import FailedError, PartlyFailedError
from insights_assets.settings import Settings, load_settings
from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES

MB = 1_000_000


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@click.option(
    "--migrate", "migrating", is_flag=True, help="Only bring the tables of an earlier release to today's columns."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def maintain(*, dry_run: bool, migrating: bool, as_json: bool) -> None:
    """Compact, vacuum and check the lake, and retire what is superseded.

    Safe beside a running backfill. What is kept how long: the table `[maintenance]` of the settings file.
    """
    settings = load_settings()
    if migrating:
        _migrate(Lake(settings.lake), dry_run=dry_run, as_json=as_json)
        return
    report = _care(settings, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(report.as_dict()))
    else:
        _show(report)
    if report.problems:
        raise PartlyFailedError


def _care(settings: Settings, *, dry_run: bool) -> Report:
    instance = open_instance(child_environment(settings, None))
    with bars(Console(stderr=True)) as tell:
        return care(
            Lake(settings.lake),
            TABLES.values(),
            instance,
            settings.maintenance,
            settings.now(),
            dry_run=dry_run,
            tell=tell,
        )


def _migrate(lake: Lake, *, dry_run: bool, as_json: bool) -> None:
    done: list[Migrated] = []
    problems = []
    for table in TABLES.values():
        try:
            if found := migrate(lake, table, dry_run=dry_run):
                done.append(found)
        except FailedError as error:
            problems.append(str(error))
    if as_json:
        told = [{"table": m.table, "rows": m.rows, "changes": str(m.upgrade)} for m in done]
        click.echo(json.dumps({"dry_run": dry_run, "migrated": told, "problems": problems}))
    else:
        for m in done:
            click.echo(f"{m.table}: {'would be' if dry_run else 'is'} rewritten, {m.rows:,} rows ({m.upgrade})")
        if not done:
            click.echo("Every table has today's columns.")
        for sentence in _about_new_columns([TABLES[m.table] for m in done if m.upgrade.added]):
            click.echo(sentence)
        for sentence in problems:
            click.echo(sentence, err=True)
    if problems:
        raise PartlyFailedError


def _about_new_columns(tables: Sequence[Table]) -> Iterator[str]:
    """What to do about columns that old rows do not have: only assets of accounts and weeks can be made again."""
    made = {t.name: f"key:{t.layer}/{t.name}" for t in tables if t.partitioned and t.layer != "ops"}
    if made:
        yield (
            "New columns are empty in old rows until they are made again: insights backfill --force --select "
            f"'{' or '.join(sorted(made.values()))}' --since DATE --until DATE"
        )
    if kept := sorted(t.name for t in tables if t.name not in made):
        yield f"New columns stay empty in old rows of {', '.join(kept)}."


def _show(report: Report) -> None:
    print_table(pl.DataFrame(list(_rows(report.tables))))
    for line in _sentences(report):
        click.echo(line)
    for sentence in report.problems:
        click.echo(sentence, err=True)


def _rows(tables: Iterable[Inspected]) -> Iterator[dict[str, object]]:
    for t in tables:
        if t.files or t.problems:
            yield {
                "table": t.table,
                "rows": t.rows,
                "files": t.files,
                "small": t.small_files,
                "MB": round(t.bytes / MB, 2),
                "log": t.log_files,
                "problems": len(t.problems),
            }


def _sentences(report: Report) -> Iterator[str]:
    verb = "Would be " if report.dry_run else ""
    before, after = (sum(getattr(c, n) for c in report.compacted) for n in ("files_before", "files_after"))
    yield f"{verb}joined: {before:,} files to {after:,}, in {len(report.compacted)} tables."
    yield f"{verb}removed: {report.removed_files:,} files that no table names any more, {report.removed_runs:,} runs."
    for name, rows in report.expired_rows.items():
        yield f"{verb}removed: {rows:,} old rows of {name}."
    yield from report.left
    if report.strays:
        yield f"No table's, left alone: {', '.join(report.strays)}."
    if not report.problems:
        yield "The lake is whole."
