"""API keys: made once, shown once, kept as a hash in one file of the home.

A key is 256 random bits, so nobody can guess one, and a plain SHA-256 of it is as safe as a slow hash: scrypt protects
what people invent, and would cost each request 50 ms of CPU. The file has mode 0600 and is replaced as a whole.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from insights_assets.lake.locking import held
from insights_assets.problems import InputError

PREFIX: Final = "ik_"
FILE: Final = "api/keys.json"
ROLES: Final = ("viewer", "manager", "admin")
_NAME_LENGTH: Final = 100


@dataclass(frozen=True)
class Key:
    """A key as it is kept.

    `accounts` are those it may see (None: all, later ones included); instants are UTC in ISO form;
    `requests_per_minute` is its own limit (None: that of the settings).
    """

    key_id: str
    name: str
    role: str
    accounts: tuple[str, ...] | None
    sha256: str
    created_at: str
    revoked_at: str | None = None
    requests_per_minute: int | None = None

    def told(self) -> dict[str, Any]:
        """What may be shown: everything but the hash."""
        return {name: value for name, value in asdict(self).items() if name != "sha256"}


class KeyStore:
    """The keys of a home; a change by another process is seen at once."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}

    def list(self) -> list[Key]:
        """Every key, revoked ones too, oldest first."""
        self._read()
        return list(self._keys.values())

    def find(self, secret: str) -> Key | None:
        """The key that a secret is of, unless it was revoked."""
        self._read()
        key = self._keys.get(secret[len(PREFIX) :].partition("_")[0]) if secret.startswith(PREFIX) else None
        if key is None or key.revoked_at is not None:
            return None
        return key if hmac.compare_digest(key.sha256, _hash(secret)) else None

    def add(
        self,
        name: str,
        role: str,
        accounts: Collection[str] | None,
        now: datetime,
        *,
        requests_per_minute: int | None = None,
    ) -> tuple[Key, str]:
        """Make a key.

        Returns:
            The key as it is kept, and the secret, which nobody can find out later.

        Raises:
            InputError: no such role, or a name that cannot be shown on one line.
        """
        if role not in ROLES:
            raise InputError(f"There is no role {role!r}; allowed are {', '.join(ROLES)}.")
        if not name or not name.isprintable() or len(name) > _NAME_LENGTH:
            raise InputError(f"A key's name is a text on one line of at most {_NAME_LENGTH} characters.")
        key_id = secrets.token_hex(4)
        secret = f"{PREFIX}{key_id}_{secrets.token_urlsafe(32)}"
        scope = None if accounts is None else tuple(sorted(accounts))
        key = Key(key_id, name, role, scope, _hash(secret), now.isoformat(), requests_per_minute=requests_per_minute)
        self._change(lambda keys: {**keys, key_id: key})
        return key, secret

    def revoke(self, key_id: str, now: datetime) -> Key:
        """End a key, at once and for good.

        Raises:
            InputError: there is no such key.
        """

        def end(keys: dict[str, Key]) -> dict[str, Key]:
            if key_id not in keys:
                raise InputError(f"There is no key {key_id!r}; `insights keys list` shows the ids.")
            ended = keys[key_id].revoked_at or now.isoformat()
            return {**keys, key_id: replace(keys[key_id], revoked_at=ended)}

        return self._change(end)[key_id]

    def _change(self, change: Callable[[dict[str, Key]], dict[str, Key]]) -> dict[str, Key]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with held(self._path.with_suffix(".lock"), wait_s=10):
            self._read()
            keys = change(self._keys)
            fresh = self._path.with_suffix(f".{os.getpid()}.tmp")
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump([asdict(key) for key in keys.values()], file, indent=1)
            fresh.replace(self._path)
            self._read()
        return self._keys

    def _read(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._keys, self._seen = {}, None
            return
        seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if seen == self._seen:
            return
        rows = json.loads(self._path.read_text(encoding="utf-8"))
        keys = [Key(**row | {"accounts": None if row["accounts"] is None else tuple(row["accounts"])}) for row in rows]
        self._keys, self._seen = {key.key_id: key for key in keys}, seen


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
