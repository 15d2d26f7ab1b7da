"""Entity records to rows and weekly snapshots: pure functions, records in, conforming frames out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from insights_assets.graph_api.currency import to_major
from insights_assets.graph_api.records import Ad, AdSet, Campaign

Row = dict[str, Any]


def campaigns(records: Iterable[Campaign], account: Mapping[str, Any], now: datetime) -> list[Row]:
    """Rows of `campaigns`, without their week."""
    return [
        {
            "account_id": account["account_id"],
            "campaign_id": r.id,
            "name": r.name,
            "status": r.status or "UNKNOWN",
            "effective_status": r.effective_status or r.status or "UNKNOWN",
            "objective": r.objective,
            "daily_budget": to_major(r.daily_budget, account["currency"]),
            "lifetime_budget": to_major(r.lifetime_budget, account["currency"]),
            "buying_type": r.buying_type,
            "created_time": r.created_time,
            "observed_at": now,
        }
        for r in records
    ]


def adsets(records: Iterable[AdSet], account: Mapping[str, Any], now: datetime) -> list[Row]:
    """Rows of `adsets`, without their week."""
    return [
        {
            "account_id": account["account_id"],
            "adset_id": r.id,
            "campaign_id": r.campaign_id,
            "name": r.name,
            "status": r.status or "UNKNOWN",
            "effective_status": r.effective_status or r.status or "UNKNOWN",
            "optimization_goal": r.optimization_goal,
            "custom_event_type": r.custom_event_type,
            "daily_budget": to_major(r.daily_budget, account["currency"]),
            "lifetime_budget": to_major(r.lifetime_budget, account["currency"]),
            "learning_stage": r.learning_stage,
            "targeting": json.dumps(r.targeting, sort_keys=True) if r.targeting else None,
            "created_time": r.created_time,
            "observed_at": now,
        }
        for r in records
    ]


def ads(records: Iterable[Ad], goals: Mapping[str, str | None], account: Mapping[str, Any], now: datetime) -> list[Row]:
    """Rows of `ads`, without their week; `goals` maps ad set to optimization goal."""
    return [
        {
            "account_id": account["account_id"],
            "ad_id": r.id,
            "adset_id": r.adset_id,
            "campaign_id": r.campaign_id,
            "creative_id": r.creative_id,
            "name": r.name,
            "status": r.status or "UNKNOWN",
            "effective_status": r.effective_status or r.status or "UNKNOWN",
            "optimization_goal": goals.get(r.adset_id or ""),
            "daily_budget": None,
            "created_time": r.created_time,
            "observed_at": now,
        }
        for r in records
    ]


def snapshot(rows: list[Row], weeks: Sequence[date], zone: str, table_schema: pl.Schema) -> pl.DataFrame:
    """Repeat the rows for each week that had begun to know them: an entity created after a week is not in it."""
    frame = pl.DataFrame(rows, schema={c: t for c, t in table_schema.items() if c != "week"})
    ends = pl.DataFrame(
        {"week": list(weeks), "week_end": [_end_of_week(w, zone) for w in weeks]},
        schema={"week": pl.Date, "week_end": table_schema["observed_at"]},
    )
    known = pl.col("created_time").is_null() | (pl.col("created_time") < pl.col("week_end"))
    return frame.join(ends, how="cross").filter(known).select(list(table_schema))


def keep_history(fresh: pl.DataFrame, stored: pl.DataFrame, key: Sequence[str], running: date) -> pl.DataFrame:
    """Prefer the stored row of a week that is over: it was seen nearer to its time than today's."""
    past = stored.filter(pl.col("week") < running)
    return pl.concat([past, fresh.join(past, on=list(key), how="anti")])


def _end_of_week(week: date, zone: str) -> datetime:
    """The instant at which a week ends in the account's time zone, in UTC (23, 24 or 25 h days considered)."""
    return datetime.combine(week + timedelta(days=7), time.min, ZoneInfo(zone)).astimezone(UTC)
