"""Red when a backtest is worse than the one before it, or than the rules that anybody could use instead."""

from dataclasses import dataclass

import dagster as dg
import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.tables.backtest_anomalies import BACKTEST_ANOMALIES

OURS = ("findings", "score_series")
RULES = ("plus_20_percent", "median_mad", "log_mean_z")
ERRORS = 2.0
"""Standard errors of a difference of shares that are put down to chance."""


@dataclass(frozen=True)
class Comparison:
    """What a share of found changes is compared with, and whether it is worse beyond chance."""

    method: str
    factor: float
    against: str
    now: float
    then: float
    is_worse: bool

    def __str__(self) -> str:
        return f"{self.method} x{self.factor:g}: {self.now:.2f}, {self.against} {self.then:.2f}"


def compare(rows: pl.DataFrame) -> list[Comparison]:
    """Compare the newest figures of ours with those before them and, at equal alerts, with the best of the rules.

    Args:
        rows: rows of `backtest_anomalies`.
    """
    weeks = rows["as_of"].unique().sort().to_list()
    newest = rows.filter(pl.col("as_of") == weeks[-1]) if weeks else rows
    before = rows.filter(pl.col("as_of") == weeks[-2]) if len(weeks) > 1 else rows.clear()
    out = []
    for row in newest.filter(pl.col("method").is_in(OURS)).to_dicts():
        same = before.filter(method=row["method"], factor=row["factor"]).to_dicts()
        out += [_compared(row, old, "before") for old in same]
        rules = (
            newest.filter(pl.col("method").is_in(RULES), factor=row["factor"]).sort("found_share").tail(1).to_dicts()
        )
        if row["method"] == "score_series":
            out += [_compared(row, rule, rule["method"]) for rule in rules]
    return out


def _compared(row: dict[str, float], other: dict[str, float], against: str) -> Comparison:
    now, then = row["found_share"], other["found_share"]
    variance = sum(r["found_share"] * (1 - r["found_share"]) / max(r["planted"], 1) for r in (row, other))
    return Comparison(str(row["method"]), row["factor"], against, now, then, then - now > ERRORS * variance**0.5)


def backtest_check(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    """Make the check of `backtest_anomalies`."""

    @dg.asset_check(
        asset=asset,
        name="no_regression",
        required_resource_keys={"lake"},
        description="No method of ours finds fewer planted changes than before, nor than usual rules, beyond chance.",
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake: Lake = context.resources.lake
        found = compare(lake.read(BACKTEST_ANOMALIES))
        worse = [str(c) for c in found if c.is_worse]
        return dg.AssetCheckResult(
            passed=not worse,
            severity=dg.AssetCheckSeverity.ERROR,
            description="; ".join(worse) or f"{len(found)} comparisons, none worse beyond chance.",
            metadata={"comparisons": [str(c) for c in found]},
        )

    return check
