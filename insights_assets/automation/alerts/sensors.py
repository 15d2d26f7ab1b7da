"""The two sensors of the alerts: one looks at what the lake and the checks say, one hears of runs that failed.

https://docs.dagster.io/guides/automate/sensors and https://docs.dagster.io/guides/automate/run-status-sensors
"""

from collections.abc import Callable
from datetime import datetime

import dagster as dg

from insights_assets.alert_settings import AlertSettings
from insights_assets.assets.declare import OWNERS, column_schema, key_of
from insights_assets.automation.alerts import dagster_look, engine
from insights_assets.automation.alerts.life_cycle import Observation
from insights_assets.automation.alerts.ticking import Position, tick
from insights_assets.lake.store import Lake
from insights_assets.tables.alerts import ALERTS
from insights_assets.tables.anomalies import ANOMALIES
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.results import RESULTS_WEEKLY

INTERVAL_S = 60

# Written by the sensors, never by a run: external to Dagster.
alerts = dg.AssetSpec(
    key_of(ALERTS),
    deps=[key_of(t) for t in (*ANOMALIES.values(), BURNOUT_PREDICTIONS, RESULTS_WEEKLY)],
    group_name=ALERTS.layer,
    kinds={"python", "deltalake"},
    owners=OWNERS,
    description=f"{ALERTS.description}\n\nThe sensor `alerts` keeps it up to date; `insights alerts` shows it.",
    metadata={"dagster/column_schema": column_schema(ALERTS), "primary_key": list(ALERTS.key)},
)


def alert_sensors(lake: Lake, settings: AlertSettings, now: Callable[[], datetime]) -> list[dg.SensorDefinition]:
    """Make the sensors.

    Args:
        lake: where everything is read from and the alerts are kept.
        settings: thresholds and sinks.
        now: the clock.
    """

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Opens, resolves and tells alerts from findings, predictions, checks and syncs: each tick the "
        "accounts with something new, fifty at most.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        at = now()
        known = engine.alerts_of(lake.read(ALERTS))
        also = dagster_look.ended_runs(context.instance, known, at)
        if context.repository_def is not None:
            graph = context.repository_def.asset_graph
            keys = [key for key in graph.asset_check_keys if graph.get_check_spec(key).partitions_def is None]
            also += dagster_look.checks_without_partitions(context.instance, keys)
        done = tick(lake, settings, at, Position.read(context.cursor), also=also)
        context.update_cursor(done.position.write())
        if done.opened or done.resolved:
            _tell_the_asset(context.instance, lake)
        return dg.SkipReason(done.sentence)

    @dg.run_failure_sensor(
        name="alert_on_run_failure",
        monitor_all_code_locations=True,
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Opens an alert for a failed run that neither `sync_log` nor a check explains.",
    )
    def run_failed(context: dg.RunFailureSensorContext) -> None:
        failure = dagster_look.failed_run(
            lake, context.dagster_run, context.get_step_failure_events(), context.failure_event.message
        )
        if failure is not None:
            engine.apply(lake, settings, Observation((failure,)), now())

    return [look, run_failed]


def _tell_the_asset(instance: dg.DagsterInstance, lake: Lake) -> None:
    instance.report_runless_asset_event(
        dg.AssetMaterialization(key_of(ALERTS), metadata={"dagster/row_count": lake.count(ALERTS)})
    )
