"""Turns red when burnout is predicted worse than by the naive rules, or than the release before did."""

import dagster as dg

from insights_assets.analytics.burnout_backtest import worse
from insights_assets.lake.store import Lake
from insights_assets.tables.backtest_burnout import BACKTEST_BURNOUT

CHECK_NAME = "not_worse"


def burnout_check(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    """Make the check of the backtest."""

    @dg.asset_check(
        asset=asset,
        name=CHECK_NAME,
        required_resource_keys={"lake"},
        description="The fitted model ranks better than persistence and the scorecard, has a lower Brier score than "
        "the base rate, and has not lost skill against the release before. From 200 pairs a horizon on.",
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake: Lake = context.resources.lake
        told = worse(lake.read(BACKTEST_BURNOUT))
        return dg.AssetCheckResult(passed=not told, metadata={"worse": "; ".join(told) or "nothing"})

    return check
