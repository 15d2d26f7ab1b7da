"""The Graph API as typed records.

API page: https://developers.facebook.com/docs/marketing-api/reference
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from insights_assets.graph_api import questions
from insights_assets.graph_api.paging import iterate_pages
from insights_assets.graph_api.questions import Level
from insights_assets.graph_api.records import Ad, AdAccount, AdSet, Campaign, Creative, InsightRow
from insights_assets.graph_api.reports import DEFAULT_BUDGET_S, Period, ReportRunner
from insights_assets.graph_api.transport import DEFAULT_BASE_URL, DEFAULT_VERSION, Transport

logger = logging.getLogger(__name__)

Record = TypeVar("Record")

# Rows of a page. Ad sets and creatives carry large nested specs, so their pages are smaller.
PAGE: Final = 200
LARGE_ROWS_PAGE: Final = 100


class GraphClient:
    """Reads accounts, what is in them, and how it did. Use it as a context manager, or call ``close``.

    Args:
        transport: Where to ask; closed with the client.
        report_budget_s: Longest time for one report, splits included, in seconds.
    """

    def __init__(self, transport: Transport, *, report_budget_s: float = DEFAULT_BUDGET_S) -> None:
        self.transport = transport
        self._reports = ReportRunner(transport, budget_s=report_budget_s)

    @classmethod
    def connect(
        cls,
        *,
        base_url: str = DEFAULT_BASE_URL,
        version: str = DEFAULT_VERSION,
        token: str,
        app_secret: str | None = None,
        report_budget_s: float = DEFAULT_BUDGET_S,
        **options: Any,
    ) -> Self:
        """Makes a client with its own transport; nothing is sent yet.

        Args:
            base_url: Scheme and host, without the version.
            version: API version, such as ``v26.0``.
            token: Access token.
            app_secret: App secret; adds ``appsecret_proof``.
            report_budget_s: Longest time for one report, in seconds.
            **options: Other arguments of ``Transport``.

        Returns:
            The client.
        """
        transport = Transport(base_url, version, token, app_secret, **options)
        return cls(transport, report_budget_s=report_budget_s)

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

    def insights(
        self,
        account_id: str,
        *,
        level: Level,
        since: date,
        until: date,
        time_increment: int,
        windows: Sequence[str] = questions.WINDOWS,
        fields: Sequence[str] = questions.INSIGHT_FIELDS,
    ) -> list[InsightRow]:
        """How entities did, by an asynchronous report; deleted and archived entities included.

        Args:
            account_id: The id, with or without its prefix.
            level: What a row is about.
            since: First day, in the account's time zone.
            until: Last day, included.
            time_increment: Days of a row.
            windows: Attribution windows of the actions.
            fields: Fields wanted; those that do not exist at the level are left out.

        Returns:
            Rows in the order of the days; no row for an entity without delivery.

        Raises:
            GraphApiError: The report failed for good, or a row is malformed.
        """
        params = questions.insight_params(level, windows, fields)
        rows = self._reports.rows(_prefixed(account_id), params, Period(since, until), time_increment)
        return [InsightRow.from_json(row) for row in rows]

    def insights_sync(
        self,
        account_id: str,
        *,
        level: Level,
        since: date,
        until: date,
        time_increment: int,
        windows: Sequence[str] = questions.WINDOWS,
        fields: Sequence[str] = questions.INSIGHT_FIELDS,
    ) -> list[InsightRow]:
        """Like ``insights`` without a report run; for small ranges.

        Takes what ``insights`` takes.

        Returns:
            Rows in the API's order.

        Raises:
            GraphApiError: See its ``error_type``.
        """
        params = questions.insight_params(level, windows, fields)
        rows = self._reports.rows_at_once(_prefixed(account_id), params, Period(since, until), time_increment)
        return [InsightRow.from_json(row) for row in rows]

    def _edge(
        self,
        path: str,
        fields: Sequence[str],
        read: Callable[[object], Record],
        *,
        entity: str | None = None,
        page: int = PAGE,
    ) -> Iterator[Record]:
        params = {"fields": ",".join(fields), "limit": str(page)}
        if entity is not None:
            params["filtering"] = questions.every_status(entity)
        pages = iterate_pages(
            lambda asked: self.transport.get(path, asked, shrinkable=int(asked["limit"]) > 1),
            params,
            host=self.transport.host,
        )
        for rows in pages:
            yield from map(read, rows)
        if pages.duplicates:
            logger.info("%s: %d rows came twice and were left out once", path, pages.duplicates)


def _prefixed(account_id: str) -> str:
    return f"act_{account_id.removeprefix('act_')}"
