"""The table `[currency]` and the file of rates: read, or refused in one sentence."""

from datetime import date

import pytest

from insights_assets.currency_settings import CurrencySettings, parse, read_rates
from insights_assets.problems import InputError
from insights_assets.settings import SettingsError, load_settings


def test_rates_are_read_and_sorted(tmp_path):
    file = tmp_path / "rates.csv"
    file.write_text("rate,currency,date\n0.0062,JPY,2026-03-03\n 0.9 ,USD,2026-03-02\n")
    (tmp_path / "settings.toml").write_text(f'[currency]\nbase = "EUR"\nrates = "{file}"\nmax_age_days = 3\n')
    settings = load_settings({"INSIGHTS_HOME": str(tmp_path)})
    assert str(settings.currency) == f"base EUR, rates {file}, up to 3 days old"
    rates = read_rates(settings.currency)
    assert (rates.base, rates.max_age_days) == ("EUR", 3)
    assert rates.frame.rows() == [(date(2026, 3, 2), "USD", 0.9), (date(2026, 3, 3), "JPY", 0.0062)]


def test_without_the_table_there_are_no_rates():
    assert read_rates(CurrencySettings()) is None
    assert str(CurrencySettings()) == "none"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("x", "must be a table"),
        ({"bass": "EUR"}, "unknown keys \\(bass\\); allowed are base, rates, max_age_days"),
        ({"base": "Euro", "rates": "r"}, "base of it is 'Euro'; it must be an ISO 4217 code"),
        ({"base": "EUR"}, "rates of it is None; it must name a CSV file"),
        ({"base": "EUR", "rates": "/nowhere/r.csv"}, "must name a CSV file"),
    ],
)
def test_wrong_settings_are_refused(table, told):
    with pytest.raises(InputError, match=told):
        parse(table, "it")


def test_a_wrong_setting_names_its_file(tmp_path):
    (tmp_path / "settings.toml").write_text('currency = "EUR"\n')
    with pytest.raises(SettingsError, match=r"currency in .*settings\.toml is 'EUR'; it must be a table"):
        load_settings({"INSIGHTS_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("date,currency\n", "no column rate; they need date, currency, rate"),
        ("date,currency,rate\n2026-03-02,USD,0.9\n2026-03-32,USD,0.9\n", "row 2: 2026-03-32, USD, 0.9 is not a day"),
        ("date,currency,rate\n2026-03-02,usd,0.9\n", "row 1: .*a code like EUR"),
        ("date,currency,rate\n2026-03-02,USD,0\n", "a rate above zero"),
        ("date,currency,rate\n2026-03-02,USD,inf\n", "a rate above zero"),
        ("date,currency,rate\n2026-03-02,USD,\n", "row 1: 2026-03-02, USD, None"),
        ("date,currency,rate\n2026-03-02,USD,1\n2026-03-02,USD,2\n", "several rates of USD on 2026-03-02; keep one"),
        ("", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, content, told):
    file = tmp_path / "rates.csv"
    file.write_text(content)
    with pytest.raises(InputError, match=told) as refused:
        read_rates(CurrencySettings("EUR", str(file)))
    assert "\n" not in str(refused.value)
