"""What a Dagster instance says of our assets, as JSON: ``python -m insights_assets_tests.upgrade.state`` on a home.

Only methods that every Dagster of the pinned minor version has; no instants of the machine's clock.
"""

import json
import sys
from datetime import date

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_spec import AssetCheckKey

from insights_assets.definitions import PARTITIONED_ASSETS
from insights_assets.instance_home import child_environment, open_instance
from insights_assets.partitions import ACCOUNT, key
from insights_assets.settings import load_settings

KINDS = (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
MANY = 10_000


def state(instance: dg.DagsterInstance, weeks: list[date]) -> dict:
    """Runs, statuses of partitions, newest materializations and executions of checks, by names and ids."""
    accounts = sorted(instance.get_dynamic_partitions(ACCOUNT))
    keys = {key(a, w) for a in accounts for w in weeks}
    return {
        "accounts": accounts,
        "runs": {r.run_id: [r.status.value, dict(sorted(r.tags.items()))] for r in instance.get_runs()},
        "events": {r.run_id: _events(instance, r.run_id) for r in instance.get_runs()},
        "assets": {a.key.to_user_string(): _asset(instance, a, keys) for a in PARTITIONED_ASSETS},
        "checks": {a.key.to_user_string(): _checks(instance, a.key) for a in PARTITIONED_ASSETS},
    }


def _events(instance: dg.DagsterInstance, run_id: str) -> list:
    records = instance.event_log_storage.get_records_for_run(run_id, limit=MANY).records
    return sorted([r.storage_id, str(r.event_log_entry.dagster_event_type)] for r in records)


def _asset(instance: dg.DagsterInstance, asset: dg.AssetsDefinition, keys: set[str]) -> dict:
    log = instance.event_log_storage
    statuses = instance.get_status_by_partition(asset.key, sorted(keys), asset.partitions_def)
    newest = log.get_latest_materialization_events([asset.key]).get(asset.key)
    return {
        "statuses": {k: s.value if s else None for k, s in sorted((statuses or {}).items())},
        "materialized": sorted(log.get_materialized_partitions(asset.key)),
        "ids": {k.value: dict(sorted(log.get_latest_storage_id_by_partition(asset.key, k).items())) for k in KINDS},
        "newest": newest and [newest.run_id, newest.get_dagster_event().partition],
    }


def _checks(instance: dg.DagsterInstance, asset: dg.AssetKey) -> list:
    history = instance.event_log_storage.get_asset_check_execution_history(AssetCheckKey(asset, "schema"), limit=MANY)
    return sorted([e.id, e.run_id, e.status.value, e.partition] for e in history)


if __name__ == "__main__":
    opened = open_instance(child_environment(load_settings(), None))
    told = {
        "dagster": dg.__version__,
        "event log": type(opened.event_log_storage).__name__,
        "state": state(opened, [date.fromisoformat(text) for text in sys.argv[1:]]),
    }
    print(json.dumps(told))
