"""Recording verdicts reads what the same table's checks said before, nothing else."""

from datetime import UTC, date, datetime
from pathlib import Path

from insights_assets.checks.verdicts import Verdict, record
from insights_assets.lake.store import Lake
from insights_assets.tables.entities import ADS, CAMPAIGNS
from insights_assets.tables.operations import CHECK_RESULTS

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RED, GREEN = (Verdict(("act_1", date(2026, 1, 5)), rows, reason) for rows, reason in ((2, "bad"), (0, None)))


def test_verdicts_of_other_tables_are_not_read(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    record(lake, ADS, {"schema": [GREEN]}, NOW)
    others = list(Path(lake.uri(CHECK_RESULTS)).rglob("*.parquet"))
    assert record(lake, CAMPAIGNS, {"schema": [RED]}, NOW) == {"schema": [RED]}
    for file in others:
        file.unlink()
    assert record(lake, CAMPAIGNS, {"schema": [GREEN]}, NOW) == {"schema": [GREEN]}  # it was red
    assert record(lake, CAMPAIGNS, {"schema": [GREEN]}, NOW) == {"schema": []}
