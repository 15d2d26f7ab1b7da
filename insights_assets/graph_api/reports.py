"""Asynchronous insight reports: start a run, wait for it, read its rows, split what is too large.

API page: https://developers.facebook.com/docs/marketing-api/insights/best-practices#asynchronous
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from insights_assets.graph_api.errors import ErrorType, GraphApiError, classify
from insights_assets.graph_api.paging import Row, iterate_pages
from insights_assets.graph_api.transport import Transport

logger = logging.getLogger(__name__)

T = TypeVar("T")

DEFAULT_BUDGET_S: Final = 1800.0
RESULT_PAGE: Final = 500
MAX_RUNS: Final = 3

_FIRST_POLL_S: Final = 0.2
_POLL_GROWTH: Final = 1.5
_LONGEST_POLL_S: Final = 10.0

# A run that was just made, or has just finished, is not everywhere yet. Elsewhere 100/33 means "no permission".
_NOT_READY: Final = frozenset({(2601, 1815107), (100, 33)})
_READY_TRIES: Final = 8

# A new run with the same token and version fails the same way.
_HOPELESS: Final = frozenset({"token_invalid", "permission", "api_version"})


@dataclass(frozen=True, slots=True)
class Period:
    """Days since to until, both included, counted in the account's time zone."""

    since: date
    until: date

    def halves(self, step: int) -> tuple["Period", "Period"] | None:
        """Two parts that meet on a boundary of the increment, or None when one increment is left.

        Args:
            step: ``time_increment`` in days.
        """
        increments = -(-((self.until - self.since).days + 1) // step)
        if increments <= 1:
            return None
        middle = self.since + timedelta(days=step * (increments // 2))
        return Period(self.since, middle - timedelta(days=1)), Period(middle, self.until)

    def parameter(self) -> str:
        """The period as ``time_range``."""
        return json.dumps({"since": self.since.isoformat(), "until": self.until.isoformat()})

    def __str__(self) -> str:
        return f"{self.since} to {self.until}"


def insight_key(row: Row) -> object:
    """What makes two insight rows the same one; None when the row names no entity."""
    ids = tuple(row.get(name) for name in ("account_id", "campaign_id", "adset_id", "ad_id"))
    return (*ids, row.get("date_start"), row.get("date_stop")) if any(ids) else None


class ReportRunner:
    """Runs reports of one account at a time.

    Args:
        transport: Where to ask; its ``sleep`` and ``clock`` are used.
        budget_s: Longest time for one call of ``rows``, splits included, in seconds.
        page_limit: Rows of a page of results.
    """

    def __init__(
        self, transport: Transport, *, budget_s: float = DEFAULT_BUDGET_S, page_limit: int = RESULT_PAGE
    ) -> None:
        self._transport = transport
        self._budget_s = budget_s
        self._page_limit = page_limit

    def rows(self, account: str, params: Mapping[str, str], period: Period, step: int) -> list[Row]:
        """All rows of a report, in the order of the days.

        Args:
            account: Account id with its prefix.
            params: Parameters but for ``time_range`` and ``time_increment``.
            period: The days asked for.
            step: ``time_increment`` in days.

        Returns:
            Raw rows.

        Raises:
            GraphApiError: The report failed for good, or did not finish within its time.
        """
        deadline = self._transport.clock() + self._budget_s
        return self._split(
            period, step, lambda part: self._report(account, {**params, "time_increment": str(step)}, part, deadline)
        )

    def rows_at_once(self, account: str, params: Mapping[str, str], period: Period, step: int) -> list[Row]:
        """All rows without a report run: fewer calls for small periods, refused by Meta for large ones.

        Args:
            account: Account id with its prefix.
            params: Parameters but for ``time_range`` and ``time_increment``.
            period: The days asked for.
            step: ``time_increment`` in days.

        Returns:
            Raw rows.

        Raises:
            GraphApiError: See its ``error_type``.
        """
        return self._split(
            period,
            step,
            lambda part: self._pages(
                f"{account}/insights", {**params, "time_increment": str(step), "time_range": part.parameter()}
            ),
        )

    def _split(self, period: Period, step: int, read: Callable[[Period], list[Row]]) -> list[Row]:
        try:
            return read(period)
        except GraphApiError as error:
            parts = period.halves(step) if error.action == "split" else None
            if parts is None:
                raise
            logger.info("%s; reading %s and %s instead", error, *parts)
        return [row for part in parts for row in self._split(part, step, read)]

    def _report(self, account: str, params: Mapping[str, str], period: Period, deadline: float) -> list[Row]:
        form = {**params, "time_range": period.parameter()}
        pause_s = _FIRST_POLL_S
        for run in range(1, MAX_RUNS + 1):
            started = self._transport.post(f"{account}/insights", form)
            run_id = started.get("report_run_id")
            if not run_id:
                raise _failed(f"no report_run_id in the answer for {account}", "data")
            failure = self._wait(str(run_id), f"report of {account} for {period}", deadline)
            if failure is None:
                return self._when_ready(partial(self._pages, f"{run_id}/insights", {}))
            failure.attempts = run
            if failure.action == "split" or failure.error_type in _HOPELESS or run == MAX_RUNS:
                raise failure
            logger.info("%s; starting the report again", failure)
            self._transport.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_POLL_S)
        raise AssertionError  # the last run returned or raised

    def _wait(self, run_id: str, what: str, deadline: float) -> GraphApiError | None:
        """Waits for a run: None when it is completed, its error when it failed.

        Only the status counts: a run at 100 percent can still be running.
        """
        pause_s = _FIRST_POLL_S
        while True:
            state = self._when_ready(lambda: self._transport.get(run_id))
            status = state.get("async_status")
            if status == "Job Completed":
                return None
            if status in ("Job Failed", "Job Skipped"):
                return _run_error(state, what, str(status))
            if self._transport.clock() >= deadline:
                raise _failed(f"the {what} was still '{status}' when its {self._budget_s:.0f} s were over", "network")
            self._transport.sleep(pause_s)
            pause_s = min(pause_s * _POLL_GROWTH, _LONGEST_POLL_S)

    def _pages(self, path: str, params: Mapping[str, str]) -> list[Row]:
        pages = iterate_pages(
            lambda asked: self._transport.get(path, asked, shrinkable=int(asked["limit"]) > 1),
            {**params, "limit": str(self._page_limit)},
            host=self._transport.host,
            key=insight_key,
        )
        rows = [row for page in pages for row in page]
        if pages.duplicates:
            logger.warning("%s: %d rows came twice and were left out once", path, pages.duplicates)
        return rows

    def _when_ready(self, ask: Callable[[], T]) -> T:
        pause_s = 1.0
        for _ in range(_READY_TRIES - 1):
            try:
                return ask()
            except GraphApiError as error:
                if (error.code, error.subcode) not in _NOT_READY:
                    raise
            self._transport.sleep(pause_s)
            pause_s = min(pause_s * _POLL_GROWTH, _LONGEST_POLL_S)
        return ask()


def _run_error(state: Mapping[str, Any], what: str, status: str) -> GraphApiError:
    """The error of a failed run; since v25 the run itself carries code and subcode."""
    message = state.get("error_user_msg") or state.get("error_message") or status
    body = {"code": state.get("error_code"), "error_subcode": state.get("error_subcode"), "message": message}
    error = classify(None, {"error": body})
    error.attempted = f"The {what}"
    if error.error_type == "unknown":
        error.action = "retry"
        error.advice = "Run it again later; if it stays, ask for fewer days at once."
    return error


def _failed(message: str, error_type: ErrorType) -> GraphApiError:
    return GraphApiError(
        message,
        error_type=error_type,
        action="retry",
        attempted="Running a report",
        advice="Run it again later; if it stays, ask for fewer days at once.",
    )
