"""What the API serves are the views of `sql/`, row for row."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from insights_assets.api import served_views as views
from insights_assets.api.listings import LISTINGS
from insights_assets.api.snapshots import Snapshots
from insights_assets.lake.catalog import open_catalog

CASES = [(view, level) for view in vars(views).values() if isinstance(view, views.View) for level in view.tables]
CASES += [(view, "") for view in views.ENTITIES.values()]
OVER_ACCOUNTS = (views.BLENDED_RETURNS,)
CASES = [case for case in CASES if case[0] not in OVER_ACCOUNTS]
UNPARTITIONED = ("accounts", "alerts")


@pytest.fixture(scope="module")
def catalog(lake):
    with open_catalog(lake) as connection:
        yield connection


@pytest.mark.parametrize(("view", "level"), CASES, ids=lambda c: getattr(c, "name", c))
def test_rows_are_those_of_the_view(view, level, lake, catalog):
    whole = view.name in UNPARTITIONED
    snapshot = Snapshots(lake, lambda: 0.0, 1).newest(view.table(level))
    rows = view.read(lake, "act_2", snapshot.of("act_2"), level or None, "JPY")
    where = ("" if whole else " WHERE account_id = 'act_2'") + (f" AND level = '{level}'" if level else "")
    expected = catalog.sql(f"SELECT {', '.join(view.columns)} FROM {view.name}{where}").pl()  # noqa: S608 - our own names
    assert rows.columns == view.columns
    assert whole or rows.height or not expected.height
    kinds = {c: pl.Int64 for c, t in expected.schema.items() if t in (pl.Int32, pl.Decimal)}
    assert_frame_equal(rows, expected.cast(kinds), check_row_order=False)


def test_a_view_over_accounts_is_of_those_that_are_asked_for(lake, catalog):
    view = views.BLENDED_RETURNS
    assert_frame_equal(view.over(lake, None), catalog.sql("FROM roas_blended").pl(), check_row_order=False)
    assert set(view.over(lake, {"act_2"})["currency"]) == {"JPY"}
    assert view.over(lake, set()).is_empty()


def test_every_list_has_its_columns():
    for listing in LISTINGS:
        assert set(listing.rules.sorts) <= set(listing.view.columns), listing.path
        assert set(listing.filters) <= set(listing.view.columns), listing.path
        assert set(listing.usual.replace("-", "").split(",")) <= set(listing.rules.sorts), listing.path


def test_every_list_answers(ask):
    for listing in LISTINGS:
        level = {} if listing.levels is None else {"level": "ad"}
        body = ask(f"/accounts/act_1/{listing.path}", **level)
        assert body["total"] == len(body["items"]) or body["pages"] > 1, listing.path
        if body["items"]:
            assert list(body["items"][0]) == listing.view.columns
            assert {row["account_id"] for row in body["items"]} == {"act_1"}
