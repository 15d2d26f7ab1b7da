"""Settings: environment and one settings file, read once, typed, each error naming the variable and what is allowed.

Belongs here: every name read from the environment. Does not belong here: accounts (the registry is in the lake).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from insights_assets import environment, settings_file
from insights_assets.alert_settings import AlertSettings
from insights_assets.analytics.advice_thresholds import AdviceThresholds
from insights_assets.api_settings import ApiSettings
from insights_assets.currency_settings import CurrencySettings
from insights_assets.environment import POSTGRES_VARIABLE, Mode
from insights_assets.logged import FORMAT, LEVEL, log_format, log_level
from insights_assets.maintenance_settings import MaintenanceSettings
from insights_assets.meta_fatigue_settings import MetaFatigueSettings
from insights_assets.problems import InputError
from insights_assets.timetable import Timetable

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
    `meta_fatigue` is whether Meta's own fatigue label is asked for; `maintenance` is what is kept how long; `api` is of
    the read API.
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
    recommendations: AdviceThresholds = field(default_factory=AdviceThresholds)
    meta_fatigue: MetaFatigueSettings = field(default_factory=MetaFatigueSettings)
    currency: CurrencySettings = field(default_factory=CurrencySettings)
    maintenance: MaintenanceSettings = field(default_factory=MaintenanceSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    origins: Mapping[str, str] = field(default_factory=dict, repr=False)

    def now(self) -> datetime:
        """The instant that counts as now (UTC): `INSIGHTS_NOW` when set, else the machine's clock."""
        return self.fixed_now or datetime.now(UTC)


def load_settings(given: Mapping[str, str] | None = None) -> Settings:
    """Read the environment and the settings file.

    Raises:
        SettingsError: a value is malformed; the sentence names where it came from and what is allowed.
    """
    env = os.environ if given is None else given
    try:
        return _effective(env)
    except InputError as error:
        told = str(error)
    # Outside of the handler: what a value was must not ride along as the error's context.
    raise SettingsError(told)


def _effective(env: Mapping[str, str]) -> Settings:
    home = environment.home(env)
    from_file, path = settings_file.read(env, home)
    token = env.get("META_ACCESS_TOKEN") or None
    # By field: its variable and its value.
    values: dict[str, tuple[str, Any]] = {
        "home": ("INSIGHTS_HOME", home),
        "lake": ("INSIGHTS_LAKE", environment.lake(env, home)),
        "mode": ("INSIGHTS_MODE", environment.mode(env, token)),
        "log_format": (FORMAT, log_format(env)),
        "log_level": (LEVEL, log_level(env)),
        "graph_url": ("META_GRAPH_URL", environment.graph_url(env)),
        "graph_version": ("META_GRAPH_VERSION", environment.graph_version(env)),
        "sandbox_url": ("INSIGHTS_SANDBOX_URL", environment.sandbox_url(env)),
        "sandbox_scenario": ("INSIGHTS_SANDBOX_SCENARIO", env.get("INSIGHTS_SANDBOX_SCENARIO") or "default"),
        "rate_limit_max_wait_s": ("INSIGHTS_RATE_LIMIT_MAX_WAIT_S", environment.longest_wait_s(env)),
        "fixed_now": ("INSIGHTS_NOW", environment.fixed_now(env)),
        "token": ("META_ACCESS_TOKEN", token),
        "app_secret": ("META_APP_SECRET", env.get("META_APP_SECRET") or None),
        "postgres_url": (POSTGRES_VARIABLE, environment.postgres_url(env)),
    }
    origins = dict.fromkeys(settings_file.KEYS, "default")
    origins |= {name: f"environment {v}" if env.get(v) else "default" for name, (v, _) in values.items()}
    origins |= dict.fromkeys(from_file, str(path))
    return Settings(**{name: value for name, (_, value) in values.items()}, **from_file, origins=origins)
