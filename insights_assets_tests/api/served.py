"""The API on a real socket, with clocks that tests move and runs that nobody starts."""

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import dagster as dg
import httpx
import uvicorn

from insights_assets.api.app import create_app
from insights_assets.api.runs import Runs
from insights_assets.settings import load_settings
from insights_assets_tests.api.fleet_of_two import NOW

SECRET = "a secret of at least sixty-four bytes, for the longest hash of them"
JWT_ENV = "API_TEST_SECRET"


class Clock:
    """Seconds that pass when they are looked at, so that no limit is met by chance."""

    def __init__(self, step=1.0):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


class Process:
    """A process that ends when told."""

    def __init__(self):
        self.code = None

    def poll(self):
        return self.code


class Starter:
    """Starts nothing; remembers what it was asked for."""

    def __init__(self):
        self.orders, self.processes = [], []

    def __call__(self, order):
        self.orders.append(order)
        self.processes.append(Process())
        return self.processes[-1]


def settings_of(home, lake_root, **api):
    plain = load_settings({"INSIGHTS_HOME": str(home), "INSIGHTS_LAKE": lake_root, "INSIGHTS_NOW": NOW.isoformat()})
    return replace(plain, api=replace(plain.api, jwt_secret_env=JWT_ENV, max_age_s=0.0, **api))


def make_app(settings, *, instance=None, starter=None, clock=None):
    runs = Runs(
        instance or dg.DagsterInstance.ephemeral(),
        settings.home,
        {},
        settings.api.runs_at_once,
        settings.now,
        starter or Starter(),
    )

    async def sleep(_):
        await asyncio.sleep(0)

    return create_app(settings, {JWT_ENV: SECRET}, runs=runs, seconds=clock or Clock(), sleep=sleep)


@contextmanager
def running(app):
    """A client of the app over real HTTP."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


def key(app, role="viewer", accounts=None, **more):
    """Headers of a new key."""
    _, secret = app.state.keys.add(f"test {role}", role, accounts, NOW, **more)
    return {"Authorization": f"Bearer {secret}"}
