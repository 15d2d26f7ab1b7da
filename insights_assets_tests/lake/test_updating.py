"""Read, change, write as one step: no other writer's change in between is lost, with locks or without."""

from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from insights_assets.lake.store import Lake, LakeError
from insights_assets.lake.updating import update
from insights_assets.tables.alerts import ALERTS
from insights_assets_tests.tables.rows import frame_of, valid_row


def alert(n, **changes):
    return valid_row(ALERTS, alert_id=f"{n:016x}", **changes)


def adding(n):
    return lambda rows: pl.concat([rows, frame_of(ALERTS, alert(n))])


@pytest.fixture(params=["path", "uri"])
def lake(request, tmp_path):
    """On a path writers are kept apart by locks; by a URI, as in an object store, by the commit log alone."""
    root = str(tmp_path / "lake") if request.param == "path" else f"file://{tmp_path}/lake"
    return Lake(root, sleep=lambda _: None)


def test_a_change_of_nothing_is_no_commit(lake):
    update(lake, ALERTS, adding(1))
    version = lake.delta(ALERTS).version()
    assert update(lake, ALERTS, lambda rows: rows).height == 1
    assert lake.delta(ALERTS).version() == version


@pytest.mark.parametrize("start", [0, 1], ids=["empty", "filled"])
def test_a_writer_that_comes_in_between_is_not_lost(tmp_path, start):
    lake = Lake(f"file://{tmp_path}/lake", sleep=lambda _: None)
    if start:
        update(lake, ALERTS, adding(9))
    seen = []

    def interrupted(rows):
        seen.append(rows.height)
        if len(seen) == 1:
            update(lake, ALERTS, adding(1))
        return adding(2)(rows)

    update(lake, ALERTS, interrupted)
    assert seen == [start, start + 1]
    assert lake.read(ALERTS).height == start + 2


def test_writers_at_once_all_win(lake):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: update(lake, ALERTS, adding(n)), range(6)))
    assert lake.read(ALERTS)["alert_id"].to_list() == [f"{n:016x}" for n in range(6)]


def test_a_row_that_does_not_fit_is_refused_and_nothing_is_written(lake):
    update(lake, ALERTS, adding(1))
    with pytest.raises(ValueError, match="alerts: kind"):
        update(lake, ALERTS, lambda rows: rows.with_columns(kind=pl.lit("gremlins")))
    assert lake.read(ALERTS)["kind"].to_list() == ["ctr_drop"]


def test_one_that_always_loses_says_so(tmp_path):
    lake = Lake(f"file://{tmp_path}/lake", sleep=lambda _: None)
    numbers = iter(range(100))

    def beaten(rows):
        update(lake, ALERTS, adding(next(numbers)))
        return adding(next(numbers))(rows)

    with pytest.raises(LakeError, match="12 commits lost"):
        update(lake, ALERTS, beaten)
