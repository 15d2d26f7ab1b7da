"""A static list of accounts: CSV, JSON or TOML, multi-account rows and legacy single-account users in one shape.

Belongs here: reading the file into references. Does not belong here: asking the API about them (`registry.py` has the
rows). A file names where a token is (`token_env`, `token_file`), never the token.
"""

import csv
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insights_assets.problems import InputError
from insights_assets.registry import Source, prefixed

# What legacy tables of single-account users call the account.
ACCOUNT_NAMES = ("account_id", "ad_account_id", "fb_ad_account_id", "meta_ad_account_id")
KNOWN = {*ACCOUNT_NAMES, "business_id", "user_id", "token_env", "token_file", "sandbox"}
# Told by the API, so a list that has them is read and they are not.
IGNORED = {"name", "currency", "timezone_name", "status"}
SECRETS = {"token", "access_token", "fb_access_token"}
YES = {"true", "yes", "1"}


@dataclass(frozen=True)
class Listed:
    """One account of the list: its id and what the API cannot tell.

    `user_id` names the legacy single-account user it belongs to; null for accounts of a business.
    """

    account_id: str
    business_id: str | None
    user_id: str | None
    token_env: str | None
    token_path: str | None
    sandbox: bool

    @property
    def source(self) -> Source:
        """Where the account is from, as the registry says it."""
        if self.sandbox:
            return "sandbox"
        return "legacy" if self.user_id and not self.business_id else "file"

    def reference(self) -> dict[str, str | None]:
        """The part of a registry row that a client needs."""
        names = {"account_id": self.account_id, "source": self.source}
        return {**names, "token_env": self.token_env, "token_path": self.token_path}


def read(path: Path) -> list[Listed]:
    """Read a list of accounts.

    One account may be listed twice when it belonged to a legacy user and to a business: it becomes one.

    Raises:
        InputError: the file cannot be read, or a row is wrong; the sentence names the file and the row.
    """
    found: dict[str, Listed] = {}
    for number, row in enumerate(_rows(path), start=1):
        listed = _listed(row, f"row {number} of {path}", path.parent)
        before = found.get(listed.account_id)
        found[listed.account_id] = listed if before is None else _united(before, listed, path)
    return list(found.values())


def _rows(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".csv":
            return list(csv.DictReader(text.splitlines()))
        content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise InputError(f"The list of accounts {path} cannot be read: {error}.") from error
    rows = content.get("accounts") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"The list of accounts {path} must be a list of accounts with their fields.")
    return rows


def _listed(row: Mapping[str, Any], where: str, folder: Path) -> Listed:
    given = {name: str(value).strip() for name, value in row.items() if name and value not in (None, "")}
    if secrets := SECRETS & set(given):
        raise InputError(
            f"In {where}, {min(secrets)} holds a token; write token_env or token_file, which say where it is."
        )
    if unknown := set(given) - KNOWN - IGNORED:
        raise InputError(f"In {where}, {min(unknown)} is unknown; known are {', '.join(sorted(KNOWN))}.")
    name = next((given[n] for n in ACCOUNT_NAMES if n in given), None)
    if name is None:
        raise InputError(f"In {where}, account_id is missing.")
    if "token_env" in given and "token_file" in given:
        raise InputError(f"In {where}, give token_env or token_file, not both.")
    file = given.get("token_file")
    return Listed(
        account_id=prefixed(name),
        business_id=given.get("business_id"),
        user_id=given.get("user_id"),
        token_env=given.get("token_env"),
        token_path=str((folder / file).absolute()) if file else None,
        sandbox=given.get("sandbox", "").lower() in YES,
    )


def _united(one: Listed, other: Listed, path: Path) -> Listed:
    if bool(one.user_id) == bool(other.user_id):
        raise InputError(f"The list of accounts {path} names {one.account_id} twice.")
    business = one if other.user_id else other
    legacy = other if other.user_id else one
    own = business if business.token_env or business.token_path else legacy
    return Listed(
        account_id=one.account_id,
        business_id=business.business_id,
        user_id=legacy.user_id,
        token_env=own.token_env,
        token_path=own.token_path,
        sandbox=one.sandbox or other.sandbox,
    )
