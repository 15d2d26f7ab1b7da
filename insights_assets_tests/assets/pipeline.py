"""The real graph on a temporary lake, reading a simulated world over real HTTP: what the tests of the assets share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from insights_assets import registry
from insights_assets.connection import Gateway
from insights_assets.definitions import DERIVED_ASSETS, RAW_ASSETS, build_defs
from insights_assets.lake.store import Lake
from insights_assets.partitions import range_tags
from insights_assets.sandbox import Sandbox, World, running_sandbox
from insights_assets.settings import load_settings
from insights_assets.tables.registry import TABLES


@dataclass
class Pipeline:
    """A code location with its instance; `now` may be moved."""

    lake: Lake
    instance: dg.DagsterInstance
    sandbox: Sandbox
    now: datetime
    options: dict[str, Any] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    defs: dg.Definitions = field(init=False)

    def __post_init__(self) -> None:
        settings = load_settings(
            {"INSIGHTS_HOME": self.lake.root, "INSIGHTS_MODE": "sandbox", "INSIGHTS_SANDBOX_URL": self.sandbox.url}
        )
        overrides = {"lake": self.lake, "gateway": Gateway(settings, {}, **self.options), "clock": lambda: self.now}
        self.defs = build_defs(settings, overrides={**overrides, **self.overrides})
        self.lake.ensure(TABLES.values())

    @property
    def accounts(self) -> list[str]:
        return [a.id for a in self.sandbox.world.accounts]

    def discover(self) -> None:
        with self.gateway.client() as client:
            rows = registry.to_rows(client.ad_accounts(), "sandbox", self.now)
        registry.save(self.lake, self.instance, rows)

    @property
    def gateway(self) -> Gateway:
        gateway = self.defs.resources["gateway"].resource_fn(None)
        assert isinstance(gateway, Gateway)
        return gateway

    def run(
        self,
        assets: Iterable[Any],
        accounts: str | Sequence[str] | None = None,
        weeks: Sequence[date] = (),
        *,
        raise_on_error: bool = True,
    ) -> dg.ExecuteInProcessResult:
        """Run assets of the graph in this process: for one account or neighbouring ones a range of weeks, or as one."""
        job = self.defs.resolve_implicit_global_asset_job_def()
        chosen = job.get_subset(asset_selection={a.key for a in assets})
        named = [accounts] if isinstance(accounts, str) else accounts
        tags = range_tags(named, weeks) if named else {}
        return chosen.execute_in_process(instance=self.instance, tags=tags, raise_on_error=raise_on_error)

    def refresh(
        self, weeks: Sequence[date], accounts: Sequence[str] | None = None, *, upto: Iterable[Any] | None = None
    ) -> None:
        """Materialize the graph for the weeks as a backfill does: raw steps one account a run, derived ones in one.

        `upto` names the assets that are wanted, with all that they need; the whole graph when None.
        """
        needed = None if upto is None else dg.AssetSelection.assets(*upto).upstream()
        keys = {a.key for a in (*RAW_ASSETS, *DERIVED_ASSETS)}
        if needed is not None:
            keys &= needed.resolve(self.defs.resolve_asset_graph())
        for account_id in accounts or self.accounts:
            self.run([a for a in RAW_ASSETS if a.key in keys], account_id, weeks)
        self.run([a for a in DERIVED_ASSETS if a.key in keys], accounts or self.accounts, weeks)

    def rows(self, name: str, account_id: str | None = None, week: date | None = None) -> pl.DataFrame:
        accounts = None if account_id is None else [account_id]
        return self.lake.read(TABLES[name], accounts=accounts, since=week, until=week)


@contextmanager
def pipeline(
    folder: Path,
    world: World,
    now: datetime,
    *,
    clock: Callable[[], datetime] | None = None,
    options: dict[str, Any] | None = None,
    **sandbox: Any,
) -> Iterator[Pipeline]:
    """A pipeline on an empty lake whose accounts are known; `clock` is the server's, `now` when None.

    `options` go to every client.
    """
    with (
        running_sandbox(world, now=clock or (lambda: now), **{"report_latency_s": 0, **sandbox}) as server,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        made = Pipeline(Lake(str(folder / "lake")), instance, server, now, options or {})
        made.discover()
        yield made
