"""How far to trust an answer: when its account was last read, and whether its rows can still change. Pure."""

from datetime import datetime
from typing import Any

import polars as pl

Ends = tuple[datetime | None, datetime | None]


def freshness(rows: pl.DataFrame, ends: Ends, *, time: str | None = "week") -> dict[str, Any]:
    """Tell it for some rows.

    Args:
        rows: what the answer shows; `is_complete`, `is_settled` and `time` are looked at where there are such columns.
        ends: when a step last succeeded, and when one last failed.
        time: column of the period.

    Returns:
        last_sync, last_failure (UTC), newest_week, is_partial, is_settled; null where the rows cannot say.
    """
    return {
        "last_sync": ends[0],
        "last_failure": ends[1],
        "newest_week": rows[time].max() if time is not None and time in rows.columns else None,
        "is_partial": not rows["is_complete"].all() if "is_complete" in rows.columns and rows.height else None,
        "is_settled": rows["is_settled"].all() if "is_settled" in rows.columns and rows.height else None,
    }
