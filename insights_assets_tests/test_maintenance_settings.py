"""The table `[maintenance]`: defaults that lose nothing, limits that cannot be undercut, one sentence for a mistake."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from insights_assets.maintenance_settings import MaintenanceSettings, parse
from insights_assets.problems import InputError
from insights_assets.settings import SettingsError, load_settings


def test_defaults_keep_runs_for_ever_and_files_for_a_week():
    assert parse({}, "x") == MaintenanceSettings()
    assert (MaintenanceSettings().keep_runs_days, MaintenanceSettings().keep_files_h) == (0, 168)


def test_what_is_given_is_taken():
    told = parse({"keep_files_h": 24, "keep_runs_days": 14, "keep_alerts_days": 0, "checked_accounts": 0}, "x")
    assert told == MaintenanceSettings(keep_files_h=24, keep_runs_days=14, keep_alerts_days=0, checked_accounts=0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"keep_files_h": 23}, r"maintenance.keep_files_h \(x\) is 23; it must be 24 or more\.$"),
        ({"keep_files_h": 0}, "must be 24 or more"),
        ({"keep_runs_days": 13}, "must be 14 or more, or 0 to keep for ever"),
        ({"keep_quarantine_days": 29}, "must be 30 or more, or 0"),
        ({"compact_from_files": 1}, "must be 2 or more"),
        ({"keep_runs_days": True}, "must be a whole number"),
        ({"keep_runs_days": 20.5}, "must be a whole number"),
        ({"keep_days": 3}, "unknown keys"),
        ([], "must be a table"),
    ],
)
def test_a_mistake_is_one_sentence(given, sentence):
    with pytest.raises(InputError, match=sentence):
        parse(given, "x")


def test_the_settings_file_carries_it(tmp_path):
    (tmp_path / "settings.toml").write_text("[maintenance]\nkeep_runs_days = 90\n")
    assert load_settings({"INSIGHTS_HOME": str(tmp_path)}).maintenance.keep_runs_days == 90
    (tmp_path / "settings.toml").write_text("[maintenance]\nkeep_files_h = 1\n")
    with pytest.raises(SettingsError, match="keep_files_h"):
        load_settings({"INSIGHTS_HOME": str(tmp_path)})


def test_the_example_of_the_docs_shows_the_defaults():
    text = (Path(__file__).parent.parent / "docs" / "operating.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(\[maintenance\].*?)```", text, flags=re.DOTALL)
    assert example is not None
    given = tomllib.loads(example[1])["maintenance"]
    assert set(given) == {f.name for f in fields(MaintenanceSettings)}
    assert parse(given, "docs") == MaintenanceSettings()


@pytest.mark.parametrize("lake", ["s3://key:geheim@bucket/lake", "abfss://c@a.dfs.core.windows.net/l?sig=geheim"])
def test_an_address_with_credentials_is_refused_and_not_shown(lake):
    with pytest.raises(SettingsError, match="INSIGHTS_LAKE holds credentials") as error:
        load_settings({"INSIGHTS_LAKE": lake})
    assert "geheim" not in str(error.value)
