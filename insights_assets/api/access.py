"""Who asks, and what they may: roles, account scopes, limits.

A viewer reads (`analytics:read`); a manager also starts runs and takes on alerts; an admin also keeps keys and deletes.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

import polars as pl
from fastapi import Request

from insights_assets.api.keys import PREFIX, KeyStore
from insights_assets.api.problems import ProblemError, not_found
from insights_assets.api.rate_limits import RateLimits
from insights_assets.api.tokens import TokenError, TokenReader

PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "viewer": frozenset({"analytics:read"}),
    "manager": frozenset({"analytics:read", "operations:write"}),
    "admin": frozenset({"analytics:read", "operations:write", "keys:write", "data:delete"}),
}
FAILURES_PER_MINUTE: Final = 600  # refused keys and tokens from one address
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="insights"'}
WANTED: Final = "Send an API key or a token: Authorization: Bearer ...; `insights keys add` makes a key."


@dataclass(frozen=True)
class Caller:
    """Who asks. `accounts` are those they may see; None is all, later ones included."""

    name: str
    role: str
    accounts: frozenset[str] | None
    requests_per_minute: int

    @property
    def scope(self) -> str:
        """A short name of what they may see: equal for equal scopes."""
        if self.accounts is None:
            return "*"
        return sha256(" ".join(sorted(self.accounts)).encode()).hexdigest()[:16]

    def sees(self, account_id: str | None) -> bool:
        """Whether an account is in scope; what is about no account is for those who see all."""
        return self.accounts is None or account_id in self.accounts

    def filter(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of the accounts in scope."""
        return rows if self.accounts is None else rows.filter(pl.col("account_id").is_in(list(self.accounts)))

    def require(self, account_id: str) -> None:
        """Refuse an account out of scope, as if it did not exist.

        Raises:
            ProblemError: 404.
        """
        if not self.sees(account_id):
            raise not_found(f"account {account_id}")


@dataclass(frozen=True)
class Gate:
    """Lets callers in."""

    keys: KeyStore
    tokens: TokenReader | None
    limits: RateLimits
    requests_per_minute: int
    now: Callable[[], datetime]

    def admit(self, headers: Mapping[str, str], address: str) -> Caller:
        """Find out who asks.

        Raises:
            ProblemError: 401 without a good key or token, 429 beyond the limit.
        """
        credential = _credential(headers)
        try:
            caller = self._known(credential)
        except ProblemError:
            self._count(f"refused {address}", FAILURES_PER_MINUTE)
            raise
        self._count(caller.name, caller.requests_per_minute)
        return caller

    def _known(self, credential: str) -> Caller:
        if credential.startswith(PREFIX):
            key = self.keys.find(credential)
            if key is None:
                raise _unauthorized("This key is unknown here, or was revoked.", "invalid_token")
            accounts = None if key.accounts is None else frozenset(key.accounts)
            rate = key.requests_per_minute or self.requests_per_minute
            return Caller(f"key:{key.key_id}", key.role, accounts, rate)
        if self.tokens is None or credential.count(".") != 2:  # noqa: PLR2004 - header, claims, signature
            raise _unauthorized("This is not a key of ours, and tokens are not taken." if credential else WANTED)
        try:
            claims = self.tokens.read(credential, self.now())
        except TokenError as error:
            raise _unauthorized(str(error), "invalid_token") from error
        accounts = None if claims.accounts is None else frozenset(claims.accounts)
        return Caller(f"token:{claims.subject}", claims.role, accounts, self.requests_per_minute)

    def _count(self, who: str, per_minute: int) -> None:
        if wait := self.limits.take(who, per_minute):
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"More than {per_minute} requests a minute; ask again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )


def allowed(permission: str) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency of a route: the caller, who has this permission."""

    async def caller(request: Request) -> Caller:
        gate: Gate = request.app.state.gate
        client: Any = request.client
        found = gate.admit(request.headers, client.host if client else "")
        if permission not in PERMISSIONS[found.role]:
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                f"This needs the permission {permission}, which the role {found.role} does not have.",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{permission}"'},
            )
        return found

    return caller


def _credential(headers: Mapping[str, str]) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return headers.get("x-api-key", "").strip()


def _unauthorized(detail: str, error: str | None = None) -> ProblemError:
    told = f'{_CHALLENGE["WWW-Authenticate"]}, error="{error}"' if error else _CHALLENGE["WWW-Authenticate"]
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": told})
