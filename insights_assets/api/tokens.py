"""Signed tokens (JWT): the algorithm is pinned by the settings, and nothing optional is believed.

A token must say `sub`, `exp`, `iss`, `aud`, `role` (viewer, manager, admin) and `accounts` (a list of account ids, or
"*" for all). RFC 8725: https://www.rfc-editor.org/rfc/rfc8725
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import jwt

from insights_assets.api.keys import ROLES
from insights_assets.api_settings import ApiSettings
from insights_assets.graph_api.redaction import register_secret
from insights_assets.settings import SettingsError

SHORTEST_SECRET: Final = 32  # bytes: as long as the hash of HS256 (RFC 7518, 3.2)
LEEWAY_S: Final = 10.0
_REQUIRED: Final = ["exp", "iss", "aud", "sub"]


class TokenError(Exception):
    """A token is not good; the message says why, without any of it."""


@dataclass(frozen=True)
class Claims:
    """What a good token says; `accounts` None is all."""

    subject: str
    role: str
    accounts: tuple[str, ...] | None


@dataclass(frozen=True)
class TokenReader:
    """Judges tokens with one key and one algorithm."""

    algorithm: str
    key: str = field(repr=False)
    issuer: str
    audience: str

    def read(self, token: str, now: datetime) -> Claims:
        """Judge a token.

        Raises:
            TokenError: it is not signed with our key, has ended, or is not for us.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key,
                algorithms=[self.algorithm],
                audience=self.audience,
                issuer=self.issuer,
                # The clock is ours (`INSIGHTS_NOW`); the library's would be the machine's.
                options={"require": _REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise TokenError("The token is not valid here.") from error
        instant = now.timestamp()
        if _number(claims, "exp") + LEEWAY_S < instant:
            raise TokenError("The token has expired.")
        if "nbf" in claims and _number(claims, "nbf") - LEEWAY_S > instant:
            raise TokenError("The token is not valid yet.")
        return Claims(str(claims["sub"]), _role(claims), _accounts(claims))


def token_reader(settings: ApiSettings, environment: Mapping[str, str]) -> TokenReader | None:
    """The reader that the settings ask for; None when tokens are off.

    Raises:
        SettingsError: the secret or the key file is missing or too weak.
    """
    if settings.jwt_secret_env:
        secret = environment.get(settings.jwt_secret_env) or ""
        if len(secret.encode()) < SHORTEST_SECRET:
            raise SettingsError(
                f"jwt_secret_env names {settings.jwt_secret_env}, which must hold at least {SHORTEST_SECRET} bytes."
            )
        register_secret(secret)
        return TokenReader("HS256", secret, settings.jwt_issuer, settings.jwt_audience)
    if settings.jwt_public_key_file:
        path = Path(settings.jwt_public_key_file)
        try:
            pem = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"jwt_public_key_file {path} cannot be read ({type(error).__name__}).") from error
        if "PUBLIC KEY" not in pem:
            raise SettingsError(f"jwt_public_key_file {path} must hold a public key in PEM form.")
        return TokenReader("RS256", pem, settings.jwt_issuer, settings.jwt_audience)
    return None


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TokenError(f"The token's {name} is not a number.")
    return float(value)


def _role(claims: Mapping[str, Any]) -> str:
    role = claims.get("role")
    if role not in ROLES:
        raise TokenError("The token names no role that there is.")
    return str(role)


def _accounts(claims: Mapping[str, Any]) -> tuple[str, ...] | None:
    named = claims.get("accounts")
    if named == "*":
        return None
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise TokenError('The token names no accounts; "*" stands for all.')
    return tuple(sorted(named))
