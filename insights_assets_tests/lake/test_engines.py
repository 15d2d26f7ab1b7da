"""The Python of `docs/engines.md`, run on a lake that our code made: what it reads is what was written."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from insights_assets.lake.store import Lake
from insights_assets.tables.entities import ADS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

PAGE = Path(__file__).parents[2] / "docs" / "engines.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
NEXT = WEEK + timedelta(days=7)


def day(ad_id, spend, week=WEEK):
    return valid_row(INSIGHTS_DAILY, account_id="act_1", week=week, date=week, ad_id=ad_id, spend=spend)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Weeks replaced and files compacted: what is stale must not be read."""
    made = Lake(str(tmp_path_factory.mktemp("lake")))
    partitions = [("act_1", WEEK), ("act_1", NEXT)]
    first = frame_of(INSIGHTS_DAILY, day("1", 100.0), day("2", 200.0), day("1", 7.0, NEXT))
    made.replace(INSIGHTS_DAILY, first, partitions)
    made.replace(INSIGHTS_DAILY, frame_of(INSIGHTS_DAILY, day("1", 1.5), day("2", 2.0)), partitions[:1])
    made.replace(ADS, frame_of(ADS, valid_row(ADS, ad_id="1", name="One"), valid_row(ADS, ad_id="2")), partitions[:1])
    DeltaTable(made.uri(INSIGHTS_DAILY)).optimize.compact()
    return made


def run(snippet, lake):
    """Run a block of the page; return the names it leaves."""
    assert "insights_assets" not in snippet
    names = {"LAKE": lake.root}
    exec(snippet, names)  # noqa: S102 - our own page
    return names


def test_duckdb_by_the_file_list(lake):
    assert run(SNIPPETS[0], lake)["spend"] == [("act_1", WEEK, 3.5), ("act_1", NEXT, 7.0)]


def test_duckdb_through_arrow(lake):
    assert run(SNIPPETS[1], lake)["rows"] == [(2,)]


def test_polars(lake):
    assert run(SNIPPETS[2], lake)["ads"].rows() == [("act_1", "One")]


def test_the_page_names_all_that_is_tested():
    assert len(SNIPPETS) == 3


def test_the_protocol_is_the_one_that_every_reader_knows(lake):
    told = DeltaTable(lake.uri(INSIGHTS_DAILY)).protocol()
    assert (told.min_reader_version, told.min_writer_version) == (1, 2)
    assert told.reader_features is None
