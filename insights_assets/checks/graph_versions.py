"""The version watchdog: says months ahead when the pinned Graph API version stops working.

An expired version is not an error at once: Meta answers as the oldest living version would, so behaviour shifts
silently, or with error 2635 (which the client reports as `api_version`).
https://developers.facebook.com/docs/marketing-api/versions
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import dagster as dg

CHECK_NAME = "graph_version"
WARNED_DAYS = 90


@dataclass(frozen=True)
class GraphVersion:
    """A Marketing API version: when it came, when it stops, and whether that date is announced or ours."""

    name: str
    released: date | None
    expires: date
    is_estimate: bool = False


# Announced dates first. v24.0 lived 230 days beyond the release of v25.0; the estimates give each version as much after
# its successor, whose own release is taken 161 days after (v25.0 to v26.0). Meta's older promise is about a year: an
# estimate that errs should err early.
VERSIONS: dict[str, GraphVersion] = {
    v.name: v
    for v in (
        GraphVersion("v21.0", None, date(2025, 9, 9)),
        GraphVersion("v23.0", None, date(2026, 6, 9)),
        GraphVersion("v24.0", None, date(2026, 10, 6)),
        GraphVersion("v25.0", date(2026, 2, 18), date(2027, 3, 16), is_estimate=True),
        GraphVersion("v26.0", date(2026, 7, 29), date(2027, 8, 24), is_estimate=True),
    )
}


@dataclass(frozen=True)
class VersionVerdict:
    """Whether a version is good for a while, and one sentence on it."""

    passed: bool
    severity: dg.AssetCheckSeverity
    sentence: str
    days_left: int | None


def judge_version(name: str, today: date) -> VersionVerdict:
    """Judge a pinned version such as `v26.0` on a day."""
    known = VERSIONS.get(name)
    if known is None:
        return _unlisted(name)
    days = (known.expires - today).days
    on = f"{known.expires}, {'an estimate' if known.is_estimate else 'as announced'}"
    act = "set META_GRAPH_VERSION to a newer one and read its changelog"
    if days < 0:
        return VersionVerdict(
            passed=False,
            severity=dg.AssetCheckSeverity.ERROR,
            sentence=f"Graph API {name} expired on {on}: {act}.",
            days_left=days,
        )
    if days <= WARNED_DAYS:
        return VersionVerdict(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            sentence=f"Graph API {name} expires in {days} days ({on}): {act}.",
            days_left=days,
        )
    return VersionVerdict(
        passed=True,
        severity=dg.AssetCheckSeverity.ERROR,
        sentence=f"Graph API {name} expires in {days} days ({on}).",
        days_left=days,
    )


def version_check(asset: dg.AssetsDefinition, version: str, now: Callable[[], datetime]) -> dg.AssetChecksDefinition:
    """Make the check of the pinned version on the asset that every sync starts from."""

    @dg.asset_check(
        asset=asset,
        name=CHECK_NAME,
        description=f"The pinned Graph API version works for more than {WARNED_DAYS} days: a warning before, an error "
        "from its last day on.",
    )
    def check() -> dg.AssetCheckResult:
        verdict = judge_version(version, now().date())
        metadata: dict[str, str | int] = {"version": version}
        if verdict.days_left is not None:
            metadata["days_left"] = verdict.days_left
        return dg.AssetCheckResult(
            passed=verdict.passed, severity=verdict.severity, description=verdict.sentence, metadata=metadata
        )

    return check


def _unlisted(name: str) -> VersionVerdict:
    """A version older than a living one is gone; one newer than all that we know is fine and asks for an update."""
    number = _number(name)
    newest = max(map(_number, VERSIONS))
    if number > newest:
        sentence = f"Graph API {name} is newer than the dates known here; its expiry is not watched."
        return VersionVerdict(passed=True, severity=dg.AssetCheckSeverity.WARN, sentence=sentence, days_left=None)
    sentence = f"Graph API {name} is not among the versions known here and older than the newest: take it as expired."
    return VersionVerdict(passed=False, severity=dg.AssetCheckSeverity.ERROR, sentence=sentence, days_left=None)


def _number(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.removeprefix("v").split("."))
