"""Bad rows go to quarantine with their reason, the good row they would replace stays, and repaired data clears both."""

import json
from datetime import timedelta

import pytest

from insights_assets.lake import writing
from insights_assets.lake.store import Lake
from insights_assets.lake.writing import store
from insights_assets.tables.operations import QUARANTINE
from insights_assets.tables.results import RESULTS_WEEKLY
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

NEXT = WEEK + timedelta(weeks=1)
PARTITIONS = [("act_1", WEEK), ("act_1", NEXT)]


def row(entity, spend=1.0, week=WEEK, **changes):
    return valid_row(RESULTS_WEEKLY, entity_id=entity, spend=spend, week=week, **changes)


def write(lake, *rows, partitions=PARTITIONS):
    return store(lake, RESULTS_WEEKLY, frame_of(RESULTS_WEEKLY, *rows), partitions, OBSERVED)


def stored(lake):
    return {(r["week"], r["entity_id"]): r["spend"] for r in lake.read(RESULTS_WEEKLY).to_dicts()}


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path))


def test_good_rows_land_and_nothing_is_refused(lake):
    done = write(lake, row("1"), row("2", week=NEXT))
    assert (done.rows.height, done.refused, done.kept) == (2, 0, 0)
    assert lake.read(QUARANTINE).is_empty()


def test_a_bad_row_is_quarantined_and_its_previous_good_row_stays(lake):
    write(lake, row("1", 10.0), row("2", 20.0), row("3", 30.0))
    done = write(lake, row("1", -1.0), row("2", 21.0))
    assert stored(lake) == {(WEEK, "1"): 10.0, (WEEK, "2"): 21.0}, "3 vanished from the source, 1 is kept"
    assert (done.refused, done.kept) == (1, 1)
    (bad,) = lake.read(QUARANTINE).to_dicts()
    assert bad["table_name"] == "results_weekly"
    assert bad["reason"].startswith("spend: ")
    assert json.loads(bad["row"])["spend"] == -1.0
    assert json.loads(bad["row"])["week"] == WEEK.isoformat()
    assert "reason" not in json.loads(bad["row"])


def test_a_bad_row_without_a_previous_one_leaves_no_row(lake):
    done = write(lake, row("1", -1.0))
    assert stored(lake) == {}
    assert (done.refused, done.kept) == (1, 0)


def test_a_repaired_row_clears_the_quarantine(lake):
    write(lake, row("1", 10.0))
    write(lake, row("1", -1.0))
    done = write(lake, row("1", 11.0))
    assert stored(lake) == {(WEEK, "1"): 11.0}
    assert done.refused == 0
    assert lake.read(QUARANTINE).is_empty()


def test_writing_the_same_bad_rows_again_changes_nothing(lake):
    write(lake, row("1", 10.0))
    write(lake, row("1", -1.0))
    before = stored(lake), lake.read(QUARANTINE)
    write(lake, row("1", -1.0))
    assert stored(lake) == before[0]
    assert lake.read(QUARANTINE).equals(before[1])


def test_a_duplicate_keeps_the_first_row_not_the_one_from_before(lake):
    write(lake, row("1", 10.0))
    done = write(lake, row("1", 11.0), row("1", 12.0))
    assert stored(lake) == {(WEEK, "1"): 11.0}
    assert (done.refused, done.kept) == (1, 0)


def test_other_partitions_and_other_tables_quarantines_are_untouched(lake):
    other = valid_row(QUARANTINE, table_name="ads", row="{}")
    lake.append(QUARANTINE, frame_of(QUARANTINE, other))
    write(lake, row("1", -1.0), row("2", -2.0, week=NEXT))
    write(lake, row("1", 1.0), partitions=PARTITIONS[:1])
    left = lake.read(QUARANTINE).select("table_name", "week").rows()
    assert sorted(left) == [("ads", WEEK), ("results_weekly", NEXT)]


@pytest.mark.parametrize("changes", [{"account_id": "act_2"}, {"account_id": None}, {"week": None}])
def test_rows_outside_the_run_are_an_error_and_nothing_is_written(lake, changes):
    write(lake, row("1", 10.0))
    with pytest.raises(ValueError, match="rows outside the run's partitions"):
        write(lake, {**row("1", 11.0), **changes})
    assert stored(lake) == {(WEEK, "1"): 10.0}
    assert lake.read(QUARANTINE).is_empty()


def test_a_frame_of_another_shape_is_an_error_and_nothing_is_written(lake):
    frame = frame_of(RESULTS_WEEKLY, row("1")).drop("spend")
    with pytest.raises(TypeError, match="missing spend"):
        store(lake, RESULTS_WEEKLY, frame, PARTITIONS, OBSERVED)
    assert lake.delta(RESULTS_WEEKLY) is None


def test_a_value_that_json_has_no_word_for_is_still_written_as_json(lake):
    write(lake, row("1", float("nan")))

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    (bad,) = lake.read(QUARANTINE).to_dicts()
    json.loads(bad["row"], parse_constant=refuse)


def test_what_another_machine_wrote_meanwhile_is_what_stays(tmp_path, monkeypatch):
    """No lock reaches another machine: the commit is refused, and computed again from what is there now."""
    lake = Lake(f"file://{tmp_path}/lake", sleep=lambda _: None)
    write(lake, row("1", 10.0))
    meanwhile = [row("1", 11.0)]
    read = writing.read_range

    def slow(*given):
        rows = read(*given)
        if meanwhile:
            lake.replace(RESULTS_WEEKLY, frame_of(RESULTS_WEEKLY, meanwhile.pop()), PARTITIONS)
        return rows

    monkeypatch.setattr(writing, "read_range", slow)
    assert write(lake, row("1", -1.0)).kept == 1
    assert stored(lake) == {(WEEK, "1"): 11.0}


def test_writers_of_other_accounts_do_not_stand_in_the_way(tmp_path, monkeypatch):
    lake = Lake(f"file://{tmp_path}/lake", sleep=lambda _: None)
    write(lake, row("1", 10.0))
    other = frame_of(RESULTS_WEEKLY, row("9", account_id="act_2"))
    reads = []
    read = writing.read_range

    def slow(*given):
        reads.append(1)
        lake.replace(RESULTS_WEEKLY, other, [("act_2", WEEK)])
        return read(*given)

    monkeypatch.setattr(writing, "read_range", slow)
    write(lake, row("1", -1.0))
    assert len(reads) == 1
