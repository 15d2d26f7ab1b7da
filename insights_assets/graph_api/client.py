"""The Graph API as typed records.

API page: https://developers.facebook.com/docs/marketing-api/reference
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from insights_assets.graph_api import questions
from insights_assets.graph_api.edges import edge_rows
from insights_assets.graph_api.periods import Period
from insights_assets.graph_api.questions import Level
from insights_assets.graph_api.records import Ad, AdAccount, AdSet, Campaign, Creative, InsightRow
from insights_assets.graph_api.report_memory import ReportMemory
from insights_assets.graph_api.reports import DEFAULT_BUDGET_S, Page, ReportRunner
from insights_assets.graph_api.splitting import Ask, EntityIds
from insights_assets.graph_api.transport import DEFAULT_BASE_URL, DEFAULT_VERSION, Transport

logger = logging.getLogger(__name__)

Record = TypeVar("Record")

# Rows of a page. Ad sets and creatives carry large nested specs, so their pages are smaller.
PAGE: Final = 200
LARGE_ROWS_PAGE: Final = 100
IDS_PAGE: Final = 500


class GraphClient:
    """Reads accounts, what is in them, and how it did. Use it as a context manager, or call ``close``.

    Args:
        transport: Where to ask; closed with the client.
        report_budget_s: Longest time for one report, splits included, in seconds.
        memory: What earlier reports taught, shared with other clients; None begins anew.
    """

    def __init__(
        self, transport: Transport, *, report_budget_s: float = DEFAULT_BUDGET_S, memory: ReportMemory | None = None
    ) -> None:
        self.transport = transport
        self._reports = ReportRunner(transport, budget_s=report_budget_s, memory=memory)

    @classmethod
    def connect(
        cls,
        *,
        base_url: str = DEFAULT_BASE_URL,
        version: str = DEFAULT_VERSION,
        token: str,
        app_secret: str | None = None,
        report_budget_s: float = DEFAULT_BUDGET_S,
        memory: ReportMemory | None = None,
        **options: Any,
    ) -> Self:
        """Makes a client with its own transport; nothing is sent yet.

        Args:
            base_url: Scheme and host, without the version.
            version: API version, such as ``v26.0``.
            token: Access token.
            app_secret: App secret; adds ``appsecret_proof``.
            report_budget_s: Longest time for one report, in seconds.
            memory: What earlier reports taught; None begins anew.
            **options: Other arguments of ``Transport``.

        Returns:
            The client.
        """
        transport = Transport(base_url, version, token, app_secret, **options)
        return cls(transport, report_budget_s=report_budget_s, memory=memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        """Where it points to; never the token."""
        return f"GraphClient({self.transport!r})"

    def close(self) -> None:
        """Closes the connection pool."""
        self.transport.close()

    def ad_accounts(self) -> Iterator[AdAccount]:
        """Every ad account that the token sees, over all pages.

        Yields:
            Accounts in the API's order.

        Raises:
            GraphApiError: A page could not be read or a row is malformed.
        """
        yield from self._edge("me/adaccounts", questions.ACCOUNT_FIELDS, AdAccount.from_json)

    def account(self, account_id: str) -> AdAccount:
        """One ad account.

        Args:
            account_id: The id, with or without its prefix.

        Raises:
            GraphApiError: permission when the token does not see it.
        """
        answer = self.transport.get(_prefixed(account_id), {"fields": ",".join(questions.ACCOUNT_FIELDS)})
        return AdAccount.from_json(answer)

    def campaigns(self, account_id: str) -> Iterator[Campaign]:
        """Every campaign of an account, deleted and archived ones included.

        Args:
            account_id: The id, with or without its prefix.

        Yields:
            Campaigns; budgets in minor units.

        Raises:
            GraphApiError: A page could not be read or a row is malformed.
        """
        path = f"{_prefixed(account_id)}/campaigns"
        yield from self._edge(path, questions.CAMPAIGN_FIELDS, Campaign.from_json, entity="campaign")

    def adsets(self, account_id: str) -> Iterator[AdSet]:
        """Every ad set of an account, deleted and archived ones included.

        Args:
            account_id: The id, with or without its prefix.

        Yields:
            Ad sets; budgets in minor units.

        Raises:
            GraphApiError: A page could not be read or a row is malformed.
        """
        path = f"{_prefixed(account_id)}/adsets"
        yield from self._edge(path, questions.ADSET_FIELDS, AdSet.from_json, entity="adset", page=LARGE_ROWS_PAGE)

    def ads(self, account_id: str) -> Iterator[Ad]:
        """Every ad of an account, deleted and archived ones included.

        Args:
            account_id: The id, with or without its prefix.

        Yields:
            Ads.

        Raises:
            GraphApiError: A page could not be read or a row is malformed.
        """
        yield from self._edge(f"{_prefixed(account_id)}/ads", questions.AD_FIELDS, Ad.from_json, entity="ad")

    def creatives(self, account_id: str) -> Iterator[Creative]:
        """Every creative of an account's library.

        Args:
            account_id: The id, with or without its prefix.

        Yields:
            Creatives; deleted ones stay in the library, so there is no filter.

        Raises:
            GraphApiError: A page could not be read or a row is malformed.
        """
        path = f"{_prefixed(account_id)}/adcreatives"
        yield from self._edge(path, questions.CREATIVE_FIELDS, Creative.from_json, page=LARGE_ROWS_PAGE)

    def insight_pages(
        self,
        account_id: str,
        *,
        level: Level,
        since: date,
        until: date,
        time_increment: int,
        windows: Sequence[str] = questions.WINDOWS,
        fields: Sequence[str] = questions.INSIGHT_FIELDS,
        today: date | None = None,
        entity_ids: EntityIds | None = None,
        at_once: bool = False,
    ) -> Iterator[list[InsightRow]]:
        """How entities did, page by page, by an asynchronous report; deleted and archived entities included.

        Args:
            account_id: The id, with or without its prefix.
            level: What a row is about.
            since: First day, in the account's time zone.
            until: Last day, included.
            time_increment: Days of a row.
            windows: Attribution windows of the actions.
            fields: Fields wanted; those that do not exist at the level are left out.
            today: Today in the account's time zone: days older than 37 months are not asked for; None asks for all.
            entity_ids: Gives the level's ids where one increment must be split by entity; None lists them.
            at_once: Without a report run; for small ranges.

        Yields:
            Rows; none for an entity without delivery. A row with ``dropped_fields`` has less than was asked for.

        Raises:
            GraphApiError: The report failed for good, a row is malformed, or the whole period is too old.
        """
        account, period = _prefixed(account_id), Period(since, until)
        kept = period if today is None else period.kept(today, time_increment)
        if kept != period:
            logger.warning("%s: %s to %s is older than 37 months and not asked for", account, since, kept.since)
        ask = Ask(account, level, tuple(fields), tuple(windows), kept, time_increment)
        read: Callable[[Ask, EntityIds], Iterator[Page]] = (
            self._reports.pages_at_once if at_once else self._reports.pages
        )
        for page in read(ask, entity_ids or (lambda: self._ids(account, level))):
            yield [InsightRow.from_json(row, dropped_fields=page.dropped) for row in page.rows]

    def insights(self, account_id: str, **question: Any) -> list[InsightRow]:
        """All rows of ``insight_pages``, which it takes the arguments of.

        Raises:
            GraphApiError: As for ``insight_pages``.
        """
        return [row for page in self.insight_pages(account_id, **question) for row in page]

    def _ids(self, account: str, level: Level) -> Iterator[str]:
        filtering = questions.every_status(level)
        rows = edge_rows(self.transport, f"{account}/{level}s", ("id",), filtering=filtering, page=IDS_PAGE)
        return (str(row["id"]) for row in rows if row.get("id"))

    def _edge(
        self,
        path: str,
        fields: Sequence[str],
        read: Callable[[object], Record],
        *,
        entity: str | None = None,
        page: int = PAGE,
    ) -> Iterator[Record]:
        filtering = None if entity is None else questions.every_status(entity)
        yield from map(read, edge_rows(self.transport, path, fields, filtering=filtering, page=page))


def _prefixed(account_id: str) -> str:
    return f"act_{account_id.removeprefix('act_')}"
