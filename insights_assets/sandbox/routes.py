"""What each path answers. Plain functions of a request; HTTP itself is in `app`."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from insights_assets.sandbox.entities import account_json, entity_json
from insights_assets.sandbox.errors import bad_parameter, no_alias, no_object, too_many_ids
from insights_assets.sandbox.fault_player import FaultPlayer
from insights_assets.sandbox.filters import Entity, predicate, read_conditions, visible
from insights_assets.sandbox.insight_rows import RowWriter
from insights_assets.sandbox.insights import answer
from insights_assets.sandbox.lookup import creative_ids, find
from insights_assets.sandbox.objects import Creative, Video
from insights_assets.sandbox.paging import page_request, paged, paged_text
from insights_assets.sandbox.planting import PlantedFault
from insights_assets.sandbox.questions import ask
from insights_assets.sandbox.reports import Reports
from insights_assets.sandbox.request_places import MAX_IDS, Call, Place, asked_ids, place_of
from insights_assets.sandbox.row_faults import fate_of, row_changes
from insights_assets.sandbox.status import created_day
from insights_assets.sandbox.videos import library
from insights_assets.sandbox.world import AccountWorld, World
from insights_assets.sandbox.world_changes import WorldChange

VERSION: Final = re.compile(r"^v\d+\.\d+$")
EDGES: Final = {"campaigns": "campaign", "adsets": "adset", "ads": "ad"}
Json = dict[str, Any]
Answered = Json | str  # an object, or the JSON text of one


class Router:
    """Answers calls from a world.

    Args:
        world: The simulated world.
        now: The clock, aware.
        reports: The report runs.
        visible_accounts: For each token the account ids it sees; a token that is not in it sees all.
        player: The faults.
        changes: Faults of the world.
    """

    def __init__(
        self,
        world: World,
        now: Callable[[], datetime],
        reports: Reports,
        visible_accounts: Mapping[str, frozenset[str]],
        player: FaultPlayer,
        changes: Sequence[WorldChange],
    ) -> None:
        self.world = world
        self.now = now
        self.reports = reports
        self.visible_accounts = visible_accounts
        self.player = player
        self.changes = changes

    def place(self, call: Call) -> Place:
        """Where a call goes."""
        return place_of(call, self.reports.account_of, self.world.owner_of)

    def handle(self, call: Call, place: Place, thrown: PlantedFault | None = None) -> Answered:
        """The answer to a call.

        Args:
            call: The call.
            place: Where it goes.
            thrown: What becomes of the run that it starts.

        Raises:
            GraphError: The API's own complaint.
        """
        head, rest = (call.path[0] if call.path else ""), call.path[1:]
        if head == "me":
            return self._me(call, rest)
        if call.method == "POST" and not (head.startswith("act_") and rest == ("insights",)):
            raise no_object("/".join(call.path), "post")
        is_run = self.reports.account_of(head) is not None
        if call.method == "DELETE" and not is_run:
            raise no_object("/".join(call.path), "delete")
        if head.startswith("act_"):
            return self._account(call, place, rest, thrown)
        if is_run:
            return self._report(call, place, rest)
        if not head and call.params.get("ids"):
            return self._several(call, place)
        return self._node(call, place, head, rest)

    def seen_accounts(self, token: str) -> list[str]:
        """Ids of the accounts that a token sees."""
        chosen = self.visible_accounts.get(token)
        return [item.id for item in self.world.accounts if chosen is None or item.id in chosen]

    def _made(self, call: Call, account_id: str) -> AccountWorld:
        if account_id not in self.seen_accounts(call.token):
            raise no_object(account_id)
        made = self.world.account(account_id)
        for change in self._changes(account_id):
            made = change.moved(made, self.now())
        return made

    def _changes(self, account_id: str) -> list[WorldChange]:
        return [change for change in self.changes if change.label.account_id == account_id]

    def _me(self, call: Call, rest: tuple[str, ...]) -> Json:
        if not rest:
            return {"id": "100000000000001", "name": "Sandbox System User"}
        if rest != ("adaccounts",):
            raise no_object("me")
        ids = self.seen_accounts(call.token)
        fields = call.params.get("fields") or "account_id"

        def rows(first: int, last: int) -> list[Json]:
            return [self._account_fields(name, fields) for name in ids[first:last]]

        return paged(page_request(call.url, {**call.params, **call.page_params}), len(ids), rows)

    def _account_fields(self, account_id: str, fields: str) -> Json:
        days = self.world.days(account_id)
        for change in self._changes(account_id):
            days = change.moved(days, self.now())
        today = days.today(self.now())

        def spent() -> int:
            facts = self.world.account(account_id).facts
            return int(facts.columns["spend"][facts.cells.day < today].sum())

        return account_json(days, fields, today, spent)

    def _account(self, call: Call, place: Place, rest: tuple[str, ...], thrown: PlantedFault | None) -> Answered:
        if place.account_id not in self.seen_accounts(call.token):
            raise no_object(place.account_id)
        fields = call.params.get("fields", "")
        if not rest:
            return self._account_fields(place.account_id, fields)
        made = self._made(call, place.account_id)
        if rest == ("insights",):
            return self._start(call, place, thrown) if call.method == "POST" else self._insights(call, place, None)
        edge = rest[0]
        if len(rest) != 1 or edge not in {*EDGES, "adcreatives", "advideos"}:
            raise bad_parameter(f"Tried accessing nonexisting field ({edge}) on node type (AdAccount)")
        today = made.today(self.now())
        entities = self._listed(call, made, edge, today)

        def rows(first: int, last: int) -> list[Json]:
            page = entities[first:last]
            self.player.refuse_creatives(call, place, creative_ids(page))
            return [entity_json(made, item, fields, today) for item in page]

        return paged(page_request(call.url, {**call.params, **call.page_params}), len(entities), rows)

    def _listed(self, call: Call, made: AccountWorld, edge: str, today: int) -> Sequence[Entity | Creative | Video]:
        if edge in {"adcreatives", "advideos"}:
            used = {ad.creative.id for ad in made.ads if created_day(ad) <= today}
            creatives = [item for item in made.creatives if item.id in used]
            return creatives if edge == "adcreatives" else library(creatives)
        level = EDGES[edge]
        conditions = read_conditions(call.params)
        holds, shows = predicate(made, conditions, level, today), visible(conditions, level, today)
        every: Mapping[str, tuple[Entity, ...]] = {"campaign": made.campaigns, "adset": made.adsets, "ad": made.ads}
        return [item for item in every[level] if created_day(item) <= today and shows(item) and holds(item)]

    def _writer(self, call: Call, place: Place, scope_id: str | None, now: datetime) -> RowWriter:
        made = self._made(call, place.account_id)
        scope = None if scope_id is None else find(made, scope_id, made.today(now))
        if isinstance(scope, Creative | Video):
            raise no_object(scope.id)
        asked = ask(made, scope, call.params, made.today(now))
        changes = self._changes(place.account_id)
        told = answer(made, asked.question, now, changes)
        return RowWriter(told, asked.fields, row_changes(self.player, call, place, told, changes))

    def _insights(self, call: Call, place: Place, scope_id: str | None) -> str:
        writer = self._writer(call, place, scope_id, self.now())
        request = page_request(call.url, {**call.params, **call.page_params})
        on_page = max(0, min(request.limit, len(writer) - request.offset))
        self.player.refuse_size(call, place, on_page, len(writer.fields))
        return paged_text(request, len(writer), writer.page)

    def _start(self, call: Call, place: Place, thrown: PlantedFault | None) -> Json:
        now = self.now()

        def make() -> RowWriter:
            return self._writer(call, place, None, now)

        writer = make()
        self.player.refuse_size(call, place, len(writer), len(writer.fields))
        question, made = writer.answer.question, writer.answer.made
        run_id = self.reports.create(
            call.key(),
            made.account.account_id,
            call.token,
            make,
            writer,
            created=now,
            days=(made.date_of(question.since).isoformat(), made.date_of(question.until).isoformat()),
            fate=fate_of(self.player.job(call, place, len(writer), thrown)),
        )
        return {"report_run_id": run_id}

    def _report(self, call: Call, place: Place, rest: tuple[str, ...]) -> Answered:
        run = self.reports.get(call.path[0], call.token)
        if call.method == "DELETE":
            return self.reports.delete(run)
        if not rest:
            return self.reports.status(run)
        if rest != ("insights",):
            raise no_object(run.id)
        writer = self.reports.rows(run)
        if self.player.of_rows("duplicate_rows", call, place):
            writer = writer.repeating()
        return paged_text(page_request(call.url, {**call.params, **call.page_params}), len(writer), writer.page)

    def _several(self, call: Call, place: Place) -> Json:
        ids = asked_ids(call.params)
        if len(ids) > MAX_IDS:
            raise too_many_ids(len(ids), MAX_IDS)
        found = {name: self._owned(call, name) for name in ids}
        missing = next((name for name, pair in found.items() if pair is None), None)
        if missing is not None:
            raise no_alias(missing)
        pairs = [pair for pair in found.values() if pair is not None]
        self.player.refuse_creatives(call, place, creative_ids([entity for _, entity in pairs]))
        fields, now = call.params.get("fields", ""), self.now()
        return {entity.id: entity_json(made, entity, fields, made.today(now)) for made, entity in pairs}

    def _owned(self, call: Call, object_id: str) -> tuple[AccountWorld, Entity | Creative | Video] | None:
        owner = self.world.owner_of(object_id) if object_id.isdigit() else None
        if owner is None or owner not in self.seen_accounts(call.token):
            return None
        made = self._made(call, owner)
        entity = find(made, object_id, made.today(self.now()))
        return None if entity is None else (made, entity)

    def _node(self, call: Call, place: Place, object_id: str, rest: tuple[str, ...]) -> Answered:
        pair = self._owned(call, object_id)
        if pair is None:
            raise no_object(object_id)
        made, entity = pair
        if rest == ("insights",):
            return self._insights(call, place, object_id)
        if rest:
            raise no_object(object_id)
        self.player.refuse_creatives(call, place, creative_ids([entity]))
        return entity_json(made, entity, call.params.get("fields", ""), made.today(self.now()))
