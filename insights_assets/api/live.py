"""The first answer of an account that was never read: a few rows straight from the API, and a full sync started.

Such rows are never stored and never mixed with what is: the answer says `live_limited` and has no totals.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

import httpx
from fastapi import Request, Response

from insights_assets.api.access import Caller
from insights_assets.api.answers import plain
from insights_assets.api.runs import BusyAccountError, TooManyRunsError
from insights_assets.api.shelf import Look
from insights_assets.api.starting import start
from insights_assets.assets import entity_frames
from insights_assets.connection import Gateway
from insights_assets.graph_api.client import GraphClient
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.redaction import redact
from insights_assets.problems import InputError
from insights_assets.settings import Settings

Row = dict[str, Any]
FIRST_SYNC_DAYS: Final = 90


@dataclass(frozen=True)
class LiveReader:
    """Reads the first rows of an account, in bounded time: one try, no waiting for limits."""

    gateway: Gateway
    rows: int
    timeout_s: float
    now: Callable[[], datetime]

    def entities(self, level: str, account: Mapping[str, Any]) -> list[Row]:
        """The first campaigns, ad sets or ads as the API lists them, in the columns of their view.

        Raises:
            GraphApiError: the API refused or did not answer in time.
            InputError: there is no token for the account.
        """
        now, account_id = self.now(), account["account_id"]
        with self.gateway.client(account, now=now) as client:
            return _read(client, level, account_id, account, now, self.rows)

    async def first(self, level: str, account: Mapping[str, Any]) -> tuple[list[Row], str | None]:
        """The same; what went wrong is told instead of raised."""
        try:
            reading = asyncio.to_thread(self.entities, level, account)
            return await asyncio.wait_for(reading, self.timeout_s + 1), None
        except (GraphApiError, InputError) as error:
            return [], redact(str(error))
        except TimeoutError:
            return [], "The API did not answer in time."


def live_reader(settings: Settings) -> LiveReader:
    """The reader of these settings."""
    timeout = httpx.Timeout(settings.api.live_timeout_s)
    gateway = Gateway(settings, timeout=timeout, max_attempts=1, max_wait_s=0.0)
    return LiveReader(gateway, settings.api.live_rows, settings.api.live_timeout_s, settings.now)


def _read(
    client: GraphClient, level: str, account_id: str, account: Mapping[str, Any], now: datetime, most: int
) -> list[Row]:
    if level == "campaign":
        return list(entity_frames.campaigns(islice(client.campaigns(account_id), most), account, now))
    if level == "adset":
        return list(entity_frames.adsets(islice(client.adsets(account_id), most), account, now))
    return list(entity_frames.ads(islice(client.ads(account_id), most), {}, account, now))


async def first_answer(request: Request, caller: Caller, look: Look, level: str) -> Response:
    """Answer the first request on an account."""
    account = await look.account()
    reader: LiveReader = request.app.state.live
    items, problem = await reader.first(level, account) if account else ([], "The account is not registered.")
    try:
        run_id = await start(request, caller, look, "first-sync", days=FIRST_SYNC_DAYS)
        sync: dict[str, str | None] = {"status": "started", "run_id": run_id}
    except BusyAccountError as busy:
        sync = {"status": "running", "run_id": busy.run_id}
    except TooManyRunsError:
        sync = {"status": "not started", "run_id": None}
    told = {"page": 1, "size": len(items), "total": None, "pages": None, "source": "live_limited"}
    note = "A few rows straight from the API, without figures; the full sync was started. Ask again when it has ended."
    return plain({"items": items, **told, "complete": False, "note": note, "problem": problem, "sync": sync})
