"""Settings: environment and one settings file, read once, typed, each error naming the variable and what is allowed.

Belongs here: every name read from the environment. Does not belong here: accounts (the registry is in the lake).
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

from insights_assets import alert_settings, api_settings, currency_settings
from insights_assets.alert_settings import AlertSettings
from insights_assets.analytics import advice_thresholds
from insights_assets.api_settings import ApiSettings
from insights_assets.currency_settings import CurrencySettings
from insights_assets.logged import FORMAT, LEVEL, log_format, log_level
from insights_assets.problems import InputError
from insights_assets.tables.columns import FAMILIES
from insights_assets.timetable import Timetable, parse

Mode = Literal["sandbox", "live", "hybrid"]
NEWEST_GRAPH_VERSION = "v26.0"
POSTGRES_VARIABLE = "DAGSTER_PG_URL"  # read by Dagster too, from deploy/dagster.yaml
SANDBOX_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the simulator


class SettingsError(InputError):
    """A setting is wrong; the message is one sentence for the user."""


@dataclass(frozen=True)
class Settings:
    """Effective settings of this process.

    `schedules` says what starts by itself, and when; `log_format` and `log_level` are of the lines on stderr.
    `home` holds everything written; `lake` is a path or object-store URI; `sandbox_url` is a simulator that runs
    already (None: one is started when needed) and `sandbox_scenario` what one that is started here plays, by a name of
    `insights sandbox --help`; `refresh_after_h` hours is how long an unsettled week counts as fresh; `families`
    overrides an account's primary result family; `accounts_file` is a static list of accounts; `postgres_url` is where
    the Dagster instance is kept (None: SQLite under the home); `alerts` is what opens an alert and
    who is told; `recommendations` are the thresholds of advice; `currency` is where rates between currencies are;
    `api` is of the read API.
    """

    home: Path
    lake: str
    mode: Mode
    graph_url: str
    graph_version: str
    sandbox_url: str | None
    rate_limit_max_wait_s: float
    fixed_now: datetime | None
    token: str | None = field(repr=False)
    app_secret: str | None = field(repr=False)
    schedules: Timetable = field(default_factory=Timetable)
    log_format: str = "text"
    log_level: str = "WARNING"
    refresh_after_h: float = 20.0
    sandbox_seed: int = 7
    sandbox_scenario: str = "default"
    families: Mapping[str, str] = field(default_factory=dict)
    accounts_file: str | None = None
    postgres_url: str | None = field(default=None, repr=False)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    recommendations: advice_thresholds.AdviceThresholds = field(default_factory=advice_thresholds.AdviceThresholds)
    currency: CurrencySettings = field(default_factory=CurrencySettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    origins: Mapping[str, str] = field(default_factory=dict, repr=False)

    def now(self) -> datetime:
        """The instant that counts as now (UTC): `INSIGHTS_NOW` when set, else the machine's clock."""
        return self.fixed_now or datetime.now(UTC)


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment and the settings file.

    Raises:
        SettingsError: a value is malformed; the sentence names where it came from and what is allowed.
    """
    env = os.environ if environment is None else environment
    home = Path(env.get("INSIGHTS_HOME") or ".insights").absolute()
    from_file, path = _settings_file(env, home)
    token = env.get("META_ACCESS_TOKEN") or None
    values: dict[str, tuple[Any, str]] = {
        "home": (home, _origin(env, "INSIGHTS_HOME")),
        "lake": (_lake(env, home), _origin(env, "INSIGHTS_LAKE")),
        "mode": (_mode(env, token), _origin(env, "INSIGHTS_MODE")),
        "log_format": (_log(log_format, env), _origin(env, FORMAT)),
        "log_level": (_log(log_level, env), _origin(env, LEVEL)),
        "graph_url": (_url(env), _origin(env, "META_GRAPH_URL")),
        "graph_version": (_version(env), _origin(env, "META_GRAPH_VERSION")),
        "sandbox_url": (_sandbox_url(env), _origin(env, "INSIGHTS_SANDBOX_URL")),
        "sandbox_scenario": (
            env.get("INSIGHTS_SANDBOX_SCENARIO") or "default",
            _origin(env, "INSIGHTS_SANDBOX_SCENARIO"),
        ),
        "rate_limit_max_wait_s": (
            _number(env.get("INSIGHTS_RATE_LIMIT_MAX_WAIT_S") or "3600", "INSIGHTS_RATE_LIMIT_MAX_WAIT_S"),
            _origin(env, "INSIGHTS_RATE_LIMIT_MAX_WAIT_S"),
        ),
        "fixed_now": (_instant(env.get("INSIGHTS_NOW")), _origin(env, "INSIGHTS_NOW")),
        "token": (token, _origin(env, "META_ACCESS_TOKEN")),
        "app_secret": (env.get("META_APP_SECRET") or None, _origin(env, "META_APP_SECRET")),
        "postgres_url": (_postgres_url(env), _origin(env, POSTGRES_VARIABLE)),
    }
    for name, read in _FILE_KEYS.items():
        if name in from_file:
            values[name] = (read(from_file[name], f"{name} in {path}"), str(path))
    origins = dict.fromkeys(_FILE_KEYS, "default") | {k: o for k, (_, o) in values.items()}
    return Settings(**{k: v for k, (v, _) in values.items()}, origins=origins)


def _origin(env: Mapping[str, str], name: str) -> str:
    return f"environment {name}" if env.get(name) else "default"


def _settings_file(env: Mapping[str, str], home: Path) -> tuple[dict[str, Any], Path]:
    named = env.get("INSIGHTS_SETTINGS")
    path = Path(named) if named else home / "settings.toml"
    if not path.exists():
        if named:
            raise SettingsError(
                f"INSIGHTS_SETTINGS names {path}, which does not exist; create it or unset the variable."
            )
        return {}, path
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"The settings file {path} cannot be read as TOML ({error}); mend or remove it.") from error
    unknown = sorted(set(content) - set(_FILE_KEYS))
    if unknown:
        raise SettingsError(
            f"The settings file {path} has unknown keys ({', '.join(unknown)}); allowed are {', '.join(_FILE_KEYS)}."
        )
    return content, path


def _lake(env: Mapping[str, str], home: Path) -> str:
    given = env.get("INSIGHTS_LAKE")
    if not given:
        return str(home / "lake")
    return given if "://" in given else str(Path(given).absolute())


def _mode(env: Mapping[str, str], token: str | None) -> Mode:
    mode = env.get("INSIGHTS_MODE") or ("live" if token else "sandbox")
    if mode not in get_args(Mode):
        raise SettingsError(f"INSIGHTS_MODE is {mode!r}; allowed are {', '.join(get_args(Mode))}.")
    return cast("Mode", mode)


def _url(env: Mapping[str, str]) -> str:
    return _checked_url("META_GRAPH_URL", env.get("META_GRAPH_URL") or "https://graph.facebook.com")


def _checked_url(name: str, url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise SettingsError(f"{name} is {url!r}; it must start with http:// or https://.")
    return url.rstrip("/")


def _sandbox_url(env: Mapping[str, str]) -> str | None:
    """A running simulator: named as such, or as the Graph URL while the mode is sandbox."""
    named = env.get("INSIGHTS_SANDBOX_URL")
    if not named and env.get("INSIGHTS_MODE") == "sandbox":
        named = env.get("META_GRAPH_URL")
    return _checked_url("INSIGHTS_SANDBOX_URL", named) if named else None


def _postgres_url(env: Mapping[str, str]) -> str | None:
    """Where the instance is; no error shows any part of it, since a password that is not encoded can be anywhere."""
    url = env.get(POSTGRES_VARIABLE)
    if not url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    encoded = url.count("@") == parts.netloc.count("@") <= 1 and not parts.fragment
    if parts.scheme not in {"postgresql", "postgresql+psycopg2"} or not encoded:
        raise SettingsError(
            f"{POSTGRES_VARIABLE} cannot be read; write postgresql://user:password@host:5432/database, with every "
            "special character of the password percent-encoded (@ is %40)."
        )
    return url


def _version(env: Mapping[str, str]) -> str:
    version = env.get("META_GRAPH_VERSION") or NEWEST_GRAPH_VERSION
    digits = version.removeprefix("v").split(".")
    if not version.startswith("v") or len(digits) != 2 or not all(d.isdigit() for d in digits):  # noqa: PLR2004
        raise SettingsError(f"META_GRAPH_VERSION is {version!r}; write it like {NEWEST_GRAPH_VERSION}.")
    return version


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"INSIGHTS_NOW is {text!r}; write an ISO instant such as 2026-11-21T06:00:00+00:00."
        ) from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _number(value: Any, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{where} is {value!r}; it must be a number.") from error
    if not 0 <= number < float("inf"):
        raise SettingsError(f"{where} is {value!r}; it must be zero or more.")
    return number


def _integer(value: Any, where: str) -> int:
    number = _number(value, where)
    if number != int(number):
        raise SettingsError(f"{where} is {value!r}; it must be a whole number.")
    return int(number)


def _families(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(v in FAMILIES for v in value.values()):
        raise SettingsError(f"{where} must map account ids to one of {', '.join(FAMILIES)}.")
    wrong = [name for name in value if not name.removeprefix("act_").isdigit()]
    if wrong:
        raise SettingsError(f"{where} names {wrong[0]!r}, which is not an ad account id; write act_ and digits.")
    return {f"act_{name.removeprefix('act_')}": family for name, family in value.items()}


def _file(value: Any, where: str) -> str:
    if not isinstance(value, str) or not Path(value).is_file():
        raise SettingsError(f"{where} is {value!r}; it must name a file that exists.")
    return str(Path(value).absolute())


def _alerts(value: Any, where: str) -> AlertSettings:
    try:
        return alert_settings.parse(value, where)
    except InputError as error:
        raise SettingsError(str(error)) from error


def _currency(value: Any, where: str) -> CurrencySettings:
    try:
        return currency_settings.parse(value, where)
    except InputError as error:
        raise SettingsError(str(error)) from error


def _log(read: Callable[[Mapping[str, str]], str], env: Mapping[str, str]) -> str:
    try:
        return read(env)
    except InputError as error:
        raise SettingsError(str(error)) from error


def _schedules(value: Any, where: str) -> Timetable:
    try:
        return parse(value, where)
    except InputError as error:
        raise SettingsError(str(error)) from error


def _recommendations(value: Any, where: str) -> advice_thresholds.AdviceThresholds:
    try:
        return advice_thresholds.parse(value)
    except ValueError as error:
        raise SettingsError(f"{where} {error}") from error


def _api(value: Any, where: str) -> ApiSettings:
    try:
        return api_settings.parse(value, where)
    except InputError as error:
        raise SettingsError(str(error)) from error


_FILE_KEYS = {
    "refresh_after_h": _number,
    "sandbox_seed": _integer,
    "families": _families,
    "accounts_file": _file,
    "alerts": _alerts,
    "schedules": _schedules,
    "recommendations": _recommendations,
    "currency": _currency,
    "api": _api,
}
