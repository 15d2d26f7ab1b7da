"""The server process of `insights serve`: the home is opened, the app is served until a signal ends it."""

import logging
import os
import sys

import uvicorn

from insights_assets import logs
from insights_assets.api.app import create_app
from insights_assets.api.runs import Runs
from insights_assets.commands.home import open_home
from insights_assets.settings import load_settings

logger = logging.getLogger(__name__)


def main(host: str, port: int) -> None:
    """Serve."""
    settings = load_settings()
    logs.configure(os.environ)
    home = open_home(settings)
    runs = Runs(home.instance, settings.home, home.environment, settings.api.runs_at_once, settings.now)
    app = create_app(home.settings, os.environ, runs=runs)
    # No access log: it would be a line a request; writes are in the audit log.
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
