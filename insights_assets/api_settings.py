"""Settings of the read API: who may sign tokens, how often one may ask, how much memory; the table `[api]`.

Belongs here: names, defaults and what is allowed. Does not belong here: keys (they are in the home, `api/keys.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from insights_assets.problems import InputError
from insights_assets.setting_values import integer, known, number, table, text


@dataclass(frozen=True)
class ApiSettings:
    """What the read API is told; docs/api.md shows it.

    Tokens (JWT) are taken when `jwt_secret_env` names the variable that holds a secret of at least 32 bytes (HS256), or
    `jwt_public_key_file` a PEM file (RS256); never both. Requests a minute are those of one key or token, in bursts of
    a tenth of a minute. `max_age_s` is how long a table's newest commit may go unseen. A first request on an account
    without data waits `live_timeout_s` for at most `live_rows` rows from the API.
    """

    jwt_secret_env: str | None = None
    jwt_public_key_file: str | None = None
    jwt_issuer: str = "insights-assets"
    jwt_audience: str = "insights-api"
    requests_per_minute: int = 600
    cache_mb: int = 512
    max_age_s: float = 1.0
    live_rows: int = 25
    live_timeout_s: float = 5.0
    runs_at_once: int = 2

    def __str__(self) -> str:
        """One line for `insights config show`; it holds no secret."""
        tokens = "HS256" if self.jwt_secret_env else "RS256" if self.jwt_public_key_file else "off"
        return f"tokens: {tokens}; {self.requests_per_minute} requests a minute; cache {self.cache_mb} MB"


_READ: dict[Any, Callable[[Any, str], Any]] = {str: text, str | None: text, int: integer, float: number}
_AT_LEAST_ONE = ("requests_per_minute", "live_rows", "runs_at_once")


def parse(value: Any, where: str) -> ApiSettings:
    """Read the table `[api]`.

    Args:
        value: the parsed TOML table.
        where: its name and file, for errors.

    Raises:
        InputError: a key or value is wrong; the sentence names it and what is allowed.
    """
    given = table(value, where)
    types = {f.name: f.type for f in fields(ApiSettings)}
    known(given, tuple(types), where)
    read = {name: _READ[types[name]](setting, f"{name} of {where}") for name, setting in given.items()}
    for name in _AT_LEAST_ONE:
        if read.get(name, 1) < 1:
            raise InputError(f"{name} of {where} is {read[name]!r}; it must be 1 or more.")
    if read.get("jwt_secret_env") and read.get("jwt_public_key_file"):
        raise InputError(f"{where} names jwt_secret_env and jwt_public_key_file; name one, for one algorithm is taken.")
    return ApiSettings(**read)
