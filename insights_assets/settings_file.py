"""The settings file: its keys, each read and refused in one sentence that names the file and what is allowed."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from insights_assets import (
    alert_settings,
    api_settings,
    currency_settings,
    maintenance_settings,
    meta_fatigue_settings,
    timetable,
)
from insights_assets.analytics import advice_thresholds
from insights_assets.problems import InputError
from insights_assets.setting_values import integer, number
from insights_assets.tables.columns import FAMILIES


def read(env: Mapping[str, str], home: Path) -> tuple[dict[str, Any], Path]:
    """Read the file that `INSIGHTS_SETTINGS` names, or the home's.

    Returns:
        Values by key, of the keys that it has, and where it is.

    Raises:
        InputError: it cannot be read, or a key or a value is wrong.
    """
    named = env.get("INSIGHTS_SETTINGS")
    path = Path(named) if named else home / "settings.toml"
    if not path.exists():
        if named:
            raise InputError(f"INSIGHTS_SETTINGS names {path}, which does not exist; create it or unset the variable.")
        return {}, path
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"The settings file {path} cannot be read as TOML ({error}); mend or remove it.") from error
    if unknown := sorted(set(content) - set(KEYS)):
        raise InputError(
            f"The settings file {path} has unknown keys ({', '.join(unknown)}); allowed are {', '.join(KEYS)}."
        )
    return {name: KEYS[name](value, f"{name} in {path}") for name, value in content.items()}, path


def _families(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(v in FAMILIES for v in value.values()):
        raise InputError(f"{where} must map account ids to one of {', '.join(FAMILIES)}.")
    wrong = [name for name in value if not name.removeprefix("act_").isdigit()]
    if wrong:
        raise InputError(f"{where} names {wrong[0]!r}, which is not an ad account id; write act_ and digits.")
    return {f"act_{name.removeprefix('act_')}": family for name, family in value.items()}


def _file(value: Any, where: str) -> str:
    if not isinstance(value, str) or not Path(value).is_file():
        raise InputError(f"{where} is {value!r}; it must name a file that exists.")
    return str(Path(value).absolute())


def _named(parse: Callable[[Any], Any]) -> Callable[[Any, str], Any]:
    """A reader whose errors begin after the place."""

    def read_here(value: Any, where: str) -> Any:
        try:
            return parse(value)
        except ValueError as error:
            raise InputError(f"{where} {error}") from error

    return read_here


KEYS: Mapping[str, Callable[[Any, str], Any]] = {
    "refresh_after_h": number,
    "sandbox_seed": integer,
    "families": _families,
    "accounts_file": _file,
    "alerts": alert_settings.parse,
    "schedules": timetable.parse,
    "recommendations": _named(advice_thresholds.parse),
    "meta_fatigue": _named(meta_fatigue_settings.parse),
    "currency": currency_settings.parse,
    "maintenance": maintenance_settings.parse,
    "api": api_settings.parse,
}
