"""A discovery brings the registry up to date without undoing what was decided here."""

from datetime import UTC, datetime

import dagster as dg
import polars as pl
import pytest

from insights_assets import registry
from insights_assets.graph_api.client import GraphClient
from insights_assets.lake.store import Lake
from insights_assets.registry import SWITCHED_OFF, UnknownAccountError
from insights_assets.sandbox import World, running_sandbox
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets_tests.tables.rows import frame_of, valid_row

BARE = {"token_env": None, "token_path": None}


def known(**changes):
    return frame_of(ACCOUNTS, valid_row(ACCOUNTS, **{**BARE, **changes}))


def merged(old, new):
    (row,) = registry.merge(old, new).to_dicts()
    return row


def test_a_discovery_takes_what_meta_says_and_keeps_what_we_said():
    old = known(name="Old", token_env="TOKEN_1", token_path="/t", source="added")
    row = merged(old, known(name="New", currency="USD", source="discovered"))
    assert (row["name"], row["currency"]) == ("New", "USD")
    assert (row["token_env"], row["token_path"], row["source"]) == ("TOKEN_1", "/t", "added")


def test_switched_off_outlives_a_discovery_and_metas_own_status_does_not():
    assert merged(known(status=SWITCHED_OFF), known(status="ACTIVE"))["status"] == SWITCHED_OFF
    assert merged(known(status="DISABLED"), known(status="ACTIVE"))["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"token_env": "OLD"}, {"token_env": "NEW"}),
        ({"token_env": "OLD"}, {"token_path": "/new"}),
        ({"token_path": "/old"}, {"token_env": "NEW"}),
    ],
)
def test_a_new_token_reference_replaces_the_old_one(old, new):
    row = merged(known(**old), known(**new))
    assert {k: row[k] for k in BARE} == {**BARE, **new}


def test_accounts_that_a_discovery_does_not_see_stay():
    old = pl.concat([known(account_id="act_1"), known(account_id="act_2")])
    rows = registry.merge(old, pl.concat([known(account_id="act_3"), known(account_id="act_2")]))
    assert rows["account_id"].to_list() == ["act_1", "act_2", "act_3"]
    assert rows.schema == ACCOUNTS.schema


def test_merging_twice_changes_nothing():
    old, new = known(status=SWITCHED_OFF), known(name="New")
    once = registry.merge(old, new)
    assert registry.merge(once, new).equals(once)


def test_saving_makes_every_account_a_partition(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        registry.save(Lake(str(tmp_path)), instance, known(account_id="act_7"))
        assert instance.get_dynamic_partitions("account") == ["act_7"]
        told = instance.get_latest_materialization_event(dg.AssetKey([ACCOUNTS.layer, "accounts"]))
        assert told.asset_materialization.metadata["dagster/row_count"].value == 1


def test_an_account_is_switched_off_and_on_alone(tmp_path):
    lake = Lake(str(tmp_path))
    lake.overwrite(ACCOUNTS, pl.concat([known(account_id="act_1"), known(account_id="act_2")]))
    registry.set_status(lake, "1", SWITCHED_OFF)
    rows = lake.read(ACCOUNTS)
    assert dict(rows.select("account_id", "status").iter_rows()) == {"act_1": SWITCHED_OFF, "act_2": "ACTIVE"}
    assert registry.select(rows, None)["account_id"].to_list() == ["act_2"]
    assert registry.select(rows, None, enabled_only=False).height == 2
    assert registry.select(rows, ["act_1"]).height == 1, "naming an account is asking for it"
    registry.set_status(lake, "act_1", "ACTIVE")
    assert lake.read(ACCOUNTS)["status"].to_list() == ["ACTIVE", "ACTIVE"]


@pytest.mark.parametrize("name", ["123", "act_123", " act_123 "])
def test_a_name_may_lack_its_prefix(name):
    assert registry.prefixed(name) == "act_123"


@pytest.mark.parametrize("name", ["", "act_", "abc", "act_1; DROP", "act_1|2026-01-05", "-1", "1.0"])
def test_what_is_no_account_id_is_a_sentence(name):
    with pytest.raises(UnknownAccountError, match="is not an ad account id; write digits, or act_ and digits"):
        registry.prefixed(name)


def test_an_unknown_account_is_a_sentence_that_says_what_to_do():
    with pytest.raises(UnknownAccountError) as caught:
        registry.select(known(account_id="act_1"), ["1", "2", "act_3"])
    assert str(caught.value).startswith("Unknown account act_2, act_3: `insights accounts list`")
    with pytest.raises(UnknownAccountError):
        registry.one(known(account_id="act_1"), "2")


def test_one_gives_the_row():
    assert registry.one(known(account_id="act_1", name="It"), "1")["name"] == "It"


def test_rows_are_as_the_api_describes_the_accounts():
    now = datetime(2026, 3, 30, tzinfo=UTC)
    world = World(accounts=2, ads_per_account=(3, 3))
    with (
        running_sandbox(world, now=lambda: now) as server,
        GraphClient.connect(base_url=server.url, version="v26.0", token=server.token) as client,
    ):
        rows = registry.to_rows(client.ad_accounts(), "discovered", now)
    assert ACCOUNTS.split(rows).bad.is_empty()
    assert rows["business_id"].to_list() == [a.business_id for a in world.accounts]
