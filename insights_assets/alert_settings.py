"""Settings of the alerts: thresholds, those of single accounts, cool-down; the table `[alerts]` of the settings file.

Belongs here: names, defaults and what is allowed. Does not belong here: where messages go (`sink_settings.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from insights_assets.problems import InputError
from insights_assets.setting_values import integer, known, number, table, word
from insights_assets.sink_settings import SinkSettings, parse_sink
from insights_assets.tables.alerts import SEVERITIES


@dataclass(frozen=True)
class Thresholds:
    """When a cause opens an alert. Money is in the account's currency; weeks are whole weeks of the account."""

    target_roas: float = 0.0  # result value over spend of purchase campaigns; 0: not watched
    roas_weeks: int = 2
    roas_min_spend: float = 100.0
    roas_chance: float = 0.1  # so few purchases by chance, on target: above it nothing is said
    frequency: float = 5.0  # of an ad set in a week
    frequency_min_impressions: int = 1000
    budget_share: float = 0.95  # of a lifetime budget
    finding_severity: str = "high"  # least severity of a finding
    sync_failures: int = 2  # in a row, of one step of one week
    slow_sync_factor: float = 2.0  # times the median of the earlier runs
    slow_sync_min_s: float = 60.0
    rate_limit_blocks: int = 10  # blocked steps in an hour
    error_share: float = 0.05  # of the steps of a day
    error_min_steps: int = 20


# About all accounts together: one account cannot have its own.
OF_THE_INSTANCE = ("rate_limit_blocks", "error_share", "error_min_steps")
_SHARES = ("roas_chance", "error_share", "budget_share")
_AT_LEAST_ONE = ("roas_weeks", "sync_failures", "rate_limit_blocks")


@dataclass(frozen=True)
class AlertSettings:
    """What the alerts are told; docs/alerts.md shows it.

    `cooldown_h` hours after its end an alert that comes back is not told again; more than `digest_over` notifications
    of one tick become one message.
    """

    cooldown_h: float = 24.0
    digest_over: int = 3
    thresholds: Thresholds = field(default_factory=Thresholds)
    accounts: Mapping[str, Thresholds] = field(default_factory=dict)
    sinks: tuple[SinkSettings, ...] = (SinkSettings("log", "log"),)

    def of(self, account_id: str) -> Thresholds:
        """The thresholds of one account."""
        return self.accounts.get(account_id, self.thresholds)

    def __str__(self) -> str:
        """One line for `insights config show`; it holds no secret."""
        sinks = ", ".join(f"{s.name} ({s.type})" for s in self.sinks) or "none"
        return f"sinks: {sinks}; cool-down {self.cooldown_h:g} h; accounts with own thresholds: {len(self.accounts)}"


def parse(value: Any, where: str) -> AlertSettings:
    """Read the table `[alerts]`.

    Args:
        value: the parsed TOML table.
        where: its name and file, for errors.

    Raises:
        InputError: a key or value is wrong; the sentence names it and what is allowed.
    """
    given = table(value, where)
    known(given, tuple(f.name for f in fields(AlertSettings)), where)
    default = AlertSettings()
    common = _thresholds(given.get("thresholds", {}), f"thresholds of {where}", default.thresholds, ())
    accounts = table(given.get("accounts", {}), f"accounts of {where}")
    sinks = table(given.get("sinks", {}), f"sinks of {where}")
    return AlertSettings(
        cooldown_h=number(given.get("cooldown_h", default.cooldown_h), f"cooldown_h of {where}"),
        digest_over=integer(given.get("digest_over", default.digest_over), f"digest_over of {where}"),
        thresholds=common,
        accounts={
            _account(name, where): _thresholds(own, f"accounts.{name} of {where}", common, OF_THE_INSTANCE)
            for name, own in accounts.items()
        },
        sinks=tuple(parse_sink(name, own, f"sinks.{name} of {where}") for name, own in sinks.items())
        if "sinks" in given
        else default.sinks,
    )


def _thresholds(value: Any, where: str, base: Thresholds, forbidden: tuple[str, ...]) -> Thresholds:
    own = table(value, where)
    types = {f.name: f.type for f in fields(Thresholds) if f.name not in forbidden}
    known(own, tuple(types), where)
    read: dict[Any, Callable[[Any, str], Any]] = {float: number, int: integer, str: _severity}
    given = {name: read[types[name]](setting, f"{name} of {where}") for name, setting in own.items()}
    for name in _SHARES:
        if given.get(name, 0) > 1:
            raise InputError(f"{name} of {where} is {given[name]!r}; it is a share, 0 to 1.")
    for name in _AT_LEAST_ONE:
        if given.get(name, 1) < 1:
            raise InputError(f"{name} of {where} is {given[name]!r}; it must be 1 or more.")
    return replace(base, **given)


def _severity(value: Any, where: str) -> str:
    return word(value, SEVERITIES, where)


def _account(name: str, where: str) -> str:
    digits = name.removeprefix("act_")
    if not digits.isdigit():
        raise InputError(f"accounts of {where} names {name!r}, which is not an ad account id; write act_ and digits.")
    return f"act_{digits}"
