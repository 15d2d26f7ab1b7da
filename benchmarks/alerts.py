"""A tick of the alerts over a lake of 1,000 accounts x 52 weeks: those that look at all, and one without news.

Beside it the same questions asked of the whole lake at once, as `insights alerts run` does. The rows are drawn at
random with a seed; the cost does not depend on what they say.
"""

import argparse
import logging
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from insights_assets.alert_settings import AlertSettings
from insights_assets.automation.alerts import engine
from insights_assets.automation.alerts.ticking import ACCOUNTS_A_TICK, Position, tick
from insights_assets.lake.store import Lake
from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
WEEKS = [date(2026, 11, 16) - timedelta(weeks=n) for n in range(52)]
ENTITIES = {"campaign": 5, "adset": 15, "ad": 30}
RED = 0.0005  # of the verdicts
DRAWN = np.random.default_rng(7)


def main() -> None:
    """Make the lake, tick until nothing waits, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1000)
    count = parser.parse_args().accounts
    logging.getLogger("insights_assets.alerts").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(str(Path(folder) / "lake"))
        fill(lake, [f"act_{n}" for n in range(1, count + 1)])
        settings, position, times = AlertSettings(), Position(), []
        for n in range(-(-count // ACCOUNTS_A_TICK) + 1):
            wall, cpu = time.perf_counter(), time.process_time()
            done = tick(lake, settings, NOW + timedelta(minutes=n), position)
            times.append((time.perf_counter() - wall, time.process_time() - cpu))
            position = done.position
        busy = pl.DataFrame(times[:-1], schema=["wall", "cpu"], orient="row")
        print(f"{count} accounts, {lake.count(TABLES['sync_log'])} rows of sync_log, {len(busy)} ticks with news:")
        print(f"  wall median {busy['wall'].median():.2f} s, longest {busy['wall'].max():.2f} s", end="; ")
        print(f"CPU median {busy['cpu'].median():.2f} s")
        print(f"  a tick without news: wall {times[-1][0]:.2f} s, CPU {times[-1][1]:.2f} s")
        wall = time.perf_counter()
        engine.observe(lake, settings, NOW)
        print(f"  all accounts at once: wall {time.perf_counter() - wall:.2f} s")


def fill(lake: Lake, accounts: list[str]) -> None:
    """Write what the alerts read: one commit a table, fourteen of `sync_log`."""
    known = {"currency": "EUR", "timezone_name": "Europe/Berlin", "status": "ACTIVE", "source": "added"}
    put(lake, "accounts", pl.DataFrame({"account_id": accounts, "name": accounts}), **known)
    base = pl.DataFrame({"account_id": accounts}).join(pl.DataFrame({"week": WEEKS}), how="cross")
    levels = {lv: base.join(entities(lv, n), how="cross") for lv, n in ENTITIES.items()}
    active = {"name": "Some name", "status": "ACTIVE", "effective_status": "ACTIVE"}
    for level, rows in levels.items():
        drawn = rows.with_columns(spend=gamma(rows, 200), frequency=gamma(rows, 1.8), result_value=gamma(rows, 400))
        put(lake, f"{level}s", rows.with_columns(pl.col("entity_id").alias(f"{level}_id")), **active)
        put(lake, f"insights_weekly_{level}", drawn, impressions=5000, reach=2500, is_complete=True)
    everything = pl.concat(levels.values())
    values = everything.with_columns(spend=gamma(everything, 200), result_value=gamma(everything, 400))
    bought = {"result_family": "purchase", "results": 20.0, "is_primary": True, "is_settled": False}
    put(lake, "results_weekly", values, **bought)
    ads = levels["ad"]
    risk = ads.with_columns(pl.col("entity_id").alias("ad_id"), risk_score=pl.Series(DRAWN.random(ads.height)))
    put(lake, "burnout_predictions", risk, horizon_weeks=1, risk_level="low", confidence=0.5)
    found = base.with_columns(
        severity=pl.Series(DRAWN.choice(["low", "medium", "high"], base.height, p=[0.5, 0.4, 0.1])),
        finding_id=pl.Series([f"{n:016x}" for n in range(base.height)]),
    )
    kind = {"anomaly_type": "cpr_spike", "metric": "cpr", "direction": "up", "level": "ad", "entity_id": "ad0"}
    put(lake, "anomalies_ad", found, **kind, status="new", result_family="purchase", delta_pct=50.0)
    steps = [name for name, table in TABLES.items() if table.layer not in ("ops", "registry")]
    judged = base.join(pl.DataFrame({"table_name": steps}), how="cross")
    passed = judged.with_columns(passed=pl.Series(DRAWN.random(judged.height) > RED))
    put(lake, "check_results", passed, check_name="schema", severity="ERROR", failing_rows=0)
    refreshed = base.filter(pl.col("week") >= WEEKS[4]).join(pl.DataFrame({"step": steps}), how="cross")
    for days in range(14):
        at = NOW - timedelta(days=days, hours=1)
        rows = refreshed.with_columns(duration_s=gamma(refreshed, 8), run_id=pl.format(f"{{}}-{days}", "account_id"))
        put(lake, "sync_log", rows, status="ok", finished_at=at)


def entities(level: str, count: int) -> pl.DataFrame:
    """Ids of a level."""
    return pl.DataFrame({"entity_id": [f"{level}{n}" for n in range(count)], "level": [level] * count})


def gamma(rows: pl.DataFrame, mean: float) -> pl.Series:
    """Positive draws."""
    return pl.Series(DRAWN.gamma(4, mean / 4, rows.height))


def put(lake: Lake, stored: str, rows: pl.DataFrame, **constants: object) -> None:
    """Append rows; a column that is not given is null."""
    table: Table = TABLES[stored]
    made = rows.with_columns(**{c: pl.lit(v) for c, v in constants.items()})
    columns = [(pl.col(c) if c in made.columns else pl.lit(None)).cast(t).alias(c) for c, t in table.schema.items()]
    frame = made.select(columns).sort("account_id")
    lake.append(table, frame) if table.partitioned else lake.overwrite(table, frame)


if __name__ == "__main__":
    main()
