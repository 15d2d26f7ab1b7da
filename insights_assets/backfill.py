"""Materialize the (account x week) partitions that cover some dates, headless: one account's trouble stays its own.

Raw assets run one account a run, in worker processes; derived assets run vectorised over all accounts that landed, and
in halves where a blocking check or an error turns such a run red. See docs/adr/0004.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import polars as pl

from insights_assets import offline, planning
from insights_assets.crew import Crew, Job
from insights_assets.lake import sync_log
from insights_assets.lake.catalog import query
from insights_assets.lake.locking import AccountLocks
from insights_assets.lake.store import Lake
from insights_assets.planning import Block
from insights_assets.progress import Book, Record, keep, new_id
from insights_assets.runs import Failure
from insights_assets.settings import Settings
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG

Progress = Callable[[str, int, int], None]
POOLED = ("anomalies_ad", "burnout_predictions", "ad_lifecycle")
ENTITIES = ("campaigns", "adsets", "ads", "creatives")
RUNNING_ADS = """
SELECT account_id, greatest(
    count(DISTINCT ad_id) FILTER (effective_status = 'ACTIVE'), ceil(count(DISTINCT ad_id) / 4)
)::INTEGER FROM ads GROUP BY ALL
"""
OF_THE_ACCOUNT = ("token_invalid", "permission", "rate_limited", "api_version")


@dataclass
class Outcome:
    """What a backfill did: partitions asked for, steps' runs, failures (a table for the user)."""

    planned: list[Block] = field(default_factory=list)
    derived: list[Block] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    requests: int = 0

    @property
    def failed_accounts(self) -> set[str]:
        """Accounts with a failure."""
        return {f.account_id for f in self.failures}


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

    def stages(self) -> list[tuple[str, list[str]]]:
        """Derived steps in two stages: burnout is pooled over accounts, so every account's features come first."""
        first = [s for s in self.derived_steps if s not in POOLED]
        last = [s for s in self.derived_steps if s in POOLED]
        return [(name, steps) for name, steps in (("features", first), ("findings", last)) if steps]


def plan_raw(settings: Settings, lake: Lake, request: Request) -> list[Block]:
    """Blocks of raw partitions that are missing; nothing is run."""
    return planning.raw_blocks(
        dict(request.accounts.select("account_id", "timezone_name").iter_rows()),
        request.weeks,
        request.raw_steps,
        _finished(lake, request),
        now=settings.now(),
        refresh_after_h=settings.refresh_after_h,
        force=request.force,
    )


def plan_derived(lake: Lake, request: Request, *, excluded: Iterable[str] = ()) -> list[Block]:
    """Blocks of derived partitions that are missing or stale."""
    done = _finished(lake, request)
    left_out = set(excluded)
    blocks = []
    for account_id in request.accounts["account_id"]:
        if account_id in left_out:
            continue
        weeks = planning.stale_weeks(account_id, request.weeks, request.derived_steps, done, force=request.force)
        blocks += [Block(account_id, s, tuple(request.derived_steps)) for s in planning.stretches(weeks)]
    return blocks


def _finished(lake: Lake, request: Request) -> planning.Finished:
    names = request.accounts["account_id"].to_list()
    done = planning.finished(lake.read(SYNC_LOG, accounts=names), lake.read(CHECK_RESULTS, accounts=names))
    dropped = offline.read_folder(request.home / offline.FOLDER).changed_at
    return {**done, **{(offline.STEP, account, week): at for (account, week), at in dropped.items()}}


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
        work = _Work(crew, outcome, book, settings.now, progress)
        asked = sync_log.requests(lake, names)
        outcome.planned = [b for b in plan_raw(settings, lake, request) if b.account_id not in outcome.failed_accounts]
        _run_raw(work, settings, lake, request)
        outcome.requests = sync_log.requests(lake, names) - asked
        outcome.derived = plan_derived(lake, request, excluded=outcome.failed_accounts)
        for name, steps in request.stages():
            ready = [b for b in outcome.derived if b.account_id not in outcome.failed_accounts]
            groups = planning.rectangles(ready, request.order, at_most=-(-len(ready) // max(1, request.workers)))
            work.stage(name, [(tuple(steps), tuple(group)) for group in groups])
        worked = {b.account_id for b in [*outcome.planned, *outcome.derived]}
        book.update(
            settings.now(),
            status="failed" if outcome.failures else "finished",
            done=tuple(sorted(worked - outcome.failed_accounts)),
            failed=_told(outcome),
            skipped=len(set(names) - worked - outcome.failed_accounts),
        )
    return outcome


def _run_raw(work: "_Work", settings: Settings, lake: Lake, request: Request) -> None:
    """Run the raw steps: entities first where they are needed to know how many weeks fit into a run."""
    known = _ads(lake)
    first = []
    for block in work.outcome.planned:
        steps = tuple(s for s in block.steps if s in ENTITIES)
        if steps and block.account_id not in known and len(block.weeks) > planning.WEEKS_UNKNOWN:
            first.append(Block(block.account_id, block.weeks, steps))
    if first:
        work.stage("entities", [(b.steps, (b,)) for b in first])
    left = [b for b in plan_raw(settings, lake, request) if b.account_id not in work.outcome.failed_accounts]
    work.chains("accounts", planning.sized(left, _ads(lake)))


def _ads(lake: Lake) -> dict[str, int]:
    """How many ads of an account run at the same time, where they were read: those active now, or a quarter of all."""
    return dict(query(lake, RUNNING_ADS).iter_rows())


def _busy(account_id: str, weeks: Sequence[date]) -> Failure:
    told = "Another backfill works on this account; run again when it has ended (`insights status`)."
    return Failure(account_id, tuple(weeks), "run", "unknown", told)


@dataclass
class _Work:
    """Runs jobs, keeps the outcome and the record up to date, and tells how far it is."""

    crew: Crew
    outcome: Outcome
    book: Book
    now: Callable[[], datetime]
    progress: Progress

    def stage(self, stage: str, jobs: Sequence[Job], after: Callable[[Job], list[Job]] = lambda _: []) -> None:
        """Run jobs; one that fails with several accounts is halved until only the accounts at fault are left.

        `after` names the jobs that follow one that is done.
        """
        total, done = len(jobs), 0
        self.progress(stage, done, total)

        def finished(job: Job, failures: list[Failure]) -> list[Job]:
            nonlocal total, done
            steps, blocks = job
            middle = len(blocks) // 2
            if failures and middle:
                more = [(steps, blocks[:middle]), (steps, blocks[middle:])]
            else:
                self._note(blocks, failures)
                more = after(job)
            total += len(more)
            done += 1
            self.progress(stage, done, total)
            return more

        self.crew.run(jobs, finished)

    def chains(self, stage: str, blocks: Sequence[Block]) -> None:
        """Run blocks of one account one after the other, accounts beside each other.

        What ails the whole account (token, permission, limit, version) ends its chain.
        """
        waiting: dict[str, list[Block]] = {}
        for block in blocks:
            waiting.setdefault(block.account_id, []).append(block)

        def following(account_id: str) -> list[Job]:
            hopeless = any(f.account_id == account_id and f.error_type in OF_THE_ACCOUNT for f in self.outcome.failures)
            if hopeless or not waiting[account_id]:
                return []
            block = waiting[account_id].pop(0)
            return [(block.steps, (block,))]

        self.stage(
            stage,
            [job for name in list(waiting) for job in following(name)],
            lambda job: following(job[1][0].account_id),
        )

    def _note(self, blocks: Sequence[Block], failures: list[Failure]) -> None:
        self.outcome.failures += failures
        landed = {b.account_id for b in blocks} | set(self.book.record.done)
        self.book.update(
            self.now(), done=tuple(sorted(landed - self.outcome.failed_accounts)), failed=_told(self.outcome)
        )


def _told(outcome: Outcome) -> tuple[tuple[str, str, str, str], ...]:
    return tuple((f.account_id, f.step, f.error_type, f.message) for f in outcome.failures)


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
