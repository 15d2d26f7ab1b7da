"""Discovery brings in what the token sees and what a list names; one listed account's trouble stays its own."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from insights_assets.assets.accounts import discover
from insights_assets.connection import Gateway
from insights_assets.lake.store import Lake
from insights_assets.sandbox import World, running_sandbox
from insights_assets.settings import load_settings

NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
OWN = "EAAB-own-token"


@pytest.fixture(scope="module")
def sandbox():
    world = World(accounts=3, ads_per_account=(1, 2))
    own = frozenset({world.accounts[0].id})
    with running_sandbox(world, now=lambda: NOW, visible_accounts={OWN: own}) as server:
        yield server


def test_a_list_without_a_general_token_is_read_by_its_own_tokens(tmp_path, sandbox):
    seen, hidden = (a.id for a in sandbox.world.accounts[:2])
    path = tmp_path / "accounts.csv"
    path.write_text(f"account_id,user_id,token_env\n{seen},u-5,USER_TOKEN\n{hidden},u-6,USER_TOKEN\nact_404,,NOT_SET\n")
    environment = {"INSIGHTS_HOME": str(tmp_path), "INSIGHTS_MODE": "live", "META_GRAPH_URL": sandbox.url}
    settings = replace(load_settings(environment), accounts_file=str(path))
    rows, refused = discover(Gateway(settings, {"USER_TOKEN": OWN}), Lake(str(tmp_path / "lake")), NOW, settings)
    (row,) = rows.to_dicts()
    assert (row["account_id"], row["source"], row["user_id"], row["token_env"]) == (seen, "legacy", "u-5", "USER_TOKEN")
    assert row["currency"] == sandbox.world.accounts[0].market.currency
    assert [name for name, _ in refused] == [hidden, "act_404"]
    assert "NOT_SET" in refused[1][1]
    assert OWN not in str(refused)


def test_a_list_adds_to_what_the_general_token_sees(tmp_path, sandbox):
    first = sandbox.world.accounts[0].id
    path = tmp_path / "accounts.csv"
    path.write_text(f"account_id,business_id,token_env\n{first},77,USER_TOKEN\n")
    environment = {"INSIGHTS_HOME": str(tmp_path), "META_GRAPH_URL": sandbox.url, "META_ACCESS_TOKEN": sandbox.token}
    settings = replace(load_settings(environment), accounts_file=str(path))
    rows, refused = discover(Gateway(settings, {"USER_TOKEN": OWN}), Lake(str(tmp_path / "lake")), NOW, settings)
    assert refused == []
    found = {r["account_id"]: (r["source"], r["business_id"], r["token_env"]) for r in rows.to_dicts()}
    assert len(found) == 3
    assert found.pop(first) == ("file", "77", "USER_TOKEN")
    assert {source for source, _, _ in found.values()} == {"discovered"}
