"""What a line of the log is about, and the variables that shape it.

Belongs here: what whoever logs needs. Does not belong here: formats and handlers (`logs.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

from insights_assets.problems import InputError

FORMAT: Final = "INSIGHTS_LOG_FORMAT"
LEVEL: Final = "INSIGHTS_LOG_LEVEL"
FORMATS: Final = ("text", "json")
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
FIELDS: Final = "fields"


def told(**fields: Any) -> dict[str, dict[str, Any]]:
    """The `extra` of a log call: what the line is about, by name; None is left out."""
    return {FIELDS: {name: value for name, value in fields.items() if value is not None}}


def log_format(environment: Mapping[str, str]) -> str:
    """`text` or `json`.

    Raises:
        InputError: the variable says something else.
    """
    return _one_of(environment, FORMAT, FORMATS, "text")


def log_level(environment: Mapping[str, str]) -> str:
    """The least level shown: every step with JSON, else only what is wrong.

    Raises:
        InputError: the variable names no level.
    """
    return _one_of(environment, LEVEL, LEVELS, "INFO" if log_format(environment) == "json" else "WARNING")


def _one_of(environment: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = environment.get(name) or default
    if value not in allowed:
        raise InputError(f"{name} is {value!r}; allowed are {', '.join(allowed)}.")
    return value
