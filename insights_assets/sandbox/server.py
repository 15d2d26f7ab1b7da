"""Runs the simulator as a real HTTP server on 127.0.0.1."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import click
import uvicorn

from insights_assets.sandbox.app import DEFAULT_TOKEN, SandboxApp, create_app
from insights_assets.sandbox.fault_player import Played
from insights_assets.sandbox.faults import Fault
from insights_assets.sandbox.planting import PlantedFault
from insights_assets.sandbox.usage import Block, Budget
from insights_assets.sandbox.world import World
from insights_assets.sandbox.world_changes import FaultLabel

HOST: Final = "127.0.0.1"
START_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True)
class Sandbox:
    """A running server."""

    url: str
    world: World
    token: str
    app: SandboxApp

    @property
    def requests(self) -> list[tuple[str, str, str]]:
        """(method, path, query without secrets) of all requests so far."""
        seen: list[tuple[str, str, str]] = self.app.state.requests
        return seen

    @property
    def played(self) -> list[Played]:
        """The named faults that requests have met, in order."""
        return self.app.played

    @property
    def blocks(self) -> list[Block]:
        """The blocks so far, with the calls that came while each lasted."""
        return self.app.blocks

    @property
    def labels(self) -> list[FaultLabel]:
        """What the faults of the world did."""
        return self.app.labels


def _listen(port: int) -> socket.socket:
    # Bound here and not by uvicorn, which would end the process when the port is in use.
    listener = socket.create_server((HOST, port), backlog=256)
    # asyncio sees no TCP in a socket made this way and leaves Nagle on: 40 ms for each answer on an open connection.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)  # noqa: FBT003  the standard library takes it by position
    return listener


def _server(app: SandboxApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        host=HOST,
        access_log=False,
        # Faults make uvicorn report errors; they are meant.
        log_config=None,
        log_level="critical",
        lifespan="off",
        ws="none",
        http="h11",
        loop="asyncio",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextmanager
def running_sandbox(
    world: World | None = None,
    *,
    port: int = 0,
    now: Callable[[], datetime] | None = None,
    report_latency_s: float | Callable[[int], float] = 0.05,
    faults: Sequence[Fault | PlantedFault] = (),
    scenario: str = "default",
    seed: int = 7,
    fault_seed: int | None = None,
    budget: Budget | None = None,
    app_budget: Budget | None = None,
    token: str = DEFAULT_TOKEN,
    monotonic: Callable[[], float] = time.monotonic,
    visible_accounts: Mapping[str, frozenset[str]] | None = None,
) -> Iterator[Sandbox]:
    """A server in a thread for as long as the block runs.

    Args:
        world: The world; made from `seed` and `scenario` when None.
        port: The port, or 0 for any that is free.
        now: The clock, aware.
        report_latency_s: Seconds until a report run is complete, or a function of its number of rows.
        faults: Faults to play: by path, or by name (`planting.fault`).
        scenario: One of `scenarios.SCENARIOS`.
        seed: Seed of the world.
        fault_seed: Places the faults of the scenario; the world's seed when None.
        budget: Calls that each account allows; no limit when None.
        app_budget: Calls that all accounts together allow; no limit when None.
        token: The access token it accepts.
        monotonic: The clock of report runs, budgets and blocks.
        visible_accounts: Further tokens, with the accounts that each sees.

    Raises:
        OSError: The port is in use.
    """
    world = world or World(seed, scenario="quiet" if scenario == "quiet" else "default")
    app = create_app(
        world,
        now=now,
        token=token,
        report_latency_s=report_latency_s,
        faults=faults,
        scenario=scenario,
        fault_seed=fault_seed,
        budget=budget,
        app_budget=app_budget,
        monotonic=monotonic,
        visible_accounts=visible_accounts,
    )
    listener = _listen(port)
    server = _server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield Sandbox(f"http://{HOST}:{listener.getsockname()[1]}", world, token, app)
    finally:
        server.should_exit = True
        thread.join(timeout=START_TIMEOUT_S)
        listener.close()


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the sandbox server did not start")
        time.sleep(0.005)


def serve(
    port: int = 8765,
    scenario: str = "default",
    seed: int = 7,
    now: Callable[[], datetime] | None = None,
    token: str = DEFAULT_TOKEN,
) -> None:
    """Serves until Ctrl-C and tells how to use the server.

    Raises:
        OSError: The port is in use.
    """
    world = World(seed, scenario="quiet" if scenario == "quiet" else "default")
    app = create_app(world, now=now, scenario=scenario, token=token, report_latency_s=1.0)
    listener = _listen(port)
    try:
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        click.echo(f"Graph API sandbox at {url} (scenario {scenario}, seed {seed}, {len(world.accounts)} accounts)")
        click.echo(f"  export META_GRAPH_URL={url} META_ACCESS_TOKEN={token} INSIGHTS_MODE=live")
        click.echo(f"  curl '{url}/v26.0/me/adaccounts?fields=name,currency&access_token={token}'")
        click.echo("Stop with Ctrl-C.")
        with contextlib.suppress(KeyboardInterrupt):
            _server(app).run(sockets=[listener])
    finally:
        listener.close()
