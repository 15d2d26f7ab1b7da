"""Values of alerts in words. Names of ads are foreign text: kept on one line and short."""

from collections.abc import Mapping
from typing import Any

from insights_assets.graph_api.currency import minor_units

NAME_LENGTH = 80
_MONEY = ("cpr", "cpm", "cpc", "spend")
_PERCENT = ("ctr", "link_ctr")


def one_line(text: str, length: int = 500) -> str:
    """Text without line breaks and control characters, cut to a length."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def label(level: str, name: str | None, entity_id: str) -> str:
    """An entity by its name and id."""
    return f"{level} {one_line(name, NAME_LENGTH)} ({entity_id})" if name else f"{level} {entity_id}"


def ratio(value: float) -> str:
    """A plain ratio."""
    return f"{value:,.2f}"


def amount(value: float | None, row: Mapping[str, Any]) -> str:
    """A value of the row's metric with its unit."""
    if value is None:
        return "n/a"
    if row["metric"] in _MONEY:
        digits = minor_units(row["currency"]) if row["currency"] else 2
        return f"{value:,.{digits}f} {row['currency'] or ''}".strip()
    return f"{value:,.2f} %" if row["metric"] in _PERCENT else f"{value:,.2f}"
