"""Dagster's own processes for a test: started together, watched, and gone afterwards."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent
PAUSE = threading.Event()  # never set
DEADLINE_S = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Ask until the answer is true; return it."""
    end = time.monotonic() + deadline_s
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < end, f"{what}: not within {deadline_s:g} s"
        PAUSE.wait(0.2)


@contextmanager
def process(log: Path, environment: dict[str, str], *command: str):
    """A process in a group of its own; the group ends with the block. Its output is in `log`."""
    with log.open("wb") as file:
        running = subprocess.Popen(
            [str(SCRIPTS / command[0]), *command[1:]],
            env=environment,
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)  # what it started and left


@contextmanager
def fleet(home: Path, environment: dict[str, str], module: str):
    """Code server, daemon and webserver of a home; yields the URL of the GraphQL API."""
    grpc, web = free_port(), free_port()
    workspace = home / "workspace.yaml"
    workspace.write_text(f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {grpc}, location_name: fleet}}\n")
    url = f"http://127.0.0.1:{web}"
    commands = {
        "code-server": ("dagster", "code-server", "start", "-m", module, "-d", str(ROOT), "-p", str(grpc)),
        "webserver": ("dagster-webserver", "-w", str(workspace), "-h", "127.0.0.1", "-p", str(web)),
        "daemon": ("dagster-daemon", "run", "-w", str(workspace)),
    }
    with ExitStack() as stack:
        for name, command in commands.items():
            stack.enter_context(process(home / f"{name}.log", environment, *command))
        until(lambda: _location_loaded(url), "the code location is loaded")
        yield f"{url}/graphql"


def ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    """Ask the GraphQL API."""
    answer = httpx.post(url, json={"query": query, "variables": variables}, timeout=60).json()
    assert not answer.get("errors"), answer
    data: dict[str, Any] = answer["data"]
    return data


def _location_loaded(url: str) -> bool:
    query = "{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }"
    try:
        return bool(ask(f"{url}/graphql", query)["repositoriesOrError"].get("nodes"))
    except httpx.TransportError:
        return False
