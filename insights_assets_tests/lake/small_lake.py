"""A lake with one valid row of two accounts in each table; ids, names and root need care in SQL."""

from typing import Any

import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES
from insights_assets_tests.lake.view_contract import FLEET
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

ACCOUNT, OTHER = "act_100000000000000001", "act_2"
AD = "023850000000000000017"  # longer than 64 bits hold, with a leading zero
NAME = 'Bäckerei "O\'Brien" 🥐; DROP VIEW accounts; --'


def frame(table: Table, *rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of the first account in which the table finds nothing wrong."""
    level = table.name.rsplit("_", 1)[-1]
    own = {
        "account_id": ACCOUNT,
        "ad_id": AD,
        "entity_id": AD if level not in ("campaign", "adset") else f"{level}-1",
        "level": level if level in ("campaign", "adset") else "ad",
        "actions": [{"action_type": "purchase", "value": 1.0}],
    }
    if table.name == "response_curves":
        own["level"] = "campaign"
    kept = {name: value for name, value in own.items() if name in table.schema}
    made = frame_of(table, *(valid_row(table, **{**kept, **given}) for given in rows))
    assert table.split(made).bad.rows() == []
    return made


def fill(lake: Lake) -> Lake:
    """Write the rows."""
    for table in TABLES.values():
        # Tables without partitions are keyed by an id of their own.
        ids = [name for name in ("alert_id", "message_id", "deletion_id") if name in table.schema]
        other = {"account_id": OTHER, **{name: valid_row(table)[name].replace("0", "f") for name in ids}}
        rows = frame(table, *([{}] if table.name in FLEET else [{}, other]))
        if not table.partitioned:
            lake.overwrite(table, rows.with_columns(pl.lit(NAME).alias(c) for c in rows.columns if c == "name"))
        elif table.layer == "ops":
            lake.append(table, rows)
        else:
            lake.replace(table, rows, [(ACCOUNT, WEEK), (OTHER, WEEK)])
    return lake
