"""Single values of the settings file: read, judged, and refused in one sentence that says where and what is allowed."""

from collections.abc import Mapping
from typing import Any

from insights_assets.problems import InputError


def table(value: Any, where: str) -> Mapping[str, Any]:
    """A TOML table."""
    if not isinstance(value, dict):
        raise InputError(f"{where} is {value!r}; it must be a table.")
    return value


def known(given: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    """Refuse keys that nobody reads."""
    if unknown := sorted(set(given) - set(allowed)):
        raise InputError(f"{where} has unknown keys ({', '.join(unknown)}); allowed are {', '.join(allowed)}.")


def number(value: Any, where: str) -> float:
    """A finite number, zero or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise InputError(f"{where} is {value!r}; it must be a number, zero or more.")
    return float(value)


def integer(value: Any, where: str) -> int:
    """A whole number, zero or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(f"{where} is {value!r}; it must be a whole number, zero or more.")
    return value


def word(value: Any, allowed: tuple[str, ...], where: str) -> str:
    """A word out of a closed list."""
    if value not in allowed:
        raise InputError(f"{where} is {value!r}; allowed are {', '.join(allowed)}.")
    return str(value)


def text(value: Any, where: str) -> str:
    """Printable text on one line."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise InputError(f"{where} is {value!r}; it must be a text on one line.")
    return value
