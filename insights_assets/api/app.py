"""The read API as an ASGI app; thin routes over pure functions (docs/adr/0023).

Belongs here: wiring. Does not belong here: any rule of a resource.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI

from insights_assets.api import problems
from insights_assets.api.access import Gate
from insights_assets.api.answers import Answers
from insights_assets.api.audit import AuditLog
from insights_assets.api.erasing import eraser
from insights_assets.api.keys import KeyStore
from insights_assets.api.live import live_reader
from insights_assets.api.rate_limits import RateLimits
from insights_assets.api.routes import (
    alerts,
    creatives,
    deletions,
    entities,
    keys,
    listings,
    overview,
    pages,
    roas,
    sync,
    timelines,
    triggers,
)
from insights_assets.api.routes import runs as runs_routes
from insights_assets.api.runs import Runs
from insights_assets.api.shelf import Shelf
from insights_assets.api.snapshots import Snapshots
from insights_assets.api.tokens import token_reader
from insights_assets.lake.store import Lake
from insights_assets.settings import Settings

ROUTES: Final = (
    overview,
    entities,
    timelines,
    creatives,
    roas,
    listings,
    sync,
    alerts,
    triggers,
    runs_routes,
    keys,
    deletions,
    pages,
)
DESCRIPTION: Final = (
    "Everything the asset graph knows of the accounts that your key may see. Lists have pages (`page`, `size`, "
    "`total`), an order (`sort=-spend`), filters named like their column, and `fields`; errors are problem details "
    "(RFC 9457); answers carry an ETag. Roles: a viewer reads, a manager also starts runs and takes on alerts, an "
    "admin also keeps keys and deletes."
)
MEGABYTE: Final = 1024 * 1024
BODIES: Final = 8  # a part of the memory for answers, the rest for frames


def create_app(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    runs: Runs,
    seconds: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> FastAPI:
    """Make the app.

    Args:
        settings: effective settings; `settings.api` is of the API.
        environment: where secrets are, by the names in the settings.
        runs: starts and follows runs.
        seconds: a clock that only goes forward: for limits and for the age of what is known.
        sleep: waits between two looks at a run.

    Raises:
        SettingsError: the settings of the tokens cannot be used.
    """
    own = settings.api
    lake = Lake(settings.lake)
    shelf = Shelf(Snapshots(lake, seconds, own.max_age_s), own.cache_mb * MEGABYTE * (BODIES - 1) // BODIES)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        shelf.close()

    app = FastAPI(
        title="insights-assets",
        version=version("insights-assets"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    app.state.shelf = shelf
    app.state.answers = Answers(own.cache_mb * MEGABYTE // BODIES)
    app.state.keys = KeyStore(settings.home)
    app.state.audit = AuditLog(settings.home)
    app.state.settings = settings
    app.state.runs, app.state.sleep, app.state.streams = runs, sleep, 0
    app.state.live = live_reader(settings)
    app.state.erase = eraser(runs.environment)
    app.state.gate = Gate(
        app.state.keys, token_reader(own, environment), RateLimits(seconds), own.requests_per_minute, settings.now
    )
    problems.install(app)
    for module in ROUTES:
        app.include_router(module.router)
    return app
