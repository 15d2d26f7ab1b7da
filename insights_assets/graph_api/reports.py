"""Insight reports: few and long; what is too large is split, what fails for a moment is run again, no row is lost.

API page: https://developers.facebook.com/docs/marketing-api/insights/best-practices . See docs/adr/0009.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from insights_assets.graph_api.backoff import Backoff
from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.field_probe import ProbeLimitError, unreportable
from insights_assets.graph_api.paging import PageIterator, Row, iterate_pages
from insights_assets.graph_api.questions import insight_fields
from insights_assets.graph_api.report_memory import ReportMemory
from insights_assets.graph_api.report_runs import Waiter
from insights_assets.graph_api.splitting import Ask, EntityIds, narrower
from insights_assets.graph_api.transport import Transport

logger = logging.getLogger(__name__)

DEFAULT_BUDGET_S: Final = 1800.0
MAX_RUNS: Final = 3
# Runs of one call, splits included: 52 weeks that must be read day by day need 727.
MAX_PARTS: Final = 1000
RESTART: Final = Backoff(base_s=5, cap_s=60, least=0.5)

# A new run with the same token and version fails the same way.
_HOPELESS: Final = frozenset({"token_invalid", "permission", "api_version", "rate_limited"})

# Code 100 alone: a wrong parameter or field when a report is asked for. A finished report is read with nothing but a
# page size and a cursor, so there it is a hiccup ("cannot include ... in summary").
_UNSAID: Final = (100, None)
_HICCUPS: Final = 5
_HICCUP_PAUSE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a report, and the fields that had to be left out to get them."""

    rows: list[Row]
    dropped: tuple[str, ...] = ()


def insight_key(row: Row) -> str | None:
    """What makes two insight rows the same one: the lowest entity and its days; None when the row names no entity."""
    for name in ("ad_id", "adset_id", "campaign_id", "account_id"):
        if row.get(name):
            return f"{row[name]} {row.get('date_start')} {row.get('date_stop')}"
    return None


@dataclass
class _Work:
    """One call: what is left of its time, and the rows that were handed out."""

    deadline: float
    entity_ids: EntityIds
    seen: set[object] = field(default_factory=set)
    parts: int = 0


class ReportRunner:
    """Reads reports, one run at a time.

    Args:
        transport: Where to ask; its ``sleep`` and ``clock`` are used.
        budget_s: Longest time for one call, splits included and waits for rate limits left out, in seconds.
        memory: What earlier reports taught; None begins anew.
    """

    def __init__(
        self, transport: Transport, *, budget_s: float = DEFAULT_BUDGET_S, memory: ReportMemory | None = None
    ) -> None:
        self._transport = transport
        self._budget_s = budget_s
        self._memory = memory or ReportMemory()

    def pages(self, ask: Ask, entity_ids: EntityIds) -> Iterator[Page]:
        """All rows by asynchronous runs, each row once, in the order of the days as far as runs were not repeated.

        Args:
            ask: The question.
            entity_ids: Gives the ids of all entities of its level, deleted ones included.

        Yields:
            Pages of raw rows.

        Raises:
            GraphApiError: The report failed for good, or did not finish within its time.
        """
        return self._read(ask, self._run, self._work(entity_ids))

    def pages_at_once(self, ask: Ask, entity_ids: EntityIds) -> Iterator[Page]:
        """Like ``pages`` without runs: fewer calls for small periods, refused by Meta for large ones."""

        def read(lesser: Ask, work: _Work) -> Iterator[Page]:
            return self._results(f"{lesser.account}/insights", lesser, work)

        return self._read(ask, read, self._work(entity_ids))

    def _work(self, entity_ids: EntityIds) -> _Work:
        return _Work(self._transport.working_s() + self._budget_s, entity_ids)

    def _read(self, ask: Ask, read: Callable[[Ask, _Work], Iterator[Page]], work: _Work) -> Iterator[Page]:
        ask = ask.without(self._memory.unreportable(ask.account, ask.level))
        work.parts += 1
        try:
            yield from read(ask, work)
        except GraphApiError as error:
            parts = self._lesser(ask, error, work)
        else:
            return
        for part in parts:
            yield from self._read(part, read, work)

    def _lesser(self, ask: Ask, error: GraphApiError, work: _Work) -> Sequence[Ask]:
        """Questions to ask in place of one that failed.

        Raises:
            GraphApiError: The error, when asking for less cannot help or there is no time left for it.
        """
        if (error.code, error.subcode) == _UNSAID and error.action == "stop" and error.error_type == "data":
            return [self._reportable(ask, error)]
        if not (error.action == "split" or error.shrink):
            raise error
        if self._transport.working_s() >= work.deadline or work.parts >= MAX_PARTS:
            logger.warning("%s: given up after %d parts", ask, work.parts)
            raise error
        parts = narrower(ask, work.entity_ids)
        if parts is None:
            raise error
        logger.info("%s; reading %s instead", error, " and ".join(map(str, parts)))
        return parts

    def _reportable(self, ask: Ask, error: GraphApiError) -> Ask:
        """The question without the fields that the account cannot report.

        Raises:
            GraphApiError: The error, when no field is at fault.
        """
        small = replace(ask, period=ask.period.first_increment(ask.step))

        def refused(fields: Sequence[str]) -> bool:
            params = {**replace(small, fields=tuple(fields)).params(), "limit": "1"}
            try:
                self._transport.get(f"{ask.account}/insights", params, account=ask.account)
            except GraphApiError as again:
                if (again.code, again.subcode) != _UNSAID:
                    raise
                return True
            return False

        try:
            bad = unreportable(insight_fields(ask.level, ask.fields), refused)
        except ProbeLimitError:
            bad = []
        if not bad:
            raise error
        logger.warning("%s: %s cannot be reported for this account and are left out", ask, ", ".join(bad))
        self._memory.cannot_report(ask.account, ask.level, bad)
        return ask.without(bad)

    def _run(self, ask: Ask, work: _Work) -> Iterator[Page]:
        """The rows of one run; a run that fails for a moment is started again, and only rows not seen are handed on."""
        waiter = Waiter(self._transport, self._memory, lambda: self._transport.working_s() >= work.deadline)
        for run in range(1, MAX_RUNS + 1):
            run_id = waiter.start(ask)
            failure = waiter.wait(run_id, ask)
            if failure is None:
                try:
                    yield from self._results(f"{run_id}/insights", ask, work)
                except GraphApiError as error:
                    failure = error
                else:
                    return
            failure.attempts = run
            final = failure.action in ("split", "stop") or failure.shrink or failure.error_type in _HOPELESS
            if final or run == MAX_RUNS or self._transport.working_s() >= work.deadline:
                raise failure
            logger.info("%s; starting the report again", failure)
            self._transport.rest(RESTART, run)

    def _results(self, path: str, ask: Ask, work: _Work) -> Iterator[Page]:
        own = ask.params() if path.startswith(ask.account) else {}
        pages = iterate_pages(
            lambda asked: self._transport.get(
                path, asked, account=ask.account, needs="data", shrinkable=int(asked["limit"]) > 1
            ),
            {**own, "limit": str(self._memory.page_rows(ask.account))},
            host=self._transport.host,
            key=insight_key,
            seen=work.seen,
        )
        yield from (Page(rows, ask.dropped) for rows in self._patient(pages, finished=not own))
        self._memory.page_fits(ask.account, pages.largest)
        if pages.duplicates:
            logger.warning("%s: %d rows came twice and were left out once", path, pages.duplicates)

    def _patient(self, pages: PageIterator, *, finished: bool) -> Iterator[list[Row]]:
        hiccups = 0
        while True:
            try:
                rows = next(pages, None)
            except GraphApiError as error:
                if (error.code, error.subcode) != _UNSAID or not finished:
                    raise
                hiccups += 1
                if hiccups > _HICCUPS:
                    error.action = "retry"
                    raise
                self._transport.sleep(_HICCUP_PAUSE_S)
                continue
            if rows is None:
                return
            yield rows
