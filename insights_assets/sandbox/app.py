"""The simulator as an ASGI application."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from insights_assets.sandbox.blocks import Blocks, LimitError
from insights_assets.sandbox.errors import GraphError, bad_token, no_object
from insights_assets.sandbox.fault_player import FaultPlayer, Played
from insights_assets.sandbox.faults import Fault, FaultBox
from insights_assets.sandbox.planting import PlantedFault
from insights_assets.sandbox.replies import Reply, send_reply
from insights_assets.sandbox.reports import Reports
from insights_assets.sandbox.request_places import Call, Place
from insights_assets.sandbox.routes import VERSION, Answered, Router
from insights_assets.sandbox.scenarios import SCENARIOS, Plan, plan
from insights_assets.sandbox.usage import Block, Budget
from insights_assets.sandbox.world import World, utc_now
from insights_assets.sandbox.world_changes import FaultLabel, world_changes

__all__ = ["DEFAULT_TOKEN", "SCENARIOS", "SandboxApp", "create_app"]

DEFAULT_TOKEN: Final = "sandbox-token"  # noqa: S105  opens nothing but the simulator
SECRETS: Final = frozenset({"access_token", "appsecret_proof"})
METHODS: Final = frozenset({"GET", "POST", "DELETE"})


class SandboxApp:
    """The application; `state.requests` lists (method, path, query without secrets) of all requests."""

    def __init__(self, router: Router, tokens: frozenset[str], faults: Sequence[Fault]) -> None:
        self.graph = router
        self.tokens = tokens
        self.fault_box = FaultBox(faults)
        requests: list[tuple[str, str, str]] = []
        self.state = SimpleNamespace(requests=requests)

    @property
    def played(self) -> list[Played]:
        """The named faults that requests have met, in order."""
        return self.graph.player.played

    @property
    def blocks(self) -> list[Block]:
        """The blocks so far, with the calls that came while each lasted."""
        return self.graph.player.blocks.all

    @property
    def labels(self) -> list[FaultLabel]:
        """What the faults of the world did."""
        return [change.label for change in self.graph.changes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        pairs = parse_qsl(scope.get("query_string", b"").decode(), keep_blank_values=True)
        query = urlencode([(name, "***" if name in SECRETS else value) for name, value in pairs])
        self.state.requests.append((request.method, request.url.path, query))
        body = await request.body()
        await send_reply(await run_in_threadpool(self._reply, request, body), receive, send)

    def _reply(self, request: Request, body: bytes) -> Reply:
        usage = self.graph.player.blocks.headers
        spoilt = self.fault_box.take(request.method, request.url.path)
        if spoilt is not None:
            return spoilt.reply().under(usage(Place("", _account_in(request.url.path))))
        place = Place("")
        try:
            call = self._call(request, body)
            place = self.graph.place(call)
            reply, thrown = self.graph.player.meet(call, place)
            if reply is None:
                reply = _whole(self.graph.handle(call, place, thrown))
        except LimitError as error:
            reply = Reply(_json(error.body), error.status, headers=error.headers)
        except GraphError as error:
            reply = Reply(_json(error.body), error.status)
        return reply.under(usage(place))

    def _call(self, request: Request, body: bytes) -> Call:
        query = dict(request.query_params)
        form = _form(request, body) if request.method == "POST" else {}
        params = {**query, **form}
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else params.get("access_token", "")
        if token not in self.tokens:
            raise bad_token()
        # As with Meta, a `next` link repeats the token only when the token came in the query.
        repeated = {name: value for name, value in query.items() if name == "access_token"}
        plain = {name: value for name, value in params.items() if name not in SECRETS}
        path = tuple(part for part in request.url.path.split("/") if part)
        version = path[0] if path and VERSION.match(path[0]) else ""
        if request.method not in METHODS:
            raise no_object("/".join(path), request.method.lower())
        url = str(request.url.replace(query=""))
        return Call(request.method, version, path[1:] if version else path, plain, url, repeated, token)


def _whole(answer: Answered) -> Reply:
    return Reply(answer.encode() if isinstance(answer, str) else _json(answer))


def _json(answer: object) -> bytes:
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


def _account_in(path: str) -> str:
    return next((part for part in path.split("/") if part.startswith("act_")), "")


def _form(request: Request, body: bytes) -> dict[str, str]:
    if "json" not in request.headers.get("content-type", ""):
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    loaded = json.loads(body or b"{}")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in loaded.items()}


def create_app(
    world: World | None = None,
    *,
    now: Callable[[], datetime] | None = None,
    token: str = DEFAULT_TOKEN,
    report_latency_s: float | Callable[[int], float] = 0.05,
    faults: Sequence[Fault | PlantedFault] = (),
    scenario: str = "default",
    fault_seed: int | None = None,
    budget: Budget | None = None,
    app_budget: Budget | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    visible_accounts: Mapping[str, frozenset[str]] | None = None,
) -> SandboxApp:
    """Makes the application.

    Args:
        world: The world it tells of; `World()` when None.
        now: The clock, aware; the machine's when None.
        token: The access token it accepts.
        report_latency_s: Seconds until a report run is complete, or a function of its number of rows.
        faults: Faults to play, first match first; those by path before those of the catalog (`planting.fault`).
        scenario: One of `SCENARIOS`; its faults come after `faults`.
        fault_seed: Places the faults of the scenario; the world's seed when None.
        budget: Calls that each account allows; no limit when None.
        app_budget: Calls that all accounts together allow; no limit when None.
        monotonic: The clock of report runs, budgets and blocks.
        visible_accounts: Further tokens, with the accounts that each sees.

    Raises:
        ValueError: No such scenario.
    """
    world = world or World(scenario="quiet" if scenario == "quiet" else "default")
    planned = plan(scenario, world, world.seed if fault_seed is None else fault_seed)
    clock, seen = now or utc_now, dict(visible_accounts or {})
    named = [*(one for one in faults if isinstance(one, PlantedFault)), *planned.planted]
    blocks = Blocks(world, monotonic, account=budget or planned.account_budget, app=app_budget)
    player = FaultPlayer(named, planned.storm, world, clock, blocks)
    reports = Reports(_latency(report_latency_s, planned), monotonic)
    router = Router(world, clock, reports, seen, player, world_changes(named, world, clock()))
    return SandboxApp(router, frozenset({token, *seen}), [one for one in faults if isinstance(one, Fault)])


def _latency(asked: float | Callable[[int], float], planned: Plan) -> float | Callable[[int], float]:
    return asked if callable(asked) else max(asked, planned.least_latency_s)
