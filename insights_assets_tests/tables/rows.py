"""One valid row of any table, made from its schema: what the tests of the tables and the lake break."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from insights_assets.tables.model import Table

WEEK = date(2026, 3, 2)
OBSERVED = datetime(2026, 3, 10, 6, tzinfo=UTC)

# Columns whose rule a value of the right type does not meet by itself.
MEANINGFUL: dict[str, Any] = {
    "account_id": "act_1",
    "currency": "EUR",
    "timezone_name": "Asia/Tokyo",
    "level": "ad",
    "result_family": "purchase",
    "source": "added",
    "creative_type": "video",
    "origin": "story_spec",
    "fatigue": "fresh",
    "verdict": "room",
    "trend": "steady",
    "finding_id": "0123456789abcdef",
    "alert_id": "0123456789abcdef",
    "deletion_id": "0123456789abcdef",
    "message_id": "0123456789abcdef0123456789abcdef",
    "anomaly_type": "cpr_spike",
    "metric": "cpr",
    "direction": "up",
    "severity": "high",
    "granularity": "week",
    "risk_level": "low",
    "status": "ACTIVE",
    "error_type": None,
    "grain": "week",
    "kind": "forecast",
    "tier": "LOW",
    "rule_tier": "LOW",
    "previous_tier": "MODERATE",
    "reference": "peers",
    "recommendation_id": "0123456789abcdef",
    "recommendation_type": "PAUSE",
    "priority_level": "high",
    "fatigue_level": "HIGH",
}
BY_TABLE: dict[str, dict[str, Any]] = {
    "sync_log": {"status": "ok"},
    **{f"anomalies_{level}": {"status": "new"} for level in ("campaign", "adset", "ad")},
    "anomaly_patterns": {"kind": "month"},
    "goal_drift": {"kind": "mix"},
    "response_curves": {"level": "campaign"},
    "spend_waste": {"kind": "zero_results"},
    "backtest_anomalies": {"method": "findings", "factor": 1.5},
    "tracking_health": {"status": "healthy"},
    "check_results": {"severity": "ERROR"},
    "restatements": {"metric": "spend"},
    "alerts": {"status": "open", "kind": "ctr_drop"},
    **{f"classifications_{level}": {"source": "model"} for level in ("campaign", "adset", "ad")},
    "recommendation_outcomes": {"horizon_weeks": 2},
    "ad_lifecycle": {"status": "healthy"},
    "creative_lifecycle": {"status": "healthy"},
    "backtest_burnout": {"model": "fitted"},
    "completeness": {"metric": "spend", "lookback_days": 28},
}


def value_of(dtype: pl.DataType) -> Any:
    """A small value of a type; 1 fits every range of the tables."""
    if isinstance(dtype, pl.List):
        return []
    plain: dict[Any, Any] = {
        pl.String: "1",
        pl.Int64: 1,
        pl.Float64: 1.0,
        pl.Boolean: True,
        pl.Date: WEEK,
        pl.Datetime: OBSERVED,
    }
    return plain[dtype.base_type()]


def valid_row(table: Table, **changes: Any) -> dict[str, Any]:
    row = {name: MEANINGFUL.get(name, value_of(dtype)) for name, dtype in table.schema.items()}
    return {**row, **BY_TABLE.get(table.name, {}), **changes}


def frame_of(table: Table, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=table.schema, orient="row")
