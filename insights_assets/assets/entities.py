"""Campaigns, ad sets, ads and creatives: a snapshot for each week, deleted and archived ones included.

Source: https://developers.facebook.com/docs/marketing-api/reference/ad-account (edges). A week that is over keeps what
was first seen of it, so that history joins as of its week.
"""

import dagster as dg
import polars as pl

from insights_assets.assets import creative_frames, entity_frames
from insights_assets.assets.declare import table_asset, upstream
from insights_assets.assets.steps import RAW_RESOURCES, AccountStep, fetch
from insights_assets.graph_api.videos import video_urls
from insights_assets.partitions import monday
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS, CREATIVES
from insights_assets.tables.model import Table

KINDS = {"python", "api"}
HOW = "All pages of the account's edge, every status; a closed week keeps the snapshot first taken of it."


@table_asset(CAMPAIGNS, HOW, kinds=KINDS, resources=RAW_RESOURCES)
def campaigns(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    return fetch(
        context,
        CAMPAIGNS,
        lambda step: _as_of(
            context,
            CAMPAIGNS,
            step,
            entity_frames.campaigns(step.client.campaigns(step.account["account_id"]), step.account, step.now),
        ),
    )


@table_asset(ADSETS, HOW, kinds=KINDS, resources=RAW_RESOURCES)
def adsets(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    return fetch(
        context,
        ADSETS,
        lambda step: _as_of(
            context,
            ADSETS,
            step,
            entity_frames.adsets(step.client.adsets(step.account["account_id"]), step.account, step.now),
        ),
    )


@table_asset(ADS, HOW, kinds=KINDS, resources=RAW_RESOURCES, ins={"adsets": upstream(ADSETS)})
def ads(context: dg.AssetExecutionContext, adsets: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    goals = dict(adsets.sort("week").select("adset_id", "optimization_goal").iter_rows())
    return fetch(
        context,
        ADS,
        lambda step: _as_of(
            context,
            ADS,
            step,
            entity_frames.ads(step.client.ads(step.account["account_id"]), goals, step.account, step.now),
        ),
    )


@table_asset(
    CREATIVES,
    "The account's creative library joined with the week's ads; the type follows the creative's spec. A closed week "
    "keeps the snapshot first taken of it, but every sync renews its urls, which expire.",
    kinds=KINDS,
    resources=RAW_RESOURCES,
    ins={"ads": upstream(ADS)},
)
def creatives(context: dg.AssetExecutionContext, ads: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    def ask(step: AccountStep) -> pl.DataFrame:
        account_id = step.account["account_id"]
        mine = ads.filter(pl.col("account_id") == account_id)
        stored = _stored(context, CREATIVES, step)
        shown = creative_frames.since_when(creative_frames.shown_by(mine, step.account["timezone_name"]), stored)
        library = list(step.client.creatives(account_id))
        videos = video_urls(step.client.transport, account_id, creative_frames.shown_videos(library, shown))
        fresh = creative_frames.creatives(library, shown, step.now, videos)
        return creative_frames.with_history(fresh, stored, monday(step.today))

    return fetch(context, CREATIVES, ask)


def _as_of(
    context: dg.AssetExecutionContext, table: Table, step: AccountStep, rows: list[entity_frames.Row]
) -> pl.DataFrame:
    fresh = entity_frames.snapshot(rows, step.weeks, step.account["timezone_name"], table.schema)
    return entity_frames.keep_history(fresh, _stored(context, table, step), table.key, monday(step.today))


def _stored(context: dg.AssetExecutionContext, table: Table, step: AccountStep) -> pl.DataFrame:
    rows: pl.DataFrame = context.resources.lake.read(
        table, accounts=[step.account["account_id"]], since=step.weeks[0], until=step.weeks[-1]
    )
    return rows.filter(pl.col("week").is_in(list(step.weeks)))
