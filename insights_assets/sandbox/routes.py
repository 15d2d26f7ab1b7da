"""What each path answers. Plain functions of a request; HTTP itself is in `app`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from insights_assets.sandbox.entities import account_json, choose, entity_json
from insights_assets.sandbox.errors import bad_parameter, expired_token, no_object
from insights_assets.sandbox.filters import Entity, predicate, read_conditions, visible
from insights_assets.sandbox.insight_rows import RowWriter
from insights_assets.sandbox.insights import answer
from insights_assets.sandbox.paging import page_request, paged, paged_text
from insights_assets.sandbox.questions import ask
from insights_assets.sandbox.reports import Reports
from insights_assets.sandbox.status import created_day
from insights_assets.sandbox.world import AccountWorld, Ad, AdSet, Campaign, Creative, World

VERSION: Final = re.compile(r"^v\d+\.\d+$")
EDGES: Final = {"campaigns": "campaign", "adsets": "adset", "ads": "ad"}
Json = dict[str, Any]
Answered = Json | str  # an object, or the JSON text of one


@dataclass(frozen=True)
class Call:
    """One authorised request.

    Attributes:
        method: GET or POST.
        path: Path segments without the version.
        params: Query and form parameters without the token.
        url: URL without its query.
        page_params: What a `next` link repeats.
        token: The token it came with.
    """

    method: str
    path: tuple[str, ...]
    params: Mapping[str, str]
    url: str
    page_params: Mapping[str, str]
    token: str


class Router:
    """Answers calls from a world.

    Args:
        world: The simulated world.
        now: The clock, aware.
        reports: The report runs.
        visible_accounts: For each token the account ids it sees; a token that is not in it sees all.
        expired: Ids of accounts whose calls fail as if the token had expired.
    """

    def __init__(
        self,
        world: World,
        now: Callable[[], datetime],
        reports: Reports,
        visible_accounts: Mapping[str, frozenset[str]],
        expired: frozenset[str] = frozenset(),
    ) -> None:
        self.world = world
        self.now = now
        self.reports = reports
        self.visible_accounts = visible_accounts
        self.expired = expired

    def handle(self, call: Call) -> Answered:
        """The answer to a call.

        Raises:
            GraphError: The API's own complaint.
        """
        head, rest = (call.path[0] if call.path else ""), call.path[1:]
        if head == "me":
            return self._me(call, rest)
        if call.method == "POST" and not (head.startswith("act_") and rest == ("insights",)):
            raise no_object("/".join(call.path), "post")
        if head.startswith("act_"):
            return self._account(call, head, rest)
        if head in self.reports:
            return self._report(call, head, rest)
        return self._entity(call, head, rest)

    def seen_accounts(self, token: str) -> list[str]:
        """Ids of the accounts that a token sees."""
        chosen = self.visible_accounts.get(token)
        return [item.id for item in self.world.accounts if chosen is None or item.id in chosen]

    def _made(self, call: Call, account_id: str) -> AccountWorld:
        if account_id not in self.seen_accounts(call.token):
            raise no_object(account_id)
        if account_id in self.expired:
            raise expired_token()
        return self.world.account(account_id)

    def _me(self, call: Call, rest: tuple[str, ...]) -> Json:
        if not rest:
            return {"id": "100000000000001", "name": "Sandbox System User"}
        if rest != ("adaccounts",):
            raise no_object("me")
        ids = self.seen_accounts(call.token)
        fields = call.params.get("fields") or "account_id"
        now = self.now()

        def rows(first: int, last: int) -> list[Json]:
            made = [self.world.account(name) for name in ids[first:last]]
            return [choose(account_json(item, item.today(now)), fields, "AdAccount") for item in made]

        return paged(page_request(call.url, {**call.params, **call.page_params}), len(ids), rows)

    def _account(self, call: Call, account_id: str, rest: tuple[str, ...]) -> Answered:
        made = self._made(call, account_id)
        today = made.today(self.now())
        fields = call.params.get("fields", "")
        if not rest:
            return choose(account_json(made, today), fields, "AdAccount")
        if rest == ("insights",):
            return self._insights(call, made, None)
        edge = rest[0]
        if len(rest) != 1 or edge not in {*EDGES, "adcreatives"}:
            raise bad_parameter(f"Tried accessing nonexisting field ({edge}) on node type (AdAccount)")
        entities = self._listed(call, made, edge, today)

        def rows(first: int, last: int) -> list[Json]:
            return [entity_json(made, item, fields, today) for item in entities[first:last]]

        return paged(page_request(call.url, {**call.params, **call.page_params}), len(entities), rows)

    def _listed(self, call: Call, made: AccountWorld, edge: str, today: int) -> list[Entity | Creative]:
        if edge == "adcreatives":
            used = {ad.creative.id for ad in made.ads if created_day(ad) <= today}
            return [item for item in made.creatives if item.id in used]
        level = EDGES[edge]
        conditions = read_conditions(call.params)
        holds, shows = predicate(made, conditions, level, today), visible(conditions, level, today)
        every: Mapping[str, tuple[Entity, ...]] = {"campaign": made.campaigns, "adset": made.adsets, "ad": made.ads}
        return [item for item in every[level] if created_day(item) <= today and shows(item) and holds(item)]

    def _insights(self, call: Call, made: AccountWorld, scope: Entity | None) -> Answered:
        now = self.now()
        asked = ask(made, scope, call.params, made.today(now))
        writer = RowWriter(answer(made, asked.question, now), asked.fields)
        if call.method == "POST":
            days = (made.date_of(asked.question.since).isoformat(), made.date_of(asked.question.until).isoformat())
            run_id = self.reports.create(made.account.account_id, call.token, writer, now, days)
            return {"report_run_id": run_id}
        return paged_text(page_request(call.url, {**call.params, **call.page_params}), len(writer), writer.page)

    def _report(self, call: Call, run_id: str, rest: tuple[str, ...]) -> Answered:
        run = self.reports.get(run_id, call.token)
        if not rest:
            return self.reports.status(run)
        if rest != ("insights",):
            raise no_object(run_id)
        writer = self.reports.rows(run)
        return paged_text(page_request(call.url, {**call.params, **call.page_params}), len(writer), writer.page)

    def _entity(self, call: Call, object_id: str, rest: tuple[str, ...]) -> Answered:
        if not object_id.isdigit():
            raise no_object(object_id)
        for account_id in self.seen_accounts(call.token):
            made = self.world.account(account_id)
            found = _find(made, object_id, made.today(self.now()))
            if found is not None:
                return self._found(call, self._made(call, account_id), found, rest)
        raise no_object(object_id)

    def _found(self, call: Call, made: AccountWorld, found: Entity | Creative, rest: tuple[str, ...]) -> Answered:
        if not rest:
            return entity_json(made, found, call.params.get("fields", ""), made.today(self.now()))
        if rest == ("insights",) and not isinstance(found, Creative):
            return self._insights(call, made, found)
        raise no_object(found.id)


def _find(made: AccountWorld, object_id: str, today: int) -> Entity | Creative | None:
    groups: tuple[tuple[Campaign | AdSet | Ad, ...], ...] = (made.campaigns, made.adsets, made.ads)
    for group in groups:
        for item in group:
            if item.id == object_id:
                return item if created_day(item) <= today else None
    return next((item for item in made.creatives if item.id == object_id), None)
