"""What a worker process keeps of its runs: nothing."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from insights_assets_tests.held_runs import held_steps


def test_a_prepared_process_holds_nothing_of_a_run() -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        plain, prepared = (processes.submit(held_steps, prepared=told) for told in (False, True))
        assert prepared.result() == []
        # Where Dagster no longer holds the first run's contexts, `run_nothing` has no use any more.
        assert plain.result() != []
