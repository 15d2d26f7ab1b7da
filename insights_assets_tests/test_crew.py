"""A worker that dies takes no other account's work with it, and is tried again before its account fails."""

import os
import signal
from datetime import date
from pathlib import Path

import pytest

from insights_assets import crew as crews
from insights_assets.crew import Crew
from insights_assets.planning import Block
from insights_assets.runs import Failure

WEEK = date(2026, 3, 2)


def deadly_run(steps, accounts, weeks, business_id):
    """Stands for a run: `act_13` kills its process, `act_7` only the first time, `act_5` fails."""
    folder = Path(os.environ["CREW_TEST"])
    with (folder / accounts[0]).open("a") as file:
        file.write("x")
    first = (folder / accounts[0]).read_text() == "x"
    if accounts[0] == "act_13" or (accounts[0] == "act_7" and first):
        os.kill(os.getpid(), signal.SIGKILL)
    return [Failure("act_5", tuple(weeks), steps[0], "data", business_id)] if accounts[0] == "act_5" else []


def start(environment):
    os.environ.update(environment)


@pytest.fixture
def crew(tmp_path, monkeypatch):
    monkeypatch.setattr(crews.runs, "run_partitions", deadly_run)
    monkeypatch.setattr(crews.runs, "start_worker", start)
    with Crew(2, {"CREW_TEST": str(tmp_path)}, {"act_5": "business"}) as made:
        yield made


def test_deaths_stay_with_the_account_at_fault(crew):
    jobs = [(("ads",), (Block(f"act_{n}", (WEEK,), ("ads",)),)) for n in (13, 1, 2, 5, 7, 8, 9)]
    told = {}

    def finished(job, failures):
        told[job[1][0].account_id] = failures
        return []

    crew.run(jobs, finished)
    assert sorted(told) == sorted(job[1][0].account_id for job in jobs)
    assert {name for name, failures in told.items() if failures} == {"act_5", "act_13"}
    assert (told["act_5"][0].step, told["act_5"][0].message) == ("ads", "business")
    assert "died on this" in told["act_13"][0].message


def test_a_job_may_ask_for_others(crew):
    done = []

    def finished(job, failures):
        assert failures == []
        done.append(job[0])
        return [(("results",), job[1])] if job[0] == ("ads",) else []

    crew.run([(("ads",), (Block("act_1", (WEEK,), ("ads",)),))], finished)
    assert done == [("ads",), ("results",)]
