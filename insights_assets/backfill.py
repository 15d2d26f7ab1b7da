"""Materialize the (account x week) partitions that cover some dates, headless: one account's trouble stays its own.

Raw assets run one account a run, in worker processes; derived assets run vectorised over all accounts that landed, and
in halves where a blocking check or an error turns such a run red. See docs/adr/0004.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from insights_assets import feedback, offline, planning, run_sizes
from insights_assets.backfill_work import Outcome, Progress, Work
from insights_assets.checks import reconciliation
from insights_assets.crew import Crew
from insights_assets.definitions import PARTITIONED_ASSETS
from insights_assets.lake import sync_log
from insights_assets.lake.catalog import query
from insights_assets.lake.deletion import barred
from insights_assets.lake.locking import AccountLocks
from insights_assets.lake.store import Lake
from insights_assets.lineage import lineage_of
from insights_assets.planning import Block
from insights_assets.progress import Record, keep, new_id
from insights_assets.runs import Failure
from insights_assets.settings import Settings
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.offline_conversions import OFFLINE_CONVERSIONS
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG

# A dropped file has no run: the instant it changed stands for one.
GRAPH = lineage_of(PARTITIONED_ASSETS, {OFFLINE_CONVERSIONS.name: ((offline.STEP, 0),), **feedback.ABOVE})
ENTITIES = ("campaigns", "adsets", "ads", "creatives")
RUNNING_ADS = """
SELECT account_id, greatest(
    count(DISTINCT ad_id) FILTER (effective_status = 'ACTIVE'), ceil(count(DISTINCT ad_id) / 4)
)::INTEGER FROM ads GROUP BY ALL
"""


@dataclass(frozen=True)
class Stage:
    """Steps that a run does together; `largest`: account-weeks of a run, `shared`: workers that share the accounts."""

    name: str
    steps: tuple[str, ...]
    largest: int
    shared: int

    def groups(self, blocks: Sequence[Block], order: Sequence[str]) -> list[list[Block]]:
        """Blocks of one account each, grouped for the runs of this stage; `order` is that of partitions."""
        at_most = run_sizes.accounts_a_run(blocks, self.shared, self.largest)
        return run_sizes.rectangles(blocks, order, at_most=at_most)


@dataclass(frozen=True)
class Request:
    """What to cover: registry rows (account_id, timezone_name, business_id), weeks, and the steps selected.

    `order` is every account in partition order: a range run covers all accounts between its two corners. `home` has the
    folder of dropped files.
    """

    accounts: pl.DataFrame
    weeks: Sequence[date]
    raw_steps: Sequence[str]
    derived_steps: Sequence[str]
    order: Sequence[str]
    home: Path
    force: bool = False
    workers: int = 2

    def stages(self) -> list[Stage]:
        """Derived steps in four stages.

        What is pooled over accounts needs every account's share of the first; what has many rows comes last.
        """
        bulky, fleetwide, pooled = GRAPH.bulky, GRAPH.fleetwide, GRAPH.pooled
        found = (
            ("analysis", set(GRAPH.above) - bulky - pooled, run_sizes.LARGEST_RUN, self.workers),
            ("fleet", fleetwide, run_sizes.LARGEST_FLEETWIDE_RUN, 1),
            ("predictions", pooled - fleetwide - bulky, run_sizes.LARGEST_RUN, self.workers),
            ("forecasts", bulky, run_sizes.LARGEST_BULKY_RUN, self.workers),
        )
        stages = [Stage(name, tuple(s for s in self.derived_steps if s in some), *size) for name, some, *size in found]
        return [stage for stage in stages if stage.steps]


def plan_raw(settings: Settings, lake: Lake, request: Request) -> list[Block]:
    """Blocks of raw partitions that are missing; nothing is run."""
    blocks = planning.raw_blocks(
        dict(request.accounts.select("account_id", "timezone_name").iter_rows()),
        request.weeks,
        request.raw_steps,
        _finished(lake, request),
        now=settings.now(),
        refresh_after_h=settings.refresh_after_h,
        force=request.force,
    )
    return planning.spared(blocks, barred(lake, request.accounts["account_id"]))


def plan_derived(lake: Lake, request: Request, *, excluded: Iterable[str] = ()) -> list[Block]:
    """Blocks of derived partitions that are missing or stale, of every account but those excluded."""
    done = _finished(lake, request)
    left_out = set(excluded)
    blocks = []
    for account_id in request.accounts["account_id"]:
        if account_id in left_out:
            continue
        weeks = planning.stale_weeks(account_id, request.weeks, request.derived_steps, done, GRAPH, force=request.force)
        blocks += [Block(account_id, s, tuple(request.derived_steps)) for s in planning.stretches(weeks)]
    return planning.spared(blocks, barred(lake, request.accounts["account_id"]))


def _finished(lake: Lake, request: Request) -> planning.Finished:
    names = request.accounts["account_id"].to_list()
    log, verdicts = (lake.read(t, accounts=names) for t in (SYNC_LOG, CHECK_RESULTS))
    done = planning.finished(log, verdicts, {INSIGHTS_DAILY.name: reconciliation.CHECKS})
    dropped = offline.read_folder(request.home / offline.FOLDER).changed_at
    said = feedback.changed_at(lake, names, request.weeks)
    return {**done, **{(offline.STEP, account, week): at for (account, week), at in dropped.items()}, **said}


def execute(
    settings: Settings, lake: Lake, environment: Mapping[str, str], request: Request, progress: Progress
) -> Outcome:
    """Run what is missing, and keep a record of it (`insights status`).

    Args:
        settings: effective settings.
        lake: the lake.
        environment: variables of the worker processes (`instance_home.child_environment`).
        request: what to cover.
        progress: told (stage, done, total) after each run.

    Returns:
        What was done; failures do not raise.
    """
    owners = dict(request.accounts.select("account_id", "business_id").iter_rows())
    with (
        AccountLocks(settings.home / "locks" / "accounts") as locks,
        keep(settings.home, _record(request, settings.now()), settings.now()) as book,
        Crew(request.workers, environment, owners) as crew,
    ):
        names = request.accounts["account_id"].to_list()
        outcome = Outcome(failures=[_busy(name, request.weeks) for name in sorted(locks.take(names))])
        work = Work(crew, outcome, book, settings.now, progress)
        asked = sync_log.requests(lake, names)
        outcome.planned = [b for b in plan_raw(settings, lake, request) if b.account_id not in outcome.failed_accounts]
        _run_raw(work, settings, lake, request)
        outcome.requests = sync_log.requests(lake, names) - asked
        outcome.derived = plan_derived(lake, request, excluded=outcome.failed_accounts)
        for stage in request.stages():
            ready = [b for b in outcome.derived if b.account_id not in outcome.failed_accounts]
            groups = stage.groups(ready, request.order)
            work.stage(stage.name, [(stage.steps, tuple(group)) for group in groups])
            if run_sizes.are_large(groups):
                crew.renew()
        worked = {b.account_id for b in [*outcome.planned, *outcome.derived]}
        book.update(
            settings.now(),
            status="failed" if outcome.failures else "finished",
            done=tuple(sorted(worked - outcome.failed_accounts)),
            failed=outcome.told(),
            skipped=len(set(names) - worked - outcome.failed_accounts),
        )
    return outcome


def _run_raw(work: Work, settings: Settings, lake: Lake, request: Request) -> None:
    """Run the raw steps: entities first where they are needed to know how many weeks fit into a run."""
    known = _ads(lake)
    first = []
    for block in work.outcome.planned:
        steps = tuple(s for s in block.steps if s in ENTITIES)
        if steps and block.account_id not in known and len(block.weeks) > run_sizes.WEEKS_UNKNOWN:
            first.append(Block(block.account_id, block.weeks, steps))
    if first:
        work.stage("entities", [(b.steps, (b,)) for b in first])
    left = [b for b in plan_raw(settings, lake, request) if b.account_id not in work.outcome.failed_accounts]
    work.chains("accounts", run_sizes.sized(left, _ads(lake)))


def _ads(lake: Lake) -> dict[str, int]:
    """How many ads of an account run at the same time, where they were read: those active now, or a quarter of all."""
    return dict(query(lake, RUNNING_ADS).iter_rows())


def _busy(account_id: str, weeks: Sequence[date]) -> Failure:
    told = "Another backfill works on this account; run again when it has ended (`insights status`)."
    return Failure(account_id, tuple(weeks), "run", "unknown", told)


def _record(request: Request, now: datetime) -> Record:
    return Record(
        backfill_id=new_id(now),
        status="running",
        started_at=now.isoformat(),
        updated_at=now.isoformat(),
        first_week=str(min(request.weeks)),
        last_week=str(max(request.weeks)),
        steps=(*request.raw_steps, *request.derived_steps),
        accounts=request.accounts.height,
    )
