"""Minor and major units of money as the Marketing API counts them.

API page: https://developers.facebook.com/docs/marketing-api/currencies
"""

from typing import Final

# Meta's own list. It differs from ISO 4217: it has HUF, TWD, COP, CRC and IDR without cents, and no three-digit ones.
ZERO_DECIMAL: Final = frozenset({"CLP", "COP", "CRC", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VND"})


def minor_units(currency: str) -> int:
    """Decimal places of a currency in the Marketing API.

    Args:
        currency: ISO 4217 code, any case.

    Returns:
        0 for the zero-decimal currencies, else 2; ``10 ** minor_units(c)`` minor units make one major unit.
    """
    return 0 if currency.upper() in ZERO_DECIMAL else 2


def to_major(minor: int | None, currency: str) -> float | None:
    """Converts a budget in minor units to major units.

    Args:
        minor: Minor units (cents for USD, whole yen for JPY), or None.
        currency: ISO 4217 code.

    Returns:
        Major units, or None for None.
    """
    return None if minor is None else minor / 10 ** minor_units(currency)
