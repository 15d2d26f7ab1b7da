"""What a home refuses to be opened for."""

import pytest

from insights_assets.commands.home import open_home
from insights_assets.lake.store import Lake
from insights_assets.settings import SettingsError, load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets_tests.tables.rows import frame_of, valid_row


def test_live_mode_refuses_accounts_of_the_simulator_before_anything_is_asked_or_written(tmp_path):
    settings = load_settings(
        {"INSIGHTS_HOME": str(tmp_path), "META_ACCESS_TOKEN": "x", "META_GRAPH_URL": "http://127.0.0.1:1"}
    )
    row = valid_row(ACCOUNTS, account_id="act_1", source="sandbox")
    Lake(settings.lake).overwrite(ACCOUNTS, frame_of(ACCOUNTS, row))
    there = sorted(tmp_path.rglob("*"))
    with pytest.raises(SettingsError, match=r"accounts of the simulator.*INSIGHTS_HOME.*hybrid"):
        open_home(settings)
    assert sorted(tmp_path.rglob("*")) == there
