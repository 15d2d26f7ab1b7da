"""The table `[currency]` of the settings file: one currency for all accounts, and where its rates are.

Belongs here: names, defaults, what is allowed, and reading the file of rates. Does not belong here: converting
(`analytics/currency.py`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from insights_assets.analytics.currency import RATES, Rates
from insights_assets.problems import InputError
from insights_assets.setting_values import integer, known, table

KEYS = ("base", "rates", "max_age_days")
CODE = r"^[A-Z]{3}$"


@dataclass(frozen=True)
class CurrencySettings:
    """`base` is the currency of the rates, `rates` a CSV file of date, currency, rate; none by default."""

    base: str | None = None
    rates: str | None = None
    max_age_days: int = 7

    def __str__(self) -> str:
        """One line for `insights config show`."""
        return f"base {self.base}, rates {self.rates}, up to {self.max_age_days} days old" if self.base else "none"


def parse(value: Any, where: str) -> CurrencySettings:
    """Read the table.

    Raises:
        InputError: a key or value is wrong; the sentence names it and what is allowed.
    """
    given = table(value, where)
    known(given, KEYS, where)
    base, path = given.get("base"), given.get("rates")
    if not isinstance(base, str) or len(base) != 3 or not base.isascii() or not base.isupper():  # noqa: PLR2004
        raise InputError(f"base of {where} is {base!r}; it must be an ISO 4217 code such as EUR.")
    if not isinstance(path, str) or not Path(path).is_file():
        raise InputError(f"rates of {where} is {path!r}; it must name a CSV file with date, currency and rate.")
    return CurrencySettings(
        base, str(Path(path).absolute()), integer(given.get("max_age_days", 7), f"max_age_days of {where}")
    )


def read_rates(settings: CurrencySettings) -> Rates | None:
    """Read the file of rates: one unit of `currency` is `rate` units of the base currency on `date`.

    Returns:
        The rates, sorted by date; None when the settings name no file.

    Raises:
        InputError: the file cannot be read, or has a value that is no day, code or rate above zero.
    """
    if settings.base is None or settings.rates is None:
        return None
    path = Path(settings.rates)
    try:
        raw = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"The rates {path} cannot be read ({str(error).splitlines()[0]}).") from error
    if missing := [name for name in RATES if name not in raw.columns]:
        raise InputError(f"The rates {path} have no column {missing[0]}; they need {', '.join(RATES)}.")
    rows = raw.select(
        pl.col("date").str.strip_chars().str.to_date("%Y-%m-%d", strict=False),
        pl.col("currency").str.strip_chars(),
        pl.col("rate").str.strip_chars().cast(pl.Float64, strict=False),
    )
    rate = pl.col("rate")
    bad = rows.select(
        pl.col("date").is_null()
        | ~pl.col("currency").str.contains(CODE).fill_null(value=False)
        | ~(rate.is_finite() & (rate > 0)).fill_null(value=False)
    ).to_series()
    if bad.any():
        row = bad.arg_true()[0]
        raise InputError(
            f"The rates {path}, row {row + 1}: {', '.join(map(str, raw.select(RATES.names()).row(row)))} is not a day "
            "like 2026-11-21, a code like EUR and a rate above zero."
        )
    repeated = rows.filter(pl.struct("date", "currency").is_duplicated())
    if repeated.height:
        day, code, _ = repeated.row(0)
        raise InputError(f"The rates {path} have several rates of {code} on {day}; keep one.")
    return Rates(settings.base, rows.sort("date"), settings.max_age_days)
