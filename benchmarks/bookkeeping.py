"""CPU and wall of Dagster's bookkeeping an asset-partition: stock and batched event log, on SQLite and on Postgres.

A run over accounts x weeks of a chain of assets that compute nothing, each with a partitioned check and an IO manager
that reports metadata of the usual size. Stock storage is measured on a slice of the accounts, which flatters it: its
rows for planned checks grow with the square of the partitions of a run. "Not stored" drops the batches, to show what
Dagster itself costs. CPU is this process's; that of the Postgres server is told apart. Medians.
"""

import argparse
import cProfile
import logging
import os
import pstats
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import dagster as dg

from benchmarks.postgres_server import Server
from insights_assets.instance.quiet_runs import QUIET
from insights_assets.instance_home import BATCHED_EVENT_LOG, child_environment
from insights_assets.partitions import ACCOUNT, FIRST_WEEK, account_weeks, range_tags
from insights_assets.settings import load_settings

PREVIEW = "| column | another | a third |\n|---|---|---|\n" + "| value | 1,234.56 | act_123456789 |\n" * 5
SLICE_ACCOUNTS = 4
NOT_STORED = "not stored"
STOCK_POSTGRES = (
    ("insights_assets.instance.postgres", "dagster_postgres.event_log"),
    (
        "BatchedPostgresEventLogStorage",
        "PostgresEventLogStorage",
    ),
)


class Nowhere(dg.IOManager):
    """Stores nothing; reports what ours reports."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Report."""
        del obj
        table = {"dagster/row_count": 1000, "dagster/uri": "/lake/derived/table", "refused_rows": 0}
        context.add_output_metadata({"rows_of_the_run": 1000, **table, "preview": dg.MetadataValue.md(PREVIEW)})

    def load_input(self, context: dg.InputContext) -> None:
        """Give nothing."""
        del context


def chain(length: int) -> dg.JobDefinition:
    """A job of assets that depend on each other, each with a blocking partitioned check."""
    assets: list[dg.AssetsDefinition] = []
    checks: list[dg.AssetChecksDefinition] = []
    for number in range(length):

        @dg.asset(
            name=f"table_{number}",
            partitions_def=account_weeks,
            backfill_policy=dg.BackfillPolicy.single_run(),
            deps=assets[-1:],
            io_manager_key="nowhere",
        )
        def table() -> int:
            return 1

        @dg.asset_check(asset=table, name="schema", blocking=True, partitions_def=account_weeks)
        def schema() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=True)

        assets.append(table)
        checks.append(schema)
    definitions = dg.Definitions(assets=assets, asset_checks=checks, resources={"nowhere": Nowhere()})
    return definitions.resolve_implicit_global_asset_job_def()


@contextmanager
def instance(kind: str, home: Path, server: Server) -> Iterator[dg.DagsterInstance]:
    """An instance as `insights` makes it, or the same with stock storage, or one that drops batches."""
    postgres = {"DAGSTER_PG_URL": server.database()} if "Postgres" in kind else {}
    os.environ.update(child_environment(load_settings({"INSIGHTS_HOME": str(home), **postgres}), None))
    config = home / "dagster" / "dagster.yaml"
    if "stock" in kind:
        text = config.read_text().replace(BATCHED_EVENT_LOG, "")
        for ours, stock in STOCK_POSTGRES:
            text = text.replace(ours, stock)
        config.write_text(text)
    opened = dg.DagsterInstance.from_config(str(config.parent))
    stored = opened.event_log_storage
    dropped = patch.object(stored, "store_event_batch", len) if kind == NOT_STORED else nullcontext()
    try:
        with dropped:
            yield opened
    finally:
        opened.dispose()


@dataclass(frozen=True)
class Cost:
    """Milliseconds an asset-partition of one range run, and of a whole run over one partition."""

    cpu: float
    wall: float
    server_cpu: float
    single_cpu: float
    single_wall: float


def measure(kind: str, job: dg.JobDefinition, accounts: int, options: argparse.Namespace, server: Server) -> Cost:
    names = [f"act_{1_000_000_000 + n}" for n in range(accounts)]
    weeks = [FIRST_WEEK + timedelta(weeks=n) for n in range(options.weeks)]
    count = accounts * options.weeks * options.assets
    with tempfile.TemporaryDirectory() as folder, instance(kind, Path(folder), server) as opened:
        opened.add_dynamic_partitions(ACCOUNT, names)

        def run(run_weeks: list, run_names: list[str]) -> tuple[float, float, float]:
            served, began, clock = server.cpu_s(), time.process_time(), time.perf_counter()
            tags = range_tags(run_names, run_weeks)
            result = job.execute_in_process(instance=opened, tags=tags, run_config=QUIET)
            if not result.success:
                raise SystemExit(f"The run on {kind} failed; nothing was measured.")
            spent = time.process_time() - began, time.perf_counter() - clock, server.cpu_s() - served
            return spent[0] * 1e3, spent[1] * 1e3, spent[2] * 1e3

        run(weeks[:1], names[:1])  # imports, compiled statements
        single = run(weeks[:1], names[:1])
        profile = cProfile.Profile() if options.profile == kind else None
        if profile:
            profile.enable()
        whole = run(weeks, names)
        if profile:
            profile.disable()
            pstats.Stats(profile).sort_stats("cumtime").print_stats(60)
    return Cost(whole[0] / count, whole[1] / count, whole[2] / count, single[0], single[1])


KINDS = ("SQLite, stock", "SQLite, batched", "Postgres, stock", "Postgres, batched", NOT_STORED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=40)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--assets", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", choices=KINDS, help="Profile this storage (it is slower then).")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    job = chain(options.assets)
    kinds = [options.profile] if options.profile else KINDS
    found: dict[str, list[Cost]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            for _ in range(options.repeats):
                for kind, costs in found.items():
                    accounts = SLICE_ACCOUNTS if "stock" in kind else options.accounts
                    costs.append(measure(kind, job, accounts, options, server))
        finally:
            server.stop()
    print(
        f"{options.assets} assets with a check each x {options.accounts} accounts x {options.weeks} weeks in one run "
        f"(stock: {SLICE_ACCOUNTS} accounts), medians of {options.repeats}, milliseconds"
    )
    print(f"{'':19}{'an asset-partition':>32}{'a run of one partition':>28}")
    print(f"{'':19}{'CPU':>8}{'wall':>8}{'server CPU':>16}{'CPU':>14}{'wall':>14}")
    for kind, costs in found.items():
        cost = [statistics.median(getattr(c, f) for c in costs) for f in Cost.__dataclass_fields__]
        print(f"{kind:19}{cost[0]:>8.2f}{cost[1]:>8.2f}{cost[2]:>16.2f}{cost[3]:>14.0f}{cost[4]:>14.0f}")


if __name__ == "__main__":
    main()
