"""The small lake and catalogs that are opened once: a test that only asks needs no snapshot of its own."""

from collections.abc import Iterator

import duckdb
import pytest

from insights_assets.lake.catalog import open_catalog
from insights_assets.lake.store import Lake
from insights_assets_tests.lake.small_lake import fill


@pytest.fixture(scope="module")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return fill(Lake(str(tmp_path_factory.mktemp("läke o'f") / "lake")))


@pytest.fixture(scope="module")
def opened(small_lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_catalog(small_lake) as connection:
        yield connection


@pytest.fixture(scope="module")
def opened_empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_catalog(Lake(str(tmp_path_factory.mktemp("lake") / "nothing yet"))) as connection:
        yield connection
