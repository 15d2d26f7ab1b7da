"""Work that kills its process; apart from the tests, so that the processes need not import Dagster."""

import os
import signal
from pathlib import Path


def start(environment):
    os.environ.update(environment)


def run(steps, accounts, weeks, business_id):
    """`act_13` kills its process, `act_7` only the first time, `act_5` fails; tells its threads of polars."""
    del weeks
    told = Path(os.environ["CREW_TEST"]) / accounts[0]
    with told.open("a") as file:
        file.write("x")
    if accounts[0] == "act_13" or (accounts[0] == "act_7" and told.read_text() == "x"):
        os.kill(os.getpid(), signal.SIGKILL)
    told.with_suffix(".process").write_text(str(os.getpid()))
    told.with_suffix(".threads").write_text(os.environ["POLARS_MAX_THREADS"])
    return [("act_5", steps[0], business_id)] if accounts[0] == "act_5" else []
