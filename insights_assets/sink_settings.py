"""Settings of the alert sinks: where messages go. A secret is never here, only where to find it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from insights_assets.problems import FailedError, InputError
from insights_assets.setting_values import integer, known, table, text, word
from insights_assets.tables.alerts import SEVERITIES

SinkType = Literal["log", "webhook", "slack", "smtp"]
Tls = Literal["implicit", "starttls", "none"]
REPORTS = ("daily", "weekly", "yearly")
PORTS = {"implicit": 465, "starttls": 587, "none": 25}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_URL = ("url_env", "url_file")
_KEYS: dict[str, tuple[str, ...]] = {
    "log": (),
    "webhook": (*_URL, "secret_env", "secret_file"),
    "slack": _URL,
    "smtp": ("host", "port", "tls", "username", "password_env", "password_file", "sender", "recipients"),
}


class MissingSecretError(FailedError):
    """A secret is not where the settings say; the sentence names the place, never a value."""


@dataclass(frozen=True)
class Secret:
    """Where a secret is: an environment variable or a file (its first line)."""

    env: str | None = None
    file: str | None = None

    def read(self, environment: Mapping[str, str] | None = None) -> str:
        """The secret's value.

        Raises:
            MissingSecretError: it is not there.
        """
        if self.env is not None:
            value = (os.environ if environment is None else environment).get(self.env, "").strip()
            if not value:
                raise MissingSecretError(f"The environment variable {self.env} is not set; put the secret there.")
            return value
        path = Path(self.file or "")
        try:
            value = path.read_text(encoding="utf-8").strip().partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MissingSecretError(f"The secret file {path} cannot be read; mend its path or rights.") from error
        if not value:
            raise MissingSecretError(f"The secret file {path} is empty; put the secret there.")
        return value


@dataclass(frozen=True)
class SinkSettings:
    """One place that messages go to; which fields count depends on `type`. `reports`: kinds of reports it gets too."""

    name: str
    type: SinkType
    min_severity: str = "medium"
    reports: tuple[str, ...] = ()
    url: Secret = field(default_factory=Secret)
    secret: Secret | None = None
    host: str = ""
    port: int = 0
    tls: Tls = "starttls"
    username: str | None = None
    password: Secret | None = None
    sender: str = ""
    recipients: tuple[str, ...] = ()


def parse_sink(name: str, value: Any, where: str) -> SinkSettings:
    """Read one sink.

    Raises:
        InputError: a key or value is wrong; the sentence names it and what is allowed, never a secret.
    """
    given = table(value, where)
    kind = cast("SinkType", word(given.get("type"), get_args(SinkType), f"type of {where}"))
    known(given, ("type", "min_severity", "reports", *_KEYS[kind]), where)
    severity = word(given.get("min_severity", "medium"), SEVERITIES, f"min_severity of {where}")
    sink = SinkSettings(text(name, f"the name of {where}"), kind, severity, _reports(given.get("reports", []), where))
    if kind in ("webhook", "slack"):
        url = _reference(given, "url", where)
        if url is None:
            raise InputError(f"{where} needs url_env (a variable's name) or url_file (a path).")
        return replace(sink, url=url, secret=_reference(given, "secret", where))
    return _smtp(sink, given, where) if kind == "smtp" else sink


def _smtp(sink: SinkSettings, given: Mapping[str, Any], where: str) -> SinkSettings:
    tls = cast("Tls", word(given.get("tls", "starttls"), get_args(Tls), f"tls of {where}"))
    to = given.get("recipients")
    if not isinstance(to, list) or not to:
        raise InputError(f"recipients of {where} must be a list of one or more mail addresses.")
    host = text(given.get("host"), f"host of {where}")
    username = text(given["username"], f"username of {where}") if "username" in given else None
    password = _reference(given, "password", where)
    if (password is None) != (username is None):
        raise InputError(f"{where} needs username and one of password_env, password_file, or none of them.")
    if password and tls == "none" and host not in LOOPBACK:
        raise InputError(f"tls of {where} is 'none', which would send the password in the clear; use 'starttls'.")
    return replace(
        sink,
        host=host,
        port=integer(given.get("port", PORTS[tls]), f"port of {where}"),
        tls=tls,
        username=username,
        password=password,
        sender=_address(given.get("sender"), f"sender of {where}"),
        recipients=tuple(_address(address, f"recipients of {where}") for address in to),
    )


def _reports(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InputError(f"reports of {where} is {value!r}; it must be a list of {', '.join(REPORTS)}.")
    return tuple(word(kind, REPORTS, f"reports of {where}") for kind in value)


def _reference(given: Mapping[str, Any], name: str, where: str) -> Secret | None:
    """Where a secret is. What stands there may be the secret itself, put in by mistake: it is not repeated."""
    keys = [key for key in (f"{name}_env", f"{name}_file") if key in given]
    if not keys:
        return None
    if len(keys) > 1:
        raise InputError(f"{where} has both {keys[0]} and {keys[1]}; give one of them.")
    value = given[keys[0]]
    if keys[0].endswith("_env"):
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise InputError(f"{keys[0]} of {where} must be the name of an environment variable, not its value.")
        return Secret(env=value)
    if not isinstance(value, str) or not value.isprintable() or "://" in value or not value:
        raise InputError(f"{keys[0]} of {where} must be the path of a file that holds the secret.")
    return Secret(file=value)


def _address(value: Any, where: str) -> str:
    plain = text(value, where)
    if not re.fullmatch(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", plain) or not plain.isascii():
        raise InputError(f"{where} is {value!r}; it must be a plain mail address such as ads@example.org.")
    return plain
