"""Views as the API reads them: the same rows and columns as `sql/`, of one account, in a millisecond.

Opening DuckDB costs 0.1 s a request; reading the files of one account with polars 1 ms. Every view here is a union of
tables by level plus the account's currency; a test holds each against its SQL.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from insights_assets.lake.catalog import open_catalog, select, view_documentation
from insights_assets.lake.store import Lake
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.alerts import ALERTS
from insights_assets.tables.anomalies import ANOMALIES_AD, ANOMALIES_ADSET, ANOMALIES_CAMPAIGN
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.classifications import CLASSIFICATIONS
from insights_assets.tables.creative_fatigue import CREATIVE_FATIGUE
from insights_assets.tables.creative_lifecycle import CREATIVE_LIFECYCLE
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS
from insights_assets.tables.entities import CREATIVES as CREATIVE_TABLE
from insights_assets.tables.features import FEATURES_AD, FEATURES_ADSET, FEATURES_CAMPAIGN
from insights_assets.tables.forecasts import FORECASTS
from insights_assets.tables.insights import (
    INSIGHTS_DAILY,
    INSIGHTS_WEEKLY_AD,
    INSIGHTS_WEEKLY_ADSET,
    INSIGHTS_WEEKLY_CAMPAIGN,
)
from insights_assets.tables.model import Table
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG
from insights_assets.tables.prediction_scores import PREDICTION_SCORES
from insights_assets.tables.recommendations import RECOMMENDATIONS
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY
from insights_assets.tables.revenue_daily import REVENUE_DAILY

LEVELS = ("campaign", "adset", "ad")


@dataclass(frozen=True)
class View:
    """A view: its tables by level (or one table under ""), and columns that are not served."""

    name: str
    tables: Mapping[str, Table] = field(hash=False)
    left_out: frozenset[str] = frozenset()

    @cached_property
    def documentation(self) -> list[tuple[str, str, str]]:
        """Column, unit or type, meaning of each column that is served."""
        return [row for row in view_documentation(self.name) if row[0] not in self.left_out]

    @cached_property
    def columns(self) -> list[str]:
        """Columns that are served, in the view's order."""
        return [name for name, _, _ in self.documentation]

    @cached_property
    def types(self) -> dict[str, pl.DataType]:
        """Type of each column that is served; one that a level's table lacks is null there."""
        known = {"currency": pl.String()} | {c: t for table in self.tables.values() for c, t in table.schema.items()}
        return {name: known[name] for name in self.columns}

    def table(self, level: str | None) -> Table:
        """The table that holds a level."""
        return self.tables.get(level or "") or self.tables[""]

    def read(
        self, lake: Lake, account_id: str, files: tuple[str, ...], level: str | None, currency: Any
    ) -> pl.DataFrame:
        """Rows of one account.

        Args:
            lake: for the storage options.
            account_id: the account.
            files: its active files.
            level: which table, where there is one a level.
            currency: the account's, where the view adds it; None when the account left the registry.
        """
        table = self.table(level)
        rows = read_files(lake, table, files, columns=self.columns)
        if table.partitioned:
            rows = rows.with_columns(pl.lit(account_id).alias("account_id"))
        if "currency" not in table.schema and "currency" in self.columns:
            rows = rows.with_columns(pl.lit(currency, dtype=pl.String).alias("currency"))
        other = [pl.lit(None, dtype=self.types[c]).alias(c) for c in self.columns if c not in rows.columns]
        return rows.with_columns(other).select(self.columns)


class AskedView(View):
    """A view that computes, out of one table by account: DuckDB is asked, for 0.1 s once a state."""

    @cached_property
    def types(self) -> dict[str, pl.DataType]:
        """As DuckDB tells them, from a lake without files."""
        with open_catalog(Lake("/nonexistent"), views={self.name}) as connection:
            return dict(select(connection, f"FROM {self.name}").schema)

    def read(
        self, lake: Lake, account_id: str, files: tuple[str, ...], level: str | None, currency: Any
    ) -> pl.DataFrame:
        """Rows of one account, of a level where one is named; `files` and `currency` are found by the view itself."""
        del files, currency
        return self.over(lake, {account_id}, level)

    def over(self, lake: Lake, accounts: Collection[str] | None, level: str | None = None) -> pl.DataFrame:
        """Rows made of the facts of some accounts (None: of all), of a level where one is named."""
        where, values = ("WHERE level = ?", [level]) if level else ("", [])
        with open_catalog(lake, views={self.name}, accounts=accounts) as connection:
            return select(connection, f"FROM {self.name} {where}", values).select(self.columns)


def read_files(
    lake: Lake,
    table: Table,
    files: tuple[str, ...],
    *,
    columns: Collection[str] | None = None,
    with_account: bool = False,
) -> pl.DataFrame:
    """Rows of some files of a table; a column that a file is older than is null in it.

    `columns` are those to read (None: all); `with_account` reads the account of each file from its path.
    """
    schema = {name: kind for name, kind in table.schema.items() if name != "account_id" or not table.partitioned}
    wanted = [*(["account_id"] if with_account else []), *(c for c in schema if columns is None or c in columns)]
    if not files:
        return pl.DataFrame(schema={"account_id": pl.String(), **schema}).select(wanted)
    rows = pl.scan_parquet(
        list(files),
        schema=schema,
        hive_partitioning=with_account,
        hive_schema={"account_id": pl.String} if with_account else None,
        missing_columns="insert",
        extra_columns="ignore",
        glob=False,
        storage_options=lake.storage_options or None,
    )
    return rows.select(wanted).collect()


def _one(table: Table, name: str | None = None, **more: Any) -> View:
    return View(name or table.name, {"": table}, **more)


REGISTRY = _one(ACCOUNTS)
ALERT_LIST = _one(ALERTS)
INSIGHTS_BY_DAY = _one(INSIGHTS_DAILY, left_out=frozenset({"actions", "action_values"}))
# What a series of days is made of: a fifth of the memory of all columns.
DAYS = View(
    "insights_daily",
    {"": INSIGHTS_DAILY},
    frozenset(INSIGHTS_DAILY.schema)
    - {"account_id", "date", "campaign_id", "adset_id", "ad_id", "currency", "spend", "impressions", "clicks"}
    - {"reach", "frequency", "inline_link_clicks", "is_settled"},
)
INSIGHTS_BY_WEEK = View(
    "insights_weekly",
    {"campaign": INSIGHTS_WEEKLY_CAMPAIGN, "adset": INSIGHTS_WEEKLY_ADSET, "ad": INSIGHTS_WEEKLY_AD},
)
WEEKS = View(
    "insights_weekly",
    INSIGHTS_BY_WEEK.tables,
    frozenset(INSIGHTS_WEEKLY_AD.schema)
    - {"account_id", "week", "level", "entity_id", "parent_id", "campaign_id", "currency", "spend", "impressions"}
    - {"reach", "frequency", "clicks", "inline_link_clicks", "is_complete", "is_settled"},
)
RESULTS_BY_DAY = _one(RESULTS_DAILY)
RESULTS_BY_WEEK = _one(RESULTS_WEEKLY)
FEATURES = View("features", {"campaign": FEATURES_CAMPAIGN, "adset": FEATURES_ADSET, "ad": FEATURES_AD})
FINDINGS = View("anomalies", {"campaign": ANOMALIES_CAMPAIGN, "adset": ANOMALIES_ADSET, "ad": ANOMALIES_AD})
TIERS = View("classifications", CLASSIFICATIONS)
ADVICE = View("recommendations", RECOMMENDATIONS)
EXPECTATIONS = View("forecasts", FORECASTS)
BURNOUT = _one(BURNOUT_PREDICTIONS)
CHECKS = _one(CHECK_RESULTS)
SYNCS = _one(SYNC_LOG)
ACCURACY = AskedView("prediction_accuracy", {"": PREDICTION_SCORES})
RETURNS = AskedView("roas", {"": REVENUE_DAILY})
BLENDED_RETURNS = AskedView("roas_blended", {"": REVENUE_DAILY})
RETURNS_BY_DAY = _one(REVENUE_DAILY)
COSTS = AskedView("cost_per_action", {"": INSIGHTS_DAILY})
CREATIVE_DAYS = _one(CREATIVE_PERFORMANCE)
BEST_CREATIVES = AskedView("top_creatives", {"": CREATIVE_PERFORMANCE})
CREATIVE_LIVES = _one(CREATIVE_LIFECYCLE)
CREATIVE_WEAR = _one(CREATIVE_FATIGUE)
# What is shown of a creative beside its figures: half of the time of reading all columns.
LOOKS = (
    *("name", "title", "body", "link_url", "image_url", "thumbnail_url"),
    *("video_id", "video_url", "cards", "feed_videos", "urls_expire_at"),
)
CREATIVES = _one(
    CREATIVE_TABLE, left_out=frozenset(CREATIVE_TABLE.schema) - {"account_id", "week", "creative_id", *LOOKS}
)
ENTITIES = {"campaign": _one(CAMPAIGNS), "adset": _one(ADSETS), "ad": _one(ADS)}
