"""The settings file's table `recommendations`: defaults, values, and one sentence for each mistake."""

from pathlib import Path

import pytest

from insights_assets.analytics.advice_thresholds import AdviceThresholds
from insights_assets.settings import Settings, SettingsError, load_settings


def settings_of(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    return load_settings({"INSIGHTS_HOME": str(tmp_path)})


def test_defaults_are_the_seeds(tmp_path):
    limits = settings_of(tmp_path, "").recommendations
    assert limits == AdviceThresholds()
    assert (limits.scale_up_ratio, limits.creative_refresh_frequency, limits.most_per_entity) == (0.7, 3, 3)
    assert limits.expiry_days["REACTIVATE"] == 14


def test_values_of_the_file_replace_single_defaults(tmp_path):
    text = "[recommendations]\nscale_up_ratio = 0.6\nmost_per_entity = 2\n[recommendations.expiry_days]\nPAUSE = 7\n"
    made = settings_of(tmp_path, text)
    assert made.recommendations.scale_up_ratio == 0.6
    assert made.recommendations.most_per_entity == 2
    assert made.recommendations.expiry_days == {**AdviceThresholds().expiry_days, "PAUSE": 7}
    assert made.origins["recommendations"].endswith("settings.toml")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("scale_up = 1", "unknown key scale_up"),
        ("scale_up_ratio = -1", "scale_up_ratio = -1; it must be a number zero or more"),
        ("scale_up_ratio = 'low'", "scale_up_ratio = 'low'"),
        ("scale_up_ratio = true", "scale_up_ratio = True"),
        ("certainty = 1.0", "certainty = 1.0; it must be a number from 0 to 0.9999"),
        ("most_per_entity = 1.5", "most_per_entity = 1.5; it must be a whole number"),
        ("reactivate_weeks = 9", "reactivate_weeks = 9; it must be a number from 0 to 8"),
        ("expiry_days = 3", "expiry_days = 3; it must map"),
        ("expiry_days = {PAUSE = 0}", "expiry_days.PAUSE = 0"),
        ("expiry_days = {STOP = 3}", "must map SCALE_UP"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_it(tmp_path, line, told):
    with pytest.raises(SettingsError) as refused:
        settings_of(tmp_path, f"[recommendations]\n{line}\n")
    assert told in str(refused.value)
    assert "settings.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_something_else_than_a_table_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="must be a table"):
        settings_of(tmp_path, "recommendations = 3")
