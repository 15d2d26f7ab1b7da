"""How long to wait, read from the usage headers of a response.

Meta throttles with HTTP 400, and sends the headers on failures too.
API page: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_SECONDS_PER_MINUTE: Final = 60.0
_FULL: Final = 100.0


@dataclass(frozen=True, slots=True)
class Usage:
    """The worst that a response's headers say.

    Attributes:
        percent: Share of the nearest limit that is used, in percent.
        wait_s: Seconds until calls are allowed again, or None when no header says so.
    """

    percent: float = 0.0
    wait_s: float | None = None


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Reads all the usage headers and keeps the worst figure of each kind.

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
    if percents[-1] >= _FULL:
        # reset_time_duration is always there; it is a wait only once the account is full.
        waits.append(_number(account.get("reset_time_duration")))
    app = _decoded(headers.get("x-app-usage"))
    percents += [_number(app.get(key)) for key in ("call_count", "total_time", "total_cputime")]
    throttle = _decoded(headers.get("x-fb-ads-insights-throttle"))
    percents += [_number(throttle.get(key)) for key in ("app_id_util_pct", "acc_id_util_pct")]
    waits.append(_number(headers.get("retry-after")))
    return Usage(percent=max(percents), wait_s=max(waits) or None)


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
    except ValueError:
        return 0.0
    return number if 0.0 <= number < float("inf") else 0.0
