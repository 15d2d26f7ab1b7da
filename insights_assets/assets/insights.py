"""Insights: daily at ad level, weekly at each level, by asynchronous report runs.

Source: https://developers.facebook.com/docs/marketing-api/insights/best-practices . Only the action_type breakdown is
asked for: others drop conversions. Reach, frequency and rankings are served for each window and level, never computed.
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from insights_assets.assets import insight_frames
from insights_assets.assets.declare import table_asset
from insights_assets.assets.steps import RAW_RESOURCES, AccountStep, fetch
from insights_assets.graph_api.questions import Level
from insights_assets.graph_api.records import InsightRow
from insights_assets.tables.insights import (
    INSIGHTS_DAILY,
    INSIGHTS_WEEKLY_AD,
    INSIGHTS_WEEKLY_ADSET,
    INSIGHTS_WEEKLY_CAMPAIGN,
)
from insights_assets.tables.model import Table

KINDS = {"python", "api"}
DAY = 1
WEEK = 7


def _pages(step: AccountStep, level: Level, days: int) -> Iterator[list[InsightRow]]:
    """The account's rows, page by page: all records of a large account at once would take gigabytes."""
    for since, until in step.spans():
        for rows in step.client.insight_pages(
            step.account["account_id"], level=level, since=since, until=until, time_increment=days, today=step.today
        ):
            step.dropped_fields.update(name for row in rows for name in row.dropped_fields)
            yield rows


@table_asset(
    INSIGHTS_DAILY,
    "One report for all weeks of the run (`level=ad`, `time_increment=1`), deleted ads included, up to yesterday.",
    kinds=KINDS,
    resources=RAW_RESOURCES,
)
def insights_daily(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    def ask(step: AccountStep) -> pl.DataFrame:
        pages = _pages(step, "ad", DAY)
        parts = (insight_frames.insights_daily(rows, step.account, step.today, step.now) for rows in pages)
        return pl.concat([INSIGHTS_DAILY.empty(), *parts])

    return fetch(context, INSIGHTS_DAILY, ask)


def _weekly(table: Table, level: Level) -> dg.AssetsDefinition:
    """Make the weekly asset of one level."""

    @table_asset(
        table,
        f"One report for all weeks of the run (`level={level}`, `time_increment=7`, windows from Monday).",
        kinds=KINDS,
        resources=RAW_RESOURCES,
    )
    def weekly(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
        def ask(step: AccountStep) -> pl.DataFrame:
            pages = _pages(step, level, WEEK)
            parts = (insight_frames.insights_weekly(rows, level, step.account, step.today, step.now) for rows in pages)
            return pl.concat([table.empty(), *parts])

        return fetch(context, table, ask)

    return weekly


insights_weekly_campaign = _weekly(INSIGHTS_WEEKLY_CAMPAIGN, "campaign")
insights_weekly_adset = _weekly(INSIGHTS_WEEKLY_ADSET, "adset")
insights_weekly_ad = _weekly(INSIGHTS_WEEKLY_AD, "ad")
