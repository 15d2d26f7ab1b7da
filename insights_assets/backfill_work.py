"""The work of a backfill: jobs run, what fails is halved down to the accounts at fault, outcome and record kept.

Belongs here: what follows a job. Does not belong here: what is missing (`planning.py`), processes (`crew.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from insights_assets.crew import Crew, Job
from insights_assets.planning import Block
from insights_assets.progress import Book
from insights_assets.runs import Failure

Progress = Callable[[str, int, int], None]
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

    def told(self) -> tuple[tuple[str, str, str, str], ...]:
        """Failures as the record keeps them."""
        return tuple((f.account_id, f.step, f.error_type, f.message) for f in self.failures)


@dataclass
class Work:
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
            self.now(), done=tuple(sorted(landed - self.outcome.failed_accounts)), failed=self.outcome.told()
        )
