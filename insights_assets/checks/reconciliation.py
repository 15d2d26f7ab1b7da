"""Reconciliation checks of `insights_daily`: against its parents, against silence, and against its own past.

Belongs here: reading the partitions of a run once and turning what does not agree into verdicts. Does not belong here:
what agrees (`analytics/reconciliation.py`). None of them blocks: a gap is Meta's or the past's, and the rows are good.
The account's own total is not asked for: it costs a call an account and run, and the campaign level covers all of it.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

import dagster as dg
import polars as pl

from insights_assets.analytics import reconciliation
from insights_assets.analytics.restatements import local_dates
from insights_assets.checks.verdicts import Judged, Verdict, conclude
from insights_assets.graph_api.currency import minor_units
from insights_assets.lake.ledger import read_range, within
from insights_assets.lake.store import Lake, Partition
from insights_assets.partitions import account_weeks, split_key
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.insights import INSIGHTS_DAILY, INSIGHTS_WEEKLY_ADSET, INSIGHTS_WEEKLY_CAMPAIGN
from insights_assets.tables.model import REASON
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.restatements import RESTATEMENTS

WEEKLY = (INSIGHTS_WEEKLY_CAMPAIGN, INSIGHTS_WEEKLY_ADSET)
LEVELS = {INSIGHTS_DAILY.name: "daily", INSIGHTS_WEEKLY_CAMPAIGN.name: "campaign", INSIGHTS_WEEKLY_ADSET.name: "adset"}
CHECKS = {
    "parent_totals": "Spend, impressions and clicks of each campaign and ad set of the week equal the sum of "
    "their ads' days, within rounding and 0.1 % (2 % while unsettled, then a warning).",
    "coverage": "No week has spend in the weekly report and not one ad-day, nor the other way round.",
    "action_types": "Every action type that sounds like money is known to a result family.",
    "tail_restatement": "At most 1 % of spend and of each money family's results moved after day 28 (a warning).",
    "ledger": "Each row of `restatements` fits its model, follows from the one before and ends in the stored value.",
}
SHOWN_SENTENCES = 3


def judge(lake: Lake, partitions: Collection[Partition]) -> dict[str, list[Verdict]]:
    """Judge partitions of `insights_daily` by every check: verdicts by check name, in one reading of each table."""
    daily, log, moved = (
        within(read_range(lake, t, partitions), partitions) for t in (INSIGHTS_DAILY, SYNC_LOG, RESTATEMENTS)
    )
    weekly = pl.concat([within(read_range(lake, t, partitions), partitions) for t in WEEKLY])
    read_on = _read_on(lake, log)
    decimals = {name: minor_units(name) for name in daily["currency"].unique()}
    misfits = RESTATEMENTS.split(moved).bad.select(
        "account_id", "week", pl.col(REASON).alias("sentence"), pl.lit(value=True).alias("is_settled")
    )
    found = {
        "parent_totals": reconciliation.parent_gaps(daily, weekly, read_on, decimals),
        "coverage": reconciliation.coverage_gaps(daily, weekly, read_on),
        "action_types": reconciliation.unknown_money(daily),
        # Late changes are Meta's own: they are worth a look, never an error.
        "tail_restatement": reconciliation.tail_restated(daily, moved).with_columns(is_settled=pl.lit(value=False)),
        "ledger": pl.concat([misfits, reconciliation.broken_chains(daily, moved)]),
    }
    return {name: _verdicts(rows, partitions) for name, rows in found.items()}


def reconciliation_checks(now: Callable[[], datetime]) -> dg.AssetChecksDefinition:
    """Make the checks of `insights_daily` that compare it with other tables: one step for all."""
    daily = dg.AssetKey([INSIGHTS_DAILY.layer, INSIGHTS_DAILY.name])

    @dg.multi_asset_check(
        name="reconciliation",
        specs=[
            dg.AssetCheckSpec(
                name,
                asset=daily,
                description=description,
                additional_deps=[dg.AssetKey([t.layer, t.name]) for t in WEEKLY],
                partitions_def=account_weeks,
            )
            for name, description in CHECKS.items()
        ],
        required_resource_keys={"lake"},
    )
    def reconcile(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        judged: Judged = judge(context.resources.lake, [split_key(k) for k in context.partition_keys])
        yield from conclude(context, daily, INSIGHTS_DAILY, judged, now())

    return reconcile


def _read_on(lake: Lake, log: pl.DataFrame) -> pl.DataFrame:
    """The account's calendar day on which each partition was last read, by level."""
    zones = dict(lake.read(ACCOUNTS).select("account_id", "timezone_name").iter_rows())
    last = (
        log.filter(pl.col("status") == "ok", pl.col("step").is_in(list(LEVELS)))
        .group_by("account_id", "week", pl.col("step").replace_strict(LEVELS, return_dtype=pl.String).alias("level"))
        .agg(pl.col("finished_at").max())
    )
    return local_dates(last, "finished_at", zones, "read_on")


def _verdicts(found: pl.DataFrame, partitions: Collection[Partition]) -> list[Verdict]:
    """One verdict a partition: WARN as long as all that it found may still settle."""
    told = {
        (a, w): (n, "; ".join(sentences), "ERROR" if settled else "WARN")
        for a, w, n, sentences, settled in found.group_by("account_id", "week", maintain_order=True)
        .agg(pl.len(), pl.col("sentence").head(SHOWN_SENTENCES), pl.col("is_settled").any())
        .iter_rows()
    }
    return [Verdict(p, *told.get(p, (0, None, "ERROR"))) for p in sorted(partitions)]
