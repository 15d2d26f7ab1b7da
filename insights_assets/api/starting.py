"""Starting a run for a request: weeks of the account, the launch, a line in the audit log."""

import asyncio
from collections.abc import Sequence
from datetime import date

import polars as pl
from fastapi import Request

from insights_assets.api.access import Caller
from insights_assets.api.runs import BusyAccountError, Runs, TooManyRunsError
from insights_assets.api.shelf import Look
from insights_assets.api.triggers import EVERYTHING, TRIGGERS, USUAL_DAYS, Level, Order, steps_of, weeks_of
from insights_assets.lake.store import Lake
from insights_assets.settings import Settings
from insights_assets.tables.completeness import COMPLETENESS


async def start(
    request: Request,
    caller: Caller,
    look: Look,
    name: str,
    *,
    level: Level = "campaign",
    since: date | None = None,
    until: date | None = None,
    days: int | None = None,
) -> str:
    """Start the run of a trigger.

    Returns:
        Its id.

    Raises:
        BusyAccountError: a run works on the account.
        TooManyRunsError: as many as may be are at work.
        InputError: the weeks cannot be asked for.
    """
    state = request.app.state
    settings: Settings = state.settings
    runs: Runs = state.runs
    account = await look.account() or {"timezone_name": "UTC", "business_id": None}
    lookback = await asyncio.to_thread(_lookback, look) if days is None else days
    usual = name if name in TRIGGERS else "refresh"
    weeks: Sequence[date] = weeks_of(
        usual, since, until, timezone_name=account["timezone_name"], now=settings.now(), lookback_days=lookback
    )
    steps = steps_of(name, level) if name in TRIGGERS else (EVERYTHING,)
    reason = f"{name} by {caller.name}"
    order = Order("", look.account_id, account["business_id"], steps, tuple(weeks), reason)
    told = {"weeks": [str(weeks[0]), str(weeks[-1])], "steps": list(steps)}
    try:
        run_id = await asyncio.to_thread(runs.launch, order)
    except (BusyAccountError, TooManyRunsError) as refused:
        outcome = {"outcome": "refused", "why": str(refused) or "too many runs"}
        state.audit.write(settings.now(), caller.name, caller.role, name, account_id=look.account_id, **told, **outcome)
        raise
    state.audit.write(
        settings.now(),
        caller.name,
        caller.role,
        name,
        account_id=look.account_id,
        **told,
        outcome="started",
        run_id=run_id,
    )
    return run_id


def _lookback(look: Look) -> int:
    """Days that a refresh of the account has to read again, as learnt; 28 where nothing is."""
    lake: Lake = look.shelf.snapshots.lake
    rows = lake.rows(COMPLETENESS, ["week", "lookback_days"], accounts=[look.account_id])
    newest = rows.filter(pl.col("week") == pl.col("week").max())["lookback_days"].max()
    return int(newest) if isinstance(newest, int) else USUAL_DAYS
