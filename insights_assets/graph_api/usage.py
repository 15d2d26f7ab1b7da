"""How long to wait, read from the usage headers of a response.

Meta throttles with HTTP 400, and sends the headers on failures too.
API page: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_SECONDS_PER_MINUTE: Final = 60.0
# From here on a limit counts as reached: the last few percent go to calls that are on their way.
FULL_PERCENT: Final = 95.0


@dataclass(frozen=True, slots=True)
class Usage:
    """The worst that a response's headers say, for the app and for the account that was asked about.

    Attributes:
        app_percent: Share of the app's limit that is used, in percent.
        account_percent: Share of the account's nearest limit that is used, in percent.
        account_wait_s: Seconds until the account may be asked again; 0 when no header says so.
        retry_after_s: Seconds of a ``Retry-After`` header; 0 without one.
    """

    app_percent: float = 0.0
    account_percent: float = 0.0
    account_wait_s: float = 0.0
    retry_after_s: float = 0.0

    @property
    def percent(self) -> float:
        """Share of the nearest limit of all, in percent."""
        return max(self.app_percent, self.account_percent)

    @property
    def wait_s(self) -> float | None:
        """Seconds until calls are allowed again, or None when no header says so."""
        return max(self.account_wait_s, self.retry_after_s) or None


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Reads all the usage headers and keeps the worst figure of each kind.

    The business use case header is keyed by a business or an ad account; either way it is about the account asked for.
    The insights throttle alone is not enough: it was seen at 0 while the account was blocked.

    Args:
        headers: Response headers, case-insensitive.

    Returns:
        The usage; a header that cannot be read counts as absent, for it must not fail a good response.
    """
    percents, waits = [0.0], [0.0]
    for entry in _business_entries(_decoded(headers.get("x-business-use-case-usage"))):
        percents += [_number(entry.get(key)) for key in ("call_count", "total_time", "total_cputime")]
        waits.append(_number(entry.get("estimated_time_to_regain_access")) * _SECONDS_PER_MINUTE)
    account = _decoded(headers.get("x-ad-account-usage"))
    percents.append(_number(account.get("acc_id_util_pct")))
    if percents[-1] >= FULL_PERCENT:
        # reset_time_duration is always there; it is a wait only once the account is full.
        waits.append(_number(account.get("reset_time_duration")))
    throttle = _decoded(headers.get("x-fb-ads-insights-throttle"))
    percents.append(_number(throttle.get("acc_id_util_pct")))
    app = _decoded(headers.get("x-app-usage"))
    of_app = [_number(app.get(key)) for key in ("call_count", "total_time", "total_cputime")]
    return Usage(
        app_percent=max(*of_app, _number(throttle.get("app_id_util_pct"))),
        account_percent=max(percents),
        account_wait_s=max(waits),
        retry_after_s=_number(headers.get("retry-after")),
    )


def _business_entries(header: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entries in header.values():
        if isinstance(entries, list):
            yield from (entry for entry in entries if isinstance(entry, Mapping))


def _decoded(text: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, (int, float, str)) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return number if 0.0 <= number < float("inf") else 0.0
