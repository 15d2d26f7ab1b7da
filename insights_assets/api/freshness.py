"""How far to trust an answer: when its account was last read, and whether its rows can still change. Pure."""

from typing import Any

import polars as pl


def freshness(rows: pl.DataFrame, syncs: pl.DataFrame, *, time: str | None = "week") -> dict[str, Any]:
    """Tell it for some rows.

    Args:
        rows: what the answer shows; `is_complete`, `is_settled` and `time` are looked at where there are such columns.
        syncs: status and finished_at of the steps that were run.
        time: column of the period.

    Returns:
        last_sync, last_failure (UTC), newest_week, is_partial, is_settled; null where the rows cannot say.
    """
    ends = syncs.select(
        pl.col("finished_at").filter(pl.col("status") == "ok").max().alias("ok"),
        pl.col("finished_at").filter(pl.col("status") != "ok").max().alias("failed"),
    ).row(0)
    return {
        "last_sync": ends[0],
        "last_failure": ends[1],
        "newest_week": rows[time].max() if time is not None and time in rows.columns else None,
        "is_partial": not rows["is_complete"].all() if "is_complete" in rows.columns and rows.height else None,
        "is_settled": rows["is_settled"].all() if "is_settled" in rows.columns and rows.height else None,
    }
