"""A worker that dies takes no other account's work with it, and is tried again before its account fails."""

import os
from datetime import date

import pytest

from insights_assets.crew import Crew
from insights_assets.planning import Block
from insights_assets_tests import deadly_work

WEEK = date(2026, 3, 2)


@pytest.fixture
def crew(tmp_path, monkeypatch):
    monkeypatch.setenv("POLARS_MAX_THREADS", "")  # so that it is put back as it was
    monkeypatch.delenv("POLARS_MAX_THREADS")
    environment, work = {"CREW_TEST": str(tmp_path)}, {"run": deadly_work.run, "start": deadly_work.start}
    with Crew(2, environment, {"act_5": "business"}, **work) as made:
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
    assert told["act_5"] == [("act_5", "ads", "business")]
    assert "died on this" in told["act_13"][0].message


def test_a_job_may_ask_for_others(crew):
    done = []

    def finished(job, failures):
        assert failures == []
        done.append(job[0])
        return [(("results",), job[1])] if job[0] == ("ads",) else []

    crew.run([(("ads",), (Block("act_1", (WEEK,), ("ads",)),))], finished)
    assert done == [("ads",), ("results",)]


def test_a_renewed_crew_works_on_in_other_processes(crew, tmp_path):
    seen = []
    for _ in range(2):
        crew.run([(("ads",), (Block("act_1", (WEEK,), ("ads",)),))], lambda *_: [])
        seen.append((tmp_path / "act_1.process").read_text())
        crew.renew()
    assert seen[0] != seen[1]


@pytest.mark.parametrize(("asked", "threads"), [(None, str(max(1, (os.cpu_count() or 1) // 2))), ("5", "5")])
def test_workers_share_the_cores_unless_told_otherwise(crew, tmp_path, monkeypatch, asked, threads):
    if asked:
        monkeypatch.setenv("POLARS_MAX_THREADS", asked)
    crew.run([(("ads",), (Block("act_1", (WEEK,), ("ads",)),))], lambda *_: [])
    assert (tmp_path / "act_1.threads").read_text() == threads
