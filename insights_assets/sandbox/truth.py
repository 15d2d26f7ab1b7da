"""The truth as a table: the numbers that the API serves at ad and day level, without going through HTTP."""

from datetime import date, datetime

import numpy as np
import polars as pl

from insights_assets.sandbox.delivery import primary_results
from insights_assets.sandbox.restatement import report
from insights_assets.sandbox.world import AccountWorld


def truth_daily(made: AccountWorld, since: date, until: date, now: datetime | None) -> pl.DataFrame:
    """One row per ad and day with delivery, deleted ads included.

    Args:
        made: The account.
        since: First day.
        until: Last day.
        now: The instant whose reported numbers are wanted; None for the final ones.
    """
    seen = report(made, made.day_of(since), made.day_of(until), now)
    scale = 10**made.account.market.decimals
    ads = made.ads
    columns = seen.columns
    family = [ads[index].adset.goal.family for index in seen.ad]
    purchase = np.array([name == "purchase" for name in family], dtype=bool)
    frame = pl.DataFrame(
        {
            "account_id": pl.Series([made.account.id] * seen.ad.size, dtype=pl.String),
            "date": pl.Series([made.date_of(int(day)) for day in seen.day], dtype=pl.Date),
            "campaign_id": pl.Series([ads[index].adset.campaign.id for index in seen.ad], dtype=pl.String),
            "adset_id": pl.Series([ads[index].adset.id for index in seen.ad], dtype=pl.String),
            "ad_id": pl.Series([ads[index].id for index in seen.ad], dtype=pl.String),
            "spend": columns["spend"] / scale,
            "impressions": columns["impressions"],
            "reach": columns["reach"],
            "clicks": columns["clicks"],
            "inline_link_clicks": columns["link_clicks"],
            "results": primary_results(made, columns, seen.ad),
            "result_value": np.where(purchase, columns["purchase_value"], 0) / scale,
            "result_family": pl.Series(family, dtype=pl.String),
        }
    )
    return frame.sort("date", "ad_id")
