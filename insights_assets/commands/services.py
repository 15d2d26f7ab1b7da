"""`insights sandbox` and `insights dev`: servers that run until Ctrl-C."""

import os
import signal
import subprocess
import sys

import click

from insights_assets.commands.home import open_home
from insights_assets.sandbox.scenarios import SCENARIOS, about
from insights_assets.sandbox.server import serve
from insights_assets.settings import SettingsError, load_settings

SCENARIO_HELP = "\b\nScenarios:\n" + "\n".join(f"  {name}: {about(name)}" for name in SCENARIOS)


@click.command(epilog=SCENARIO_HELP)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option("--scenario", default="default", show_default=True, metavar="NAME", help="One of those below.")
@click.option("--seed", default=7, show_default=True, type=int, help="Makes the world and places the faults.")
def sandbox(port: int, scenario: str, seed: int) -> None:
    """Serve the Graph API simulator over HTTP on the loopback address."""
    settings = load_settings()
    if scenario not in SCENARIOS:
        raise SettingsError(f"Unknown scenario {scenario!r}; there are {', '.join(SCENARIOS)}.")
    serve(port=port, scenario=scenario, seed=seed, now=settings.now)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535))
def dev(host: str, port: int) -> None:
    """Open the Dagster UI and daemon on this instance.

    In sandbox mode the simulator runs beside it.
    """
    home = open_home(load_settings())
    command = [sys.executable, "-m", "dagster", "dev", "-m", "insights_assets.definitions", "-h", host, "-p", str(port)]
    click.echo(f"Dagster UI: http://{host}:{port}  (Ctrl-C ends it)")
    sys.exit(_attend(command, {**os.environ, **home.environment}))


def _attend(command: list[str], environment: dict[str, str]) -> int:
    """Run a server until it ends or we are told to end, by Ctrl-C or SIGTERM; it ends with us."""

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    server = subprocess.Popen(command, env=environment)  # noqa: S603 - our own arguments
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.send_signal(signal.SIGINT)
        server.wait()
        return 0
