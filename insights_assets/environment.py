"""Values of the environment's variables: read, judged, and refused in one sentence that names the variable."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from insights_assets.problems import InputError

Mode = Literal["sandbox", "live", "hybrid"]
Environment = Mapping[str, str]
NEWEST_GRAPH_VERSION = "v26.0"
POSTGRES_VARIABLE = "DAGSTER_PG_URL"  # read by Dagster too, from deploy/dagster.yaml
LONGEST_WAIT_S = "3600"


def home(env: Environment) -> Path:
    """The folder of everything that is written."""
    return Path(env.get("INSIGHTS_HOME") or ".insights").absolute()


def lake(env: Environment, home: Path) -> str:
    """A path or an object store's address."""
    given = env.get("INSIGHTS_LAKE")
    if not given:
        return str(home / "lake")
    if "://" in given and (urlsplit(given).password is not None or "?" in given):
        raise InputError(
            "INSIGHTS_LAKE holds credentials, and addresses are shown and logged; name the place alone, and give "
            "credentials by the store's own variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...)."
        )
    return given if "://" in given else str(Path(given).absolute())


def mode(env: Environment, token: str | None) -> Mode:
    """Whom to ask: Meta as soon as there is a token."""
    named = env.get("INSIGHTS_MODE") or ("live" if token else "sandbox")
    if named not in get_args(Mode):
        raise InputError(f"INSIGHTS_MODE is {named!r}; allowed are {', '.join(get_args(Mode))}.")
    return cast("Mode", named)


def graph_url(env: Environment) -> str:
    """The Graph API's address, without the version."""
    return _checked_url("META_GRAPH_URL", env.get("META_GRAPH_URL") or "https://graph.facebook.com")


def _checked_url(name: str, url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise InputError(f"{name} is {url!r}; it must start with http:// or https://.")
    return url.rstrip("/")


def sandbox_url(env: Environment) -> str | None:
    """A running simulator: named as such, or as the Graph URL while the mode is sandbox."""
    named = env.get("INSIGHTS_SANDBOX_URL")
    if not named and env.get("INSIGHTS_MODE") == "sandbox":
        named = env.get("META_GRAPH_URL")
    return _checked_url("INSIGHTS_SANDBOX_URL", named) if named else None


def postgres_url(env: Environment) -> str | None:
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
        raise InputError(
            f"{POSTGRES_VARIABLE} cannot be read; write postgresql://user:password@host:5432/database, with every "
            "special character of the password percent-encoded (@ is %40)."
        )
    return url


def graph_version(env: Environment) -> str:
    """The Graph API's version."""
    version = env.get("META_GRAPH_VERSION") or NEWEST_GRAPH_VERSION
    digits = version.removeprefix("v").split(".")
    if not version.startswith("v") or len(digits) != 2 or not all(d.isdigit() for d in digits):  # noqa: PLR2004
        raise InputError(f"META_GRAPH_VERSION is {version!r}; write it like {NEWEST_GRAPH_VERSION}.")
    return version


def fixed_now(env: Environment) -> datetime | None:
    """The instant that stands for now (UTC), if there is one."""
    text = env.get("INSIGHTS_NOW")
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"INSIGHTS_NOW is {text!r}; write an ISO instant such as 2026-11-21T06:00:00+00:00."
        ) from error


def longest_wait_s(env: Environment) -> float:
    """Seconds that a run waits for a blocked account at most."""
    name = "INSIGHTS_RATE_LIMIT_MAX_WAIT_S"
    text = env.get(name) or LONGEST_WAIT_S
    try:
        seconds = float(text)
    except ValueError as error:
        raise InputError(f"{name} is {text!r}; it must be a number.") from error
    if not 0 <= seconds < float("inf"):
        raise InputError(f"{name} is {text!r}; it must be zero or more.")
    return seconds
