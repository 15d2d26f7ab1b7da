"""The page of the alerts, the table of kinds, the table's words and the settings say the same."""

import tomllib
from dataclasses import fields

from insights_assets import alert_settings
from insights_assets.alert_settings import Thresholds
from insights_assets.automation.alerts import kind_docs
from insights_assets.automation.alerts.kinds import KINDS, OF_FINDINGS
from insights_assets.tables import alerts
from insights_assets.tables.anomalies import ANOMALY_TYPES


def test_the_page_is_what_the_code_says():
    # Otherwise: python -m insights_assets.automation.alerts.kind_docs
    assert kind_docs.PATH.read_text(encoding="utf-8") == kind_docs.as_markdown()


def test_every_kind_is_in_the_table_and_says_what_to_do():
    assert tuple(KINDS) == alerts.KINDS
    assert all(k.meaning.endswith(".") and k.advice.endswith(".") for k in KINDS.values())


def test_every_threshold_is_explained():
    assert list(kind_docs.THRESHOLDS) == [f.name for f in fields(Thresholds)]


def test_the_example_on_the_page_is_a_valid_setting():
    example = kind_docs.as_markdown().split("```toml\n")[1].split("```")[0]
    settings = alert_settings.parse(tomllib.loads(example)["alerts"], "the page")
    assert {s.type for s in settings.sinks} == {"slack", "webhook", "smtp", "log"}
    assert settings.of("act_123").target_roas == 2.5


def test_findings_that_people_should_act_on_open_an_alert():
    # A drop of cost is good news, a rise of CTR or CPM a trigger; frequency is judged by its own threshold.
    silent = {"cpr_drop", "ctr_spike", "cpm_spike", "frequency_high"}
    assert set(ANOMALY_TYPES) - silent <= set(OF_FINDINGS)
