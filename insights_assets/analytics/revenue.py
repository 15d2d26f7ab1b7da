"""Revenue by day and attribution window: what Meta attributes, and what files say happened outside it."""

import polars as pl

from insights_assets.analytics.currency import Rates, rate_factors
from insights_assets.analytics.families import CANONICAL
from insights_assets.tables.revenue_daily import REVENUE_DAILY, WINDOWS, purchases_in, revenue_in

AD_DAY = ["account_id", "week", "date", "ad_id"]
KEY = ["account_id", "week", "date", "level", "entity_id"]
FIELDS = {w: "value" if w == "default" else f"w{w}" for w in WINDOWS}
WINDOWS_FIELD = "action_attribution_windows"
DAILY_COLUMNS = (
    "campaign_id", "adset_id", "currency", "spend", "actions", "action_values", "is_settled", "dropped_fields"
)  # fmt: skip
OFFLINE = ("offline_conversions", "offline_revenue", "offline_unconverted")


def revenue_daily(
    daily: pl.DataFrame, offline: pl.DataFrame, currencies: pl.DataFrame, rates: Rates | None = None
) -> pl.DataFrame:
    """Compute the rows of `revenue_daily`.

    Args:
        daily: rows of `insights_daily` (the key and `DAILY_COLUMNS`).
        offline: rows of `offline_conversions` of the same weeks.
        currencies: account_id and currency of the accounts.
        rates: for offline revenue that came in another currency than the account's.
    """
    told = _attributed(daily)
    outside = _outside(offline, currencies, rates)
    met = told.join(outside.select(*KEY, *OFFLINE), on=KEY, how="left").with_columns(
        pl.col(c).fill_null(0) for c in OFFLINE
    )
    alone = _with_parents(outside.join(told, on=KEY, how="anti"), daily).with_columns(
        pl.lit(0.0).alias("spend"),
        *(pl.lit(0.0).alias(name(w)) for w in WINDOWS for name in (purchases_in, revenue_in)),
        pl.lit(value=True).alias("is_settled"),
    )
    names = list(REVENUE_DAILY.schema)
    return REVENUE_DAILY.conform(pl.concat([met.select(names), alone.select(names)]).sort(REVENUE_DAILY.key))


def _attributed(daily: pl.DataFrame) -> pl.DataFrame:
    """Each ad-day with its purchases and their value in every window."""
    counts, values = (_purchases(daily, source) for source in ("actions", "action_values"))
    rows = (
        daily.join(counts, on=AD_DAY, how="left", maintain_order="left", coalesce=True)
        .join(values, on=AD_DAY, how="left", maintain_order="left", suffix="_worth", coalesce=True)
        .with_columns(
            pl.lit("ad").alias("level"),
            pl.col("ad_id").alias("entity_id"),
            pl.col("dropped_fields").fill_null("").str.contains(WINDOWS_FIELD, literal=True).alias("cut"),
        )
    )
    # A window without a purchase is absent and means none, unless the windows had to be left out of the question.
    count = {w: pl.col(FIELDS[w]).fill_null(0.0) for w in WINDOWS}
    worth = {w: pl.col(f"{FIELDS[w]}_worth") for w in WINDOWS}
    valued = worth["default"].is_not_null()
    known = {w: (pl.lit(value=True) if w == "default" else ~pl.col("cut")) for w in WINDOWS}
    return rows.with_columns(
        *(pl.when(known[w]).then(count[w]).alias(purchases_in(w)) for w in WINDOWS),
        *(
            pl.when(known[w] & (count[w] == 0))
            .then(0.0)
            .when(known[w] & valued)
            .then(worth[w].fill_null(0.0))
            .alias(revenue_in(w))
            for w in WINDOWS
        ),
    )


def _purchases(daily: pl.DataFrame, source: str) -> pl.DataFrame:
    """The first canonical purchase type that each ad-day reports, with its windows."""
    types = CANONICAL["purchase"]
    kind = pl.element().struct.field("action_type")
    entry = pl.col("entry").struct
    return (
        daily.select(*AD_DAY, pl.col(source).list.eval(pl.element().filter(kind.is_in(types))).alias("entry"))
        .explode("entry", empty_as_null=False, keep_nulls=False)
        .select(
            *AD_DAY,
            entry.field("action_type").replace_strict(list(types), list(range(len(types)))).alias("rank"),
            *(entry.field(name) for name in FIELDS.values()),
        )
        .group_by(*AD_DAY, "rank")
        .agg(pl.when(pl.col(n).is_not_null().any()).then(pl.col(n).sum()).alias(n) for n in FIELDS.values())
        .sort("rank")
        .group_by(AD_DAY)
        .agg(pl.col(n).first() for n in FIELDS.values())
    )


def _outside(offline: pl.DataFrame, currencies: pl.DataFrame, rates: Rates | None) -> pl.DataFrame:
    """Offline conversions of every kind by day and entity, in the account's currency."""
    own = currencies.select("account_id", pl.col("currency").alias("own"))
    rows = offline.join(own, on="account_id", how="inner").with_columns(
        pl.coalesce("currency", "own").alias("currency")
    )
    days = rows.select("date", "currency", "own").unique()
    factors = rate_factors(days, rates, pl.col("own"))
    lacks = (pl.col("factor").is_null() & pl.col("revenue").is_not_null()).sum().cast(pl.Int64)
    return (
        rows.join(factors, on=["date", "currency", "own"], how="left")
        .group_by(KEY)
        .agg(
            pl.col("campaign_id").drop_nulls().first(),
            pl.col("own").first().alias("currency"),
            pl.col("conversions").sum().alias("offline_conversions"),
            (pl.col("revenue") * pl.col("factor")).sum().alias("offline_revenue"),
            lacks.alias("offline_unconverted"),
        )
    )


def _with_parents(outside: pl.DataFrame, daily: pl.DataFrame) -> pl.DataFrame:
    """Campaign and ad set of what had no delivery that day: as named, else the ad's newest of the week."""
    newest = (
        daily.sort("date")
        .group_by("account_id", "week", pl.col("ad_id").alias("entity_id"))
        .agg(pl.col("campaign_id").last().alias("of_campaign"), pl.col("adset_id").last())
        .with_columns(pl.lit("ad").alias("level"))
    )
    return outside.join(newest, on=["account_id", "week", "level", "entity_id"], how="left").with_columns(
        pl.coalesce("campaign_id", "of_campaign", pl.when(pl.col("level") == "campaign").then("entity_id")).alias(
            "campaign_id"
        )
    )
