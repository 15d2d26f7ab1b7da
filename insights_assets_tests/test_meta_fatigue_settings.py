"""The settings file's table `meta_fatigue`: defaults, values, and one sentence for each mistake."""

from pathlib import Path

import pytest

from insights_assets.meta_fatigue_settings import MetaFatigueSettings
from insights_assets.settings import Settings, SettingsError, load_settings


def settings_of(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    return load_settings({"INSIGHTS_HOME": str(tmp_path)})


def test_it_is_asked_for_unless_the_file_says_no(tmp_path):
    assert settings_of(tmp_path, "").meta_fatigue == MetaFatigueSettings(ask=True, ask_again_days=28)
    made = settings_of(tmp_path, "[meta_fatigue]\nask = false\nask_again_days = 7\n")
    assert made.meta_fatigue == MetaFatigueSettings(ask=False, ask_again_days=7)
    assert made.origins["meta_fatigue"].endswith("settings.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("meta_fatigue = false", "is False; it must be a table"),
        ("[meta_fatigue]\nask = 1", "has ask = 1; it must be true or false"),
        ("[meta_fatigue]\nask_again_days = 0", "has ask_again_days = 0; it must be a whole number of days"),
        ("[meta_fatigue]\nask_again_days = true", "has ask_again_days = True"),
        ("[meta_fatigue]\nevery = 3", "unknown key every; allowed are ask, ask_again_days"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, text, told):
    with pytest.raises(SettingsError, match="meta_fatigue in ") as caught:
        settings_of(tmp_path, text)
    assert told in str(caught.value)
    assert str(caught.value).endswith(".")
