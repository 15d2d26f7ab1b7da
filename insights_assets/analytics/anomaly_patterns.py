"""Patterns of findings over a year: seasons, what moved before, families, and what foretells a dearer result.

Seed 000 judged its rates by one standard deviation over buckets, compared a week with the one before it (which falls
back to the mean by itself), left out weeks without results and had no test. Here every share stands beside the share
over all with an interval and a p-value, adjusted within its kind.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from insights_assets.analytics.deviations import SIGNIFICANT_PCT
from insights_assets.analytics.findings import GOOD_NEWS
from insights_assets.analytics.lead_lag import lead_lag
from insights_assets.analytics.noise import adjusted
from insights_assets.analytics.shares import FIGURE, with_interval
from insights_assets.tables.anomaly_patterns import ANOMALY_PATTERNS

YEAR_WEEKS = 52
LEAST_BASE = 50
"""Entity-weeks of a bucket (seed 000): one finding is then 2 %."""
LEAST_FINDINGS = 10
DEARER = ("cpr_spike", "zero_results")
DISMISSED = ("false_positive", "withdrawn")
SIGNIFICANT_Q = 0.05
KEY = ["account_id", "entity_id", "week"]
GROUP = ["account_id", "level"]


def month_ends(weeks: Sequence[date]) -> list[date]:
    """The weeks that have patterns: the last that begins in its month. A year's patterns do not change by the week."""
    return [w for w in weeks if (w + timedelta(weeks=1)).month != w.month]


def anomaly_patterns(features: pl.DataFrame, findings: pl.DataFrame, weeks: Sequence[date]) -> pl.DataFrame:
    """Compute the rows of `anomaly_patterns`.

    Args:
        features: features of all levels, each week of them; 52 weeks back and two more.
        findings: findings of all levels of the same weeks; those by day are left out.
        weeks: Mondays asked for; only the last of each month has rows.

    Returns:
        Figures over the 52 weeks up to each week; nothing later is used. Withdrawn findings and false positives do not
        count, good news neither.
    """
    parts = [ANOMALY_PATTERNS.empty()]
    for week in month_ends(weeks):
        year = pl.col("week").is_between(week - timedelta(weeks=YEAR_WEEKS - 1), week)
        rows = _judged(features.filter(year), findings.filter(year))
        found = pl.concat([_shares(rows), lead_lag(rows)])
        if found.height:
            parts.append(_finished(found, week))
    return pl.concat(parts).sort(ANOMALY_PATTERNS.key)


def _judged(features: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """Whole weeks with a baseline; whether they have a finding, and which metrics deviated then and before."""
    told = findings.filter(
        (pl.col("granularity") == "week")
        & ~pl.col("anomaly_type").is_in(GOOD_NEWS)
        & ~pl.col("status").is_in(DISMISSED)
    )
    flags = told.group_by(*KEY, "level").agg(pl.col("anomaly_type").is_in(DEARER).any().alias("dearer"))
    moved = features.select(
        *KEY, *[(pl.col(f"{m}_delta_pct").abs() >= limit).alias(f"{m}_moved") for m, limit in SIGNIFICANT_PCT.items()]
    )
    rows = features.filter(pl.col("is_complete") & (pl.col("baseline_weeks") > 1) & (pl.col("spend") > 0)).join(
        flags, on=[*KEY, "level"], how="left"
    )
    for offset in (0, 1, 2):
        past = moved.with_columns(pl.col("week").dt.offset_by(f"{offset}w")).rename(
            {f"{m}_moved": f"{m}_moved_{offset}" for m in SIGNIFICANT_PCT}
        )
        rows = rows.join(past, on=KEY, how="left")
    return rows.with_columns(pl.col("dearer").is_not_null().alias("found"), pl.col("dearer").fill_null(value=False))


def _shares(rows: pl.DataFrame) -> pl.DataFrame:
    whole = rows.group_by(GROUP).agg(pl.col("found").mean().alias("baseline"))
    parts = []
    for kind, subject, detail in (
        ("month", pl.lit("all"), pl.col("week").dt.month().cast(pl.String)),
        ("week_of_year", pl.lit("all"), pl.col("week").dt.week().cast(pl.String)),
        ("family", pl.col("result_family"), pl.lit("-")),
        ("account", pl.lit("all"), pl.lit("-")),
    ):
        named = rows.with_columns(pl.lit(kind).alias("kind"), subject.alias("subject"), detail.alias("detail"))
        counts = named.group_by(FIGURE).agg(
            pl.col("found").sum().cast(pl.Int64).alias("cases"), pl.len().cast(pl.Int64).alias("base")
        )
        parts.append(counts.filter(pl.col("base") >= LEAST_BASE).join(whole, on=GROUP))
    for metric in SIGNIFICANT_PCT:
        flags = {str(-o) if o else "0": pl.col(f"{metric}_moved_{o}").fill_null(value=False) for o in (0, 1, 2)}
        parts += [_before(rows, "heat_map", metric, offset, flag) for offset, flag in flags.items()]
        parts.append(_before(rows, "precursor", metric, "-", flags["-1"] | flags["-2"]))
    return pl.concat(parts).with_columns(pl.lit(0, dtype=pl.Int64).alias("lead_weeks")).pipe(with_interval)


def _before(rows: pl.DataFrame, kind: str, metric: str, detail: str, flag: pl.Expr) -> pl.DataFrame:
    """Share of dearer weeks in which a metric had deviated, beside the share among all judged weeks."""
    words = {"kind": kind, "subject": metric, "detail": detail}
    named = rows.with_columns(pl.lit(word).alias(name) for name, word in words.items())
    counts = named.group_by(FIGURE).agg(
        (flag & pl.col("dearer")).sum().cast(pl.Int64).alias("cases"),
        pl.col("dearer").sum().cast(pl.Int64).alias("base"),
        flag.mean().alias("baseline"),
    )
    return counts.filter(pl.col("base") >= LEAST_FINDINGS)


def _finished(found: pl.DataFrame, week: date) -> pl.DataFrame:
    # What is compared with itself has no test.
    found = found.with_columns(pl.when(pl.col("kind") != "account").then("p_value").alias("p_value"))
    tested = found.filter(pl.col("p_value").is_not_null())
    tested = tested.with_columns(adjusted(tested, [*GROUP, "kind"]).alias("q_value"))
    rest = found.filter(pl.col("p_value").is_null()).with_columns(pl.lit(None, dtype=pl.Float64).alias("q_value"))
    rows = pl.concat([tested, rest]).with_columns(
        pl.lit(week).alias("week"),
        (pl.col("q_value") <= SIGNIFICANT_Q).fill_null(value=False).alias("is_significant"),
    )
    return ANOMALY_PATTERNS.conform(rows.select(list(ANOMALY_PATTERNS.schema)))
