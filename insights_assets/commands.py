"""What the commands do: open the lake, the instance and the simulator, call the one function, print."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import click
import dagster as dg
import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from insights_assets import backfill as backfilling
from insights_assets import registry
from insights_assets.assets.accounts import discover
from insights_assets.connection import Gateway, embedded_sandbox
from insights_assets.definitions import DERIVED_ASSETS, PARTITIONED_ASSETS, RAW_ASSETS
from insights_assets.instance_home import child_environment, open_instance
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.partitions import ACCOUNT, FIRST_WEEK, monday, weeks_covering
from insights_assets.sandbox.scenarios import SCENARIOS, about
from insights_assets.sandbox.server import serve
from insights_assets.settings import Settings, SettingsError
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.registry import TABLES

USAGE = 2
SHOWN_FAILURES = 20
FILE_WIDTH = 200  # characters a line where the output is no terminal
RAW_STEPS = [a.key.path[-1] for a in RAW_ASSETS]
SCENARIO_HELP = "\b\nScenarios:\n" + "\n".join(f"  {name}: {about(name)}" for name in SCENARIOS)
DERIVED_STEPS = [a.key.path[-1] for a in DERIVED_ASSETS]


class PartlyFailedError(Exception):
    """Some partitions failed and were shown; the rest landed."""


def demo(settings: Settings, *, weeks: int, accounts: int, workers: int) -> None:
    """Run the whole graph on the sandbox and write the report."""
    # Only this command draws; matplotlib costs every other one about a third of its start.
    from insights_assets.serving.findings import collect  # noqa: PLC0415
    from insights_assets.serving.report import save  # noqa: PLC0415
    from insights_assets.serving.words import summary  # noqa: PLC0415

    settings = _in_sandbox(settings)
    console = Console()
    lake, environment, instance = _open(settings)
    console.print(f"Sandbox: {environment['INSIGHTS_SANDBOX_URL']} (Graph API simulator, real HTTP)")
    rows = discover(Gateway(_with_sandbox(settings, environment)), lake, settings.now(), settings.mode)
    registry.save(lake, instance, rows)
    until = settings.now().date()
    span = weeks_covering(monday(until) - timedelta(weeks=weeks - 1), until)
    chosen = registry.select(rows, None).head(accounts)
    console.print(f"{chosen.height} accounts x {len(span)} weeks: {span[0]} to {span[-1]}, the running week partial")
    request = backfilling.Request(chosen, span, RAW_STEPS, DERIVED_STEPS, _order(instance), workers=workers)
    with _bars(console) as progress:
        outcome = backfilling.execute(settings, lake, environment, request, progress)
    names = request.accounts["account_id"].to_list()
    data = collect(lake, accounts=names, since=span[0], until=until, now=settings.now())
    path = save(data, settings.home)
    for line in [_done(outcome), *summary(data)]:
        console.print(line, markup=False, highlight=False)
    console.print(f"\nReport: {path}", soft_wrap=True)
    console.print("The same instance in the Dagster UI: make dev", markup=False)
    _finish(console, outcome)


def sandbox(settings: Settings, *, port: int, scenario: str, seed: int) -> None:
    """Serve the simulator until interrupted."""
    if scenario not in SCENARIOS:
        raise SettingsError(f"Unknown scenario {scenario!r}; there are {', '.join(SCENARIOS)}.")
    serve(port=port, scenario=scenario, seed=seed, now=settings.now)


def accounts_discover(settings: Settings) -> None:
    """Ask the API for every account and store them."""
    lake, environment, instance = _open(settings)
    rows = discover(Gateway(_with_sandbox(settings, environment)), lake, settings.now(), settings.mode)
    registry.save(lake, instance, rows)
    click.echo(f"{rows.height} accounts registered.")


def accounts_list(settings: Settings, *, as_json: bool) -> None:
    """Print the registry."""
    rows = Lake(settings.lake).read(ACCOUNTS)
    if as_json:
        click.echo(rows.write_json())
    elif rows.height:
        print_table(rows.drop("token_path", "observed_at"))
    else:
        click.echo("No account is registered yet: `insights accounts discover` asks the API for all of them.")


def accounts_add(
    settings: Settings,
    account_id: str,
    *,
    business: str | None,
    token_env: str | None,
    token_file: Path | None,
    in_sandbox: bool,
) -> None:
    """Register one account with what the API says of it."""
    name = registry.prefixed(account_id)
    lake, environment, instance = _open(settings)
    source: registry.Source = "sandbox" if in_sandbox or settings.mode == "sandbox" else "added"
    path = str(token_file.absolute()) if token_file else None
    reference = {"account_id": name, "source": source, "token_env": token_env, "token_path": path}
    with Gateway(_with_sandbox(settings, environment)).client(reference) as client:
        row = registry.to_rows([client.account(name)], source, settings.now())
    row = row.with_columns(
        pl.lit(token_env, dtype=pl.String).alias("token_env"),
        pl.lit(path, dtype=pl.String).alias("token_path"),
        pl.coalesce(pl.lit(business, dtype=pl.String), "business_id").alias("business_id"),
    )
    registry.save(lake, instance, registry.merge(lake.read(ACCOUNTS), row))
    click.echo(f"{name} ({row['name'][0]}, {row['currency'][0]}, {row['timezone_name'][0]}) registered.")


def accounts_disable(settings: Settings, account_id: str, *, undo: bool) -> None:
    """Switch an account off or on here."""
    name = registry.prefixed(account_id)
    registry.set_status(Lake(settings.lake), name, "ACTIVE" if undo else registry.SWITCHED_OFF)
    click.echo(f"{name} is {'on' if undo else 'off'}.")


def backfill(
    settings: Settings,
    since: date,
    until: date,
    *,
    names: list[str] | None,
    limit: int | None,
    selection: str | None,
    workers: int,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Materialize what is missing."""
    today = settings.now().date()
    if monday(since) < FIRST_WEEK:
        raise SettingsError(f"--since {since} is before {FIRST_WEEK}, the first week this instance has partitions for.")
    if since > today:
        raise SettingsError(f"--since {since} is in the future; today is {today}.")
    raw, derived = _steps(selection)
    lake = Lake(settings.lake)
    chosen = registry.select(lake.read(ACCOUNTS), names)
    if chosen.is_empty():
        raise SettingsError("No account is registered (or all are switched off); run `insights accounts discover`.")
    chosen = chosen.head(limit) if limit else chosen
    lake, environment, instance = _open(settings)
    weeks = weeks_covering(since, min(until, today))
    request = backfilling.Request(chosen, weeks, raw, derived, _order(instance), force=force, workers=workers)
    console = Console(stderr=True)
    if dry_run:
        _show_plan(settings, lake, request)
        return
    with _bars(console) as progress:
        outcome = backfilling.execute(settings, lake, environment, request, progress)
    if as_json:
        failures = [{**vars(f), "weeks": [str(w) for w in f.weeks]} for f in outcome.failures]
        click.echo(json.dumps({"runs": len(outcome.planned) + len(outcome.derived), "failures": failures}))
    else:
        click.echo(_done(outcome))
    _finish(console, outcome)


def sql(settings: Settings, statement: str, *, form: str, output: Path | None) -> None:
    """Print or write the rows of a query."""
    rows = query(Lake(settings.lake), statement)
    if form == "parquet":
        rows.write_parquet(output or sys.stdout.buffer)
        return
    if form == "table" and output is None:
        print_table(rows)
        return
    flat = rows if form == "json" else _flat(rows)
    text = flat.write_json() if form == "json" else flat.write_csv()
    if output is None:
        click.echo(text, nl=form == "json")
    else:
        output.write_text(text, encoding="utf-8")


def dev(settings: Settings, *, host: str, port: int) -> int:
    """Run `dagster dev` on this home until it ends; in sandbox mode the simulator runs beside it."""
    _, environment, _ = _open(settings)
    command = [sys.executable, "-m", "dagster", "dev", "-m", "insights_assets.definitions", "-h", host, "-p", str(port)]
    click.echo(f"Dagster UI: http://{host}:{port}  (Ctrl-C ends it)")
    try:
        return subprocess.call(command, env={**os.environ, **environment})  # noqa: S603 - our own arguments
    except KeyboardInterrupt:
        return 0


def print_table(rows: pl.DataFrame) -> None:
    """Print a frame as a table; wide values wrap."""
    table = RichTable(show_edge=False)
    for name in rows.columns:
        table.add_column(name, justify="right" if rows.schema[name].is_numeric() else "left", overflow="fold")
    for row in rows.iter_rows():
        table.add_row(*("" if v is None else f"{v:g}" if isinstance(v, float) else str(v) for v in row))
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = max(120, 24 * len(rows.columns))
    console.print(table)
    console.print(f"{rows.height} rows")


def _open(settings: Settings) -> tuple[Lake, dict[str, str], dg.DagsterInstance]:
    """Open the home: lake with all tables, variables for child processes, the Dagster instance."""
    needs_sandbox = settings.mode != "live"
    url = (settings.sandbox_url or embedded_sandbox(settings)) if needs_sandbox else None
    environment = child_environment(settings, url)
    instance = open_instance(environment)
    lake = Lake(settings.lake)
    lake.ensure(TABLES.values())
    return lake, environment, instance


def _in_sandbox(settings: Settings) -> Settings:
    """The demo always reads the sandbox, whatever token is set."""
    return replace(settings, mode="sandbox")


def _with_sandbox(settings: Settings, environment: Mapping[str, str]) -> Settings:
    return replace(settings, sandbox_url=environment.get("INSIGHTS_SANDBOX_URL"))


def _order(instance: dg.DagsterInstance) -> list[str]:
    return list(instance.get_dynamic_partitions(ACCOUNT))


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


def _show_plan(settings: Settings, lake: Lake, request: backfilling.Request) -> None:
    blocks = backfilling.plan_raw(settings, lake, request) + backfilling.plan_derived(lake, request)
    rows = [(b.account_id, str(b.weeks[0]), str(b.weeks[-1]), len(b.weeks), ", ".join(b.steps)) for b in blocks]
    schema = ["account_id", "first_week", "last_week", "weeks", "steps"]
    print_table(pl.DataFrame(rows, schema=schema, orient="row"))
    click.echo("Dry run: nothing was run. Weeks of derived steps that follow from new raw weeks come on top.")


def _done(outcome: backfilling.Outcome) -> str:
    raw = sum(len(b.weeks) for b in outcome.planned)
    derived = sum(len(b.weeks) for b in outcome.derived)
    if not raw and not derived:
        return "Nothing to do: every partition asked for is there and fresh."
    return f"{raw} account-weeks synced, {derived} analysed, {len(outcome.failed_accounts)} accounts failed."


def _finish(console: Console, outcome: backfilling.Outcome) -> None:
    if not outcome.failures:
        return
    table = RichTable(show_edge=False)
    for name in ("account", "weeks", "step", "error type"):
        table.add_column(name, no_wrap=True)
    table.add_column("what happened, what to do", min_width=40, overflow="fold")
    if not console.is_terminal:
        console.width = FILE_WIDTH
    for f in outcome.failures[:SHOWN_FAILURES]:
        table.add_row(f.account_id, f"{f.weeks[0]} .. {f.weeks[-1]}", f.step, f.error_type, f.message)
    console.print(table)
    raise PartlyFailedError


@contextmanager
def _bars(console: Console) -> Iterator[backfilling.Progress]:
    """Progress bars, one a stage."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield tell


def _flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Lists and structs as JSON text: CSV has no nesting."""
    nested = [c for c, t in rows.schema.items() if t.is_nested()]
    return rows.with_columns(
        pl.Series(c, [None if v is None else json.dumps(v, default=str) for v in rows[c].to_list()], dtype=pl.String)
        for c in nested
    )
