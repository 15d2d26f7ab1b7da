"""Amounts in one currency, at the rate of their day.

Accounts of different currencies are never added without rates: that is refused, in a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

RATES = pl.Schema({"date": pl.Date, "currency": pl.String, "rate": pl.Float64})


class CurrencyError(ValueError):
    """Amounts cannot be brought into one currency; the message is one sentence for the user."""


@dataclass(frozen=True)
class Rates:
    """Dated rates.

    Attributes:
        base: ISO code of the currency that the rates are in.
        frame: date, currency, rate: units of the base currency for one unit of the currency.
        max_age_days: a day without a rate takes the last one before it, at most so many days old.
    """

    base: str
    frame: pl.DataFrame
    max_age_days: int = 7


def convert(frame: pl.DataFrame, rates: Rates | None, to: str, columns: Sequence[str]) -> pl.DataFrame:
    """Bring amounts into one currency.

    Args:
        frame: rows with `date`, `currency` and the amounts.
        rates: dated rates; None where there are none.
        to: ISO code of the currency wanted.
        columns: the amounts; null stays null.

    Returns:
        The rows in their order, `columns` and `currency` changed.

    Raises:
        CurrencyError: a rate is missing.
    """
    factors = _factors(frame.select("date", "currency").unique(), rates, to)
    return (
        frame.join(factors, on=["date", "currency"], how="left", maintain_order="left")
        .with_columns(*(pl.col(c) * pl.col("factor") for c in columns), pl.lit(to).alias("currency"))
        .drop("factor")
    )


def rate_factors(days: pl.DataFrame, rates: Rates | None, to: pl.Expr) -> pl.DataFrame:
    """Look up what amounts are multiplied by, null where a rate is missing.

    Args:
        days: distinct (date, currency), and what `to` needs.
        rates: dated rates; None where there are none.
        to: the currency wanted, by row.

    Returns:
        The rows of `days` with `factor`.
    """
    wanted = days.with_columns(to.alias("wanted"))
    same = pl.col("currency") == pl.col("wanted")
    if rates is None:
        return wanted.with_columns(pl.when(same).then(1.0).alias("factor")).drop("wanted")
    known = rates.frame.sort("date")
    for name, column in (("currency", "rate_from"), ("wanted", "rate_to")):
        found = known.rename({"currency": name, "rate": column})
        wanted = wanted.sort("date").join_asof(
            found, on="date", by=name, tolerance=timedelta(days=rates.max_age_days), check_sortedness=False
        )
        is_base = pl.col(name) == rates.base
        wanted = wanted.with_columns(pl.when(is_base).then(1.0).otherwise(column).alias(column))
    return wanted.with_columns(
        pl.when(same).then(1.0).otherwise(pl.col("rate_from") / pl.col("rate_to")).alias("factor")
    ).drop("wanted", "rate_from", "rate_to")


def one_currency(frame: pl.DataFrame, groups: Sequence[str]) -> None:
    """Refuse groups in which currencies would be added; groups by currency cannot be such.

    Raises:
        CurrencyError: there is one.
    """
    if "currency" in groups:
        return
    found = (
        frame.group_by(list(groups)).agg(pl.col("currency").unique())
        if groups
        else frame.select(pl.col("currency").unique().implode())
    )
    mixed = found.filter(pl.col("currency").list.len() > 1)
    if mixed.height:
        codes = ", ".join(sorted(mixed["currency"][0]))
        raise CurrencyError(
            f"Amounts in {codes} cannot be added; name one currency to convert them to, with rates in the setting "
            "`currency`, or choose accounts of one currency."
        )


def _factors(days: pl.DataFrame, rates: Rates | None, to: str) -> pl.DataFrame:
    factors = rate_factors(days, rates, pl.lit(to))
    missing = factors.filter(pl.col("factor").is_null()).sort("date", "currency")
    if missing.height:
        day, code = missing.select("date", "currency").row(0)
        if rates is None:
            raise CurrencyError(f"There are no rates to convert {code} to {to}; name a file in the setting `currency`.")
        raise CurrencyError(
            f"There is no rate to convert {code} to {to} on {day}, nor in the {rates.max_age_days} days before; add it "
            "to the file of rates."
        )
    return factors
