"""Worker processes for runs: one that dies takes no other account's work with it.

Belongs here: processes and their deaths. Does not belong here: what is run (`backfill.py`), how (`runs.py`).
"""

import logging
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from types import TracebackType
from typing import Self

from insights_assets import runs
from insights_assets.instance_home import shared_threads
from insights_assets.planning import Block
from insights_assets.runs import Failure

logger = logging.getLogger(__name__)

# Steps, and the blocks (of equal weeks) that one run covers.
Job = tuple[tuple[str, ...], tuple[Block, ...]]
Finished = Callable[[Job, list[Failure]], Iterable[Job]]

# A death breaks a whole pool, so the jobs beside the one at fault lose a life too: after two of them a job runs alone,
# and what dies twice more is at fault itself.
LIVES_TOGETHER = 2
LIVES = 4
DIED = "The worker process died on this again and again (out of memory?); run it again with fewer weeks."


class Crew:
    """Processes that run jobs. Use it as a context manager.

    Args:
        size: processes.
        environment: variables of the processes (`instance_home.child_environment`).
        owners: business of each account, for the limits of concurrent runs.
        run: does a job (`runs.run_partitions`).
        start: prepares a process (`runs.start_worker`).
    """

    def __init__(
        self,
        size: int,
        environment: Mapping[str, str],
        owners: Mapping[str, str | None],
        *,
        run: Callable[[list[str], list[str], list[date], str | None], list[Failure]] = runs.run_partitions,
        start: Callable[[dict[str, str]], None] = runs.start_worker,
    ) -> None:
        self._run = run
        self._start = start
        self._size = max(1, size)
        self._environment = dict(environment)
        self._owners = owners
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            # After an interrupt nothing new starts; otherwise everything has ended already.
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def run(self, jobs: Sequence[Job], finished: Finished) -> None:
        """Run jobs and tell `finished` of each with its failures; it returns further jobs."""
        deaths: Counter[Job] = Counter()
        queue = list(jobs)
        while queue:
            batch = [job for job in queue if deaths[job] < LIVES_TOGETHER] or queue[:1]
            queue = [job for job in queue if job not in batch]
            broken = False
            for future, job in self._results(batch):
                try:
                    failures = future.result()
                except BrokenProcessPool:
                    broken = True
                    deaths[job] += 1
                    if deaths[job] < LIVES:
                        queue.append(job)
                        continue
                    failures = [Failure(b.account_id, b.weeks, "run", "unknown", DIED) for b in job[1]]
                queue += finished(job, failures)
            if broken:
                logger.warning("A worker process died; what it worked on is run again.")
                self.renew()

    def renew(self) -> None:
        """End the processes, and with them what libraries keep after large runs; the next job starts new ones."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _results(self, batch: Sequence[Job]) -> Iterable[tuple[Future[list[Failure]], Job]]:
        futures = {self._submit(job): job for job in batch}
        return ((future, futures[future]) for future in as_completed(futures))

    def _submit(self, job: Job) -> Future[list[Failure]]:
        steps, blocks = job
        names = [b.account_id for b in blocks]
        owner = self._owners.get(names[0]) if len(names) == 1 else None
        try:
            return self._running().submit(self._run, list(steps), names, list(blocks[0].weeks), owner)
        except BrokenProcessPool as death:
            # It died while the batch was being handed out.
            failed: Future[list[Failure]] = Future()
            failed.set_exception(death)
            return failed

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Read by a worker where it imports polars, before it is told the rest of its environment.
            for name, threads in shared_threads(self._size).items():
                os.environ.setdefault(name, threads)
            self._pool = ProcessPoolExecutor(
                self._size,
                mp_context=multiprocessing.get_context("spawn"),  # fork would share the sandbox's threads and sockets
                initializer=self._start,
                initargs=(self._environment,),
            )
        return self._pool
