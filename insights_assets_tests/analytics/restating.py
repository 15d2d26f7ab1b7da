"""Ad-days as a sync would store them: what the tests of restatements and completeness are made of."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import polars as pl

from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets_tests.tables.rows import frame_of, valid_row

WINDOWS = {"w1d_click": None, "w7d_click": None, "w28d_click": None, "w1d_view": None}


def ad_day(day: date, at: datetime, ad: str = "1", purchases: float = 0, **changes: Any) -> dict[str, Any]:
    """One row of `insights_daily`, read at `at`; without purchases there is no action, as Meta has it."""
    action = {"action_type": "omni_purchase", "value": float(purchases), **WINDOWS}
    week = date.fromordinal(day.toordinal() - day.weekday())
    given: dict[str, Any] = {"actions": [action] if purchases else [], "first_observed_at": at, "observed_at": at}
    return valid_row(INSIGHTS_DAILY, ad_id=ad, date=day, week=week, **{**given, **changes})


def days(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return frame_of(INSIGHTS_DAILY, *rows)
