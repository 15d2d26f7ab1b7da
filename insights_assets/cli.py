"""The `insights` command: a thin door on the graph. Exit codes: 0 all there, 2 usage or configuration, 3 partly failed.

Belongs here: which command is where, and how an error ends. Does not belong here: the commands (`commands/`), which are
imported one by one: Dagster, pandera and duckdb together cost 6 s of start that `insights --help` need not wait for.
"""

import os
import sys
from importlib import import_module
from typing import Any, ClassVar

import click

from insights_assets import logs
from insights_assets.graph_api.redaction import redact
from insights_assets.problems import FAILED, INTERRUPTED, USAGE, FailedError, InputError, PartlyFailedError


class Commands(click.Group):
    """Imports a command when it is asked for, and turns every expected error into one sentence and an exit code."""

    # name -> (module under `commands/`, what `--help` says: the first sentence of the command's own docstring)
    TABLE: ClassVar[dict[str, tuple[str, str]]] = {
        "demo": ("demo", "Run the main job on the sandbox: no token, no server needed."),
        "sandbox": ("services", "Serve the Graph API simulator over HTTP on the loopback address."),
        "accounts": ("accounts", "The account registry."),
        "backfill": ("backfill", "Materialize the (account x week) partitions that cover the dates."),
        "refresh": (
            "refresh",
            "Read the weeks again that can still change, by each account's own lookback.",
        ),
        "status": ("status", "Show what the backfills did, which failures are open, and what resumes when."),
        "alerts": ("alerts", "Alerts: what is open, acknowledge, snooze, run."),
        "offline": ("offline", "Show what the drop folder of offline conversions holds."),
        "backtest": ("backtest", "Walk-forward quality on the lake's own history, beside naive baselines."),
        "feedback": ("feedback", "What you say about tiers: it stands above rules and model."),
        "delete": ("delete", "Delete weeks of an account for good, with all that was made from them."),
        "undelete": ("delete", "Allow deleted weeks of an account to be read again."),
        "sql": ("sql", "Ask the views with SQL (DuckDB, read-only)."),
        "serve": ("serve", "Serve the read API: JSON over the tables, by key."),
        "keys": ("serve", "API keys: who may ask the read API, and what."),
        "dev": ("services", "Open the Dagster UI and daemon on this instance."),
        "config": ("config", "Settings."),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a first use."""
        del ctx
        return list(self.TABLE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        del ctx
        if cmd_name not in self.TABLE:
            return None
        module = import_module(f"insights_assets.commands.{self.TABLE[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.TABLE.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            self._stop(error, USAGE)
        except BrokenPipeError:
            raise  # the reader has seen enough (`| head`); click ends quietly on it
        except PartlyFailedError:
            sys.exit(FAILED)
        except (FailedError, OSError) as error:
            self._stop(error, FAILED)
        except KeyboardInterrupt:
            click.echo("\nStopped. What was finished is stored; the same command continues with the rest.", err=True)
            sys.exit(INTERRUPTED)

    def _stop(self, error: Exception, code: int) -> None:
        click.echo(f"Error: {redact(str(error))}", err=True)
        sys.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="insights-assets")
def main() -> None:
    """Meta ad accounts as one Dagster asset graph."""
    logs.configure(os.environ)
