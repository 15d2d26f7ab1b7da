"""Everything that can be read from an event log by its public methods, as one comparable value."""

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_spec import AssetCheckKey
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.event_api import AssetRecordsFilter
from dagster._core.storage.tags import MULTIDIMENSIONAL_PARTITION_PREFIX
from dagster._serdes import serialize_value

from insights_assets_tests.instance.histories import ASSETS, KEYS, PARTITIONS

KINDS = (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
# The second has lost a partition since.
DEFINED = [(ASSETS[0], PARTITIONS), (ASSETS[1], dg.StaticPartitionsDefinition(KEYS[1:]))]
TAGS = [DATA_VERSION_TAG, f"{MULTIDIMENSIONAL_PARTITION_PREFIX}letter"]


def readings(instance, run_ids):
    """Read the log by asset, by check and by run; the instants of wipes (the machine's clock) as there or not."""
    log = instance.event_log_storage
    return {
        "assets": {key.to_user_string(): _asset(instance, log, key) for key in ASSETS},
        "checks": {key.to_user_string(): _check(log, AssetCheckKey(key, "schema")) for key in ASSETS},
        "states of checks": log.get_asset_check_state([(AssetCheckKey(key, "schema"), p) for key, p in DEFINED]),
        "runs": {run_id: _run(log, run_id) for run_id in run_ids},
        "all keys": sorted(k.to_user_string() for k in log.all_asset_keys()),
        "keys": sorted(k.to_user_string() for k in log.get_asset_keys(limit=10)),
        "newest": {k.to_user_string(): _told(e) for k, e in log.get_latest_materialization_events(ASSETS).items()},
        "newest ids": log.get_latest_materialization_storage_ids(ASSETS),
        "largest id": log.get_maximum_record_id(),
    }


def _asset(instance, log, key):
    (record,) = log.get_asset_records([key]) or [None]
    entry = record and record.asset_entry
    return {
        "known": log.has_asset_key(key),
        "record": entry
        and (
            _record(entry.last_materialization_record),
            entry.last_run_id,
            bool(entry.asset_details and entry.asset_details.last_wipe_timestamp),
            entry.last_observation_record,
        ),
        "materialized": log.get_materialized_partitions(key),
        "materialized after the third": log.get_materialized_partitions(key, after_cursor=3),
        "ids": {k.value: log.get_latest_storage_id_by_partition(key, k) for k in KINDS},
        "tags": {k.value: log.get_latest_tags_by_partition(key, k, TAGS) for k in KINDS},
        "all tags": _unordered(log.get_event_tags_for_asset(key)),
        "one version": _unordered(log.get_event_tags_for_asset(key, filter_tags={DATA_VERSION_TAG: "v0"})),
        "attempts": log.get_latest_asset_partition_materialization_attempts_without_materializations(key),
        "statuses": instance.get_status_by_partition(key, KEYS, PARTITIONS),
        "materializations": [_record(r) for r in log.fetch_materializations(key, limit=1000).records],
        "of one partition": [
            _record(r)
            for r in log.fetch_materializations(AssetRecordsFilter(key, asset_partitions=["a"]), limit=9).records
        ],
        "summaries": {
            k.value: [(r.storage_id, r.partition, r.timestamp) for r in log.get_asset_event_summary_records(k, key)]
            for k in KINDS
        },
        "planned": [
            (i.storage_id, i.run_id) if i else None
            for i in (log.get_latest_planned_materialization_info(key, p) for p in (None, *KEYS))
        ],
        "new versions": log.get_updated_data_version_partitions(key, KEYS, since_storage_id=0),
    }


def _unordered(tags):
    """Dagster asks for them in no order; Postgres changes it where it uses the room of deleted rows again."""
    return sorted(sorted(t.items()) for t in tags)


def _check(log, key):
    history = log.get_asset_check_execution_history(key, limit=1000)
    newest = log.get_latest_asset_check_execution_by_key([key]).get(key)
    return {
        "history": [_execution(r) for r in history],
        "newest": newest and _execution(newest),
        "partitions": sorted(
            (
                i.partition_key or "",
                i.latest_execution_status.value,
                i.latest_planned_run_id,
                i.latest_check_event_storage_id,
                i.latest_materialization_storage_id,
                i.latest_target_materialization_storage_id,
            )
            for i in log.get_asset_check_partition_info([key])
        ),
    }


def _execution(record):
    """Without the list of partitions that stock storage repeats in each planned row, and without its clock."""
    event = record.event
    told = (event.dagster_event_type.value, event.timestamp, event.step_key, event.job_name) if event else None
    return (record.run_id, record.status.value, record.partition, told)


def _run(log, run_id):
    connection = log.get_records_for_run(run_id)
    return {
        "records": [_told(r.event_log_entry) for r in connection.records],
        "logs": len(log.get_logs_for_run(run_id)),
        "partitions": {k.to_user_string(): v for k, v in log.get_asset_partitions_for_run(run_id).items()},
        "stats": log.get_stats_for_run(run_id),
        "steps": log.get_step_stats_for_run(run_id),
    }


def _record(record):
    return record and (record.storage_id, _told(record.event_log_entry))


def _told(entry):
    return entry and serialize_value(entry)  # the whole event, as text: a difference is easier to see
