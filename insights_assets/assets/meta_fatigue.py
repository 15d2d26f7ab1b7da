"""Meta's own fatigue label, where an account is served it: one small question of its own, never a part of a report.

The fields may be refused (code 100) or left out, account by account, so they stay out of the questions that everything
else rests on. An account that is not served is left alone for some days; that it was is told in `sync_log`.
"""

from datetime import datetime, timedelta
from typing import Final

import dagster as dg
import polars as pl

from insights_assets.assets import fatigue_frames
from insights_assets.assets.declare import table_asset
from insights_assets.assets.fatigue_frames import FATIGUED_ADS, SUMMARY
from insights_assets.assets.steps import RAW_RESOURCES, AccountStep, fetch
from insights_assets.lake.store import Lake
from insights_assets.meta_fatigue_settings import MetaFatigueSettings
from insights_assets.tables.meta_fatigue import META_FATIGUE
from insights_assets.tables.operations import SYNC_LOG

FIELDS: Final = ("ad_id", "impressions", SUMMARY, FATIGUED_ADS)
WEEK_DAYS = 7
NOT_SERVED: Final = "Meta serves no creative fatigue for this account"
SWITCHED_OFF: Final = "Not asked: meta_fatigue.ask is false in the settings file."


@table_asset(
    META_FATIGUE,
    "One small question at once for all weeks of the run (`level=ad`, `time_increment=7`, two fields), no report. An "
    "account that refuses the fields or leaves them out has no rows, is told so in `sync_log`, and is asked again "
    "after `meta_fatigue.ask_again_days` (28).",
    kinds={"python", "api"},
    resources=RAW_RESOURCES | {"settings"},
)
def meta_fatigue(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    lake: Lake = context.resources.lake
    chosen: MetaFatigueSettings = context.resources.settings.meta_fatigue

    def ask(step: AccountStep) -> pl.DataFrame:
        account_id, since = step.account["account_id"], step.now - timedelta(days=chosen.ask_again_days)
        refused_at = refused_since(lake, account_id, since)
        if chosen.ask and refused_at is None:
            return _asked(lake, step, chosen.ask_again_days)
        until = (refused_at or step.now) + timedelta(days=chosen.ask_again_days)
        step.note = SWITCHED_OFF if not chosen.ask else f"Not asked before {until:%Y-%m-%d}: {NOT_SERVED}."
        # What is stored of these weeks stays.
        stored = lake.read(META_FATIGUE, accounts=[account_id], since=step.weeks[0], until=step.weeks[-1])
        return stored.filter(pl.col("week").is_in(list(step.weeks)))

    return fetch(context, META_FATIGUE, ask)


def _asked(lake: Lake, step: AccountStep, ask_again_days: int) -> pl.DataFrame:
    account_id = step.account["account_id"]
    parts, told, served = [META_FATIGUE.empty()], False, False
    for since, until in step.spans():
        for rows in step.client.insight_pages(
            account_id,
            level="ad",
            since=since,
            until=until,
            time_increment=WEEK_DAYS,
            windows=(),
            fields=FIELDS,
            today=step.today,
            at_once=True,
        ):
            step.dropped_fields.update(name for row in rows for name in row.dropped_fields)
            told, served = told or bool(rows), served or fatigue_frames.is_served(rows)
            parts.append(fatigue_frames.meta_fatigue(rows, step.account, step.now))
    # No rows at all say nothing, and an account that was served before may have no tired ad just now.
    if told and not served and not lake.rows(META_FATIGUE, ["ad_id"], accounts=[account_id]).height:
        step.note = f"{NOT_SERVED}; it is asked again after {ask_again_days} days."
    return pl.concat(parts)


def refused_since(lake: Lake, account_id: str, since: datetime) -> datetime | None:
    """When the account was last seen not to be served the fields, if that was after `since`."""
    found = lake.rows(
        SYNC_LOG,
        ["finished_at"],
        pl.col("step") == META_FATIGUE.name,
        pl.col("status") == "ok",
        pl.col("message").str.starts_with(NOT_SERVED),
        pl.col("finished_at") > since,
        accounts=[account_id],
    )
    times = found["finished_at"].sort()
    return times[-1] if times.len() else None
