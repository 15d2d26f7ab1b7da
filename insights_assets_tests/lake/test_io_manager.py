"""The IO manager writes exactly the run's partitions, reads exactly the mapped window, and says what it did."""

from datetime import timedelta

import dagster as dg
import polars as pl
import pytest

from insights_assets.lake.io_manager import LakeIOManager, preview
from insights_assets.lake.store import Lake
from insights_assets.partitions import account_weeks, key, lookback
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.entities import CAMPAIGNS
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.registry import TABLES
from insights_assets.tables.results import RESULTS_WEEKLY
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(4)]
KEY = dg.AssetKey(["core", "results_weekly"])


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path))


@pytest.fixture
def manager(lake):
    return LakeIOManager(lake, TABLES, lambda: OBSERVED)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        made.add_dynamic_partitions("account", ["act_1", "act_2"])
        yield made


def row(account="act_1", week=WEEK, **changes):
    return valid_row(RESULTS_WEEKLY, account_id=account, week=week, **changes)


def materialize(manager, instance, value, week=WEEK):
    @dg.asset(key=KEY, partitions_def=account_weeks, io_manager_key="lake_io")
    def made():
        return dg.MaterializeResult(value=value, metadata={"requests": 3, "duration_s": 1.5})

    return dg.materialize(
        [made],
        instance=instance,
        partition_key=key("act_1", week),
        resources={"lake_io": manager},
        raise_on_error=False,
    )


def metadata(result):
    (event,) = result.get_asset_materialization_events()
    return event.materialization.metadata


def test_a_write_reports_rows_refused_rows_and_where(lake, manager, instance):
    frame = frame_of(RESULTS_WEEKLY, row(), row(entity_id="2", spend=-1.0))
    lake.append(RESULTS_WEEKLY, frame_of(RESULTS_WEEKLY, row("act_2")))
    told = metadata(materialize(manager, instance, frame))
    assert (told["dagster/row_count"].value, told["dagster/partition_row_count"].value) == (2, 1)
    assert told["refused_rows"].value == 1
    assert told["dagster/uri"].value == lake.uri(RESULTS_WEEKLY)
    assert "act_1" in told["preview"].md_str


def test_a_write_is_logged_with_what_the_asset_told(lake, manager, instance):
    result = materialize(manager, instance, frame_of(RESULTS_WEEKLY, row()))
    (line,) = lake.read(SYNC_LOG).to_dicts()
    assert (line["step"], line["status"], line["rows"]) == ("results_weekly", "ok", 1)
    assert (line["requests"], line["duration_s"], line["run_id"]) == (3, 1.5, result.run_id)


@pytest.mark.parametrize("value", [[{"a": 1}], None, pl.LazyFrame({"a": [1]}), {"a": [1]}])
def test_what_is_no_frame_fails_the_run_and_writes_nothing(lake, manager, instance, value):
    result = materialize(manager, instance, value)
    assert not result.success
    assert lake.delta(RESULTS_WEEKLY) is None


def test_rows_of_another_partition_fail_the_run_and_write_nothing(lake, manager, instance):
    result = materialize(manager, instance, frame_of(RESULTS_WEEKLY, row(account="act_2")))
    assert not result.success
    assert lake.delta(RESULTS_WEEKLY) is None
    assert lake.read(SYNC_LOG).is_empty()


def test_an_input_is_the_mapped_window_and_nothing_else(lake, manager, instance):
    rows = [row(account, week) for account in ("act_1", "act_2") for week in WEEKS]
    lake.append(RESULTS_WEEKLY, frame_of(RESULTS_WEEKLY, *rows))
    seen = []

    @dg.asset(
        partitions_def=account_weeks,
        ins={"results": dg.AssetIn(key=KEY, partition_mapping=lookback(2), input_manager_key="lake_io")},
    )
    def reader(results):
        seen.append(results)

    upstream = dg.AssetSpec(KEY, partitions_def=account_weeks)
    dg.materialize(
        [reader, upstream],
        instance=instance,
        partition_key=key("act_1", WEEKS[2]),
        resources={"lake_io": manager},
    )
    (loaded,) = seen
    assert loaded.select("account_id", "week").rows() == [("act_1", w) for w in WEEKS[:3]]


def test_an_input_without_partitions_is_the_whole_table(lake, manager):
    lake.append(ACCOUNTS, frame_of(ACCOUNTS, valid_row(ACCOUNTS)))
    context = dg.build_input_context(asset_key=dg.AssetKey(["registry", "accounts"]))
    assert manager.load_input(context).height == 1


def cells(line):
    """Split a Markdown row as a renderer does: a bar after an odd number of backslashes is text."""
    parts, current, escaped = [], "", False
    for char in line.strip()[1:-1]:
        if char == "|" and not escaped:
            parts.append(current)
            current = ""
        else:
            current += char
        escaped = char == "\\" and not escaped
    return [*parts, current]


FOREIGN = ["plain", "a|b", "<script>alert(1)</script>", "two\nlines", "`code`", "back\\|slash", "x" * 39 + "|", "end\\"]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_name_stays_inside_its_cell_of_the_preview(name):
    frame = frame_of(CAMPAIGNS, valid_row(CAMPAIGNS, name=name))
    head, rule, *body = preview(frame).split("\n")
    assert len(body) == 1
    assert len(cells(body[0])) == len(cells(head)) == len(cells(rule))
    assert "<" not in body[0]
    assert "`" not in body[0]


def test_the_preview_is_short_and_leaves_nested_columns_out():
    table = TABLES["insights_daily"]
    frame = frame_of(table, *[valid_row(table, ad_id=str(n)) for n in range(50)])
    lines = preview(frame).split("\n")
    assert len(lines) == 2 + 5
    assert "actions" not in lines[0]
