"""Materialize the (account x week) partitions that cover some dates, headless: one account's trouble stays its own.

Raw assets run one account a run, in worker processes; derived assets run vectorised over all accounts that landed, and
in halves where a blocking check or an error turns such a run red. See docs/adr/0004.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path

import polars as pl

from insights_assets import offline, planning
from insights_assets.crew import Crew, Job
from insights_assets.lake.store import Lake
from insights_assets.planning import Block
from insights_assets.progress import Book, Record, keep, new_id
from insights_assets.runs import Failure
from insights_assets.settings import Settings
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG

Progress = Callable[[str, int, int], None]
Group = list[Block]
POOLED = ("anomalies_ad", "burnout_predictions")


@dataclass
class Outcome:
    """What a backfill did: partitions asked for, steps' runs, failures (a table for the user)."""

    planned: list[Block] = field(default_factory=list)
    derived: list[Block] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

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
    outcome = Outcome(planned=plan_raw(settings, lake, request))
    owners = dict(request.accounts.select("account_id", "business_id").iter_rows())
    with (
        keep(settings.home, _record(request, settings.now()), settings.now()) as book,
        Crew(request.workers, environment, owners) as crew,
    ):
        stage = partial(_stage, crew, outcome, book, settings.now, progress)
        stage("accounts", [(b.steps, (b,)) for b in outcome.planned])
        outcome.derived = plan_derived(lake, request, excluded=outcome.failed_accounts)
        for name, steps in request.stages():
            ready = [b for b in outcome.derived if b.account_id not in outcome.failed_accounts]
            groups = rectangles(ready, request.order, at_most=-(-len(ready) // max(1, request.workers)))
            stage(name, [(tuple(steps), tuple(group)) for group in groups])
        names = set(request.accounts["account_id"])
        worked = {b.account_id for b in [*outcome.planned, *outcome.derived]}
        book.update(
            settings.now(),
            status="failed" if outcome.failures else "finished",
            done=tuple(sorted(worked - outcome.failed_accounts)),
            skipped=len(names - worked - outcome.failed_accounts),
        )
    return outcome


def _stage(
    crew: Crew,
    outcome: Outcome,
    book: Book,
    now: Callable[[], datetime],
    progress: Progress,
    stage: str,
    jobs: list[Job],
) -> None:
    """Run jobs; one that fails with several accounts is halved until only the accounts at fault are left."""
    total, done = len(jobs), 0
    progress(stage, done, total)

    def finished(job: Job, failures: list[Failure]) -> list[Job]:
        nonlocal total, done
        steps, blocks = job
        halves: list[Job] = []
        if failures and len(blocks) > 1:
            middle = len(blocks) // 2
            halves = [(steps, blocks[:middle]), (steps, blocks[middle:])]
            total += 2
        else:
            outcome.failures += failures
            landed = {b.account_id for b in blocks} - outcome.failed_accounts
            book.update(
                now(),
                done=tuple(sorted({*book.record.done, *landed} - outcome.failed_accounts)),
                failed=tuple((f.account_id, f.step, f.error_type, f.message) for f in outcome.failures),
            )
        done += 1
        progress(stage, done, total)
        return halves

    crew.run(jobs, finished)


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


def rectangles(blocks: Sequence[Block], order: Sequence[str], *, at_most: int) -> list[Group]:
    """Group blocks with equal weeks whose accounts are neighbours in partition order: a range run is a rectangle."""
    position = {name: i for i, name in enumerate(order)}
    groups: list[Group] = []
    for block in sorted(blocks, key=lambda b: (b.weeks, position[b.account_id])):
        last = groups[-1] if groups else []
        if (
            last
            and len(last) < at_most
            and last[-1].weeks == block.weeks
            and position[block.account_id] == position[last[-1].account_id] + 1
        ):
            last.append(block)
        else:
            groups.append([block])
    return groups
