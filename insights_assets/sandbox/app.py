"""The simulator as an ASGI application."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from zlib import crc32

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from insights_assets.sandbox.errors import GraphError, bad_token, unavailable
from insights_assets.sandbox.faults import Fault, FaultBox, play
from insights_assets.sandbox.reports import Reports
from insights_assets.sandbox.routes import VERSION, Answered, Call, Router
from insights_assets.sandbox.world import World, utc_now

DEFAULT_TOKEN: Final = "sandbox-token"  # noqa: S105  opens nothing but the simulator
SCENARIOS: Final = ("default", "quiet", "flaky", "badtoken", "slow")
FLAKY_PERCENT: Final = 8
SLOW_LATENCY_S: Final = 3.0
SECRETS: Final = frozenset({"access_token", "appsecret_proof"})


class SandboxApp(Starlette):
    """The application; `state.requests` lists (method, path, query without secrets) of all requests."""

    def __init__(self, router: Router, tokens: frozenset[str], faults: Sequence[Fault], flaky_seed: int | None) -> None:
        super().__init__(routes=[Route("/{path:path}", self._endpoint, methods=["GET", "POST"])])
        self.graph = router
        self.tokens = tokens
        self.flaky_seed = flaky_seed
        self.fault_box = FaultBox(faults)
        requests: list[tuple[str, str, str]] = []
        self.state.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Records the request and plays a fault before anything else sees it."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        pairs = parse_qsl(scope.get("query_string", b"").decode(), keep_blank_values=True)
        query = urlencode([(name, "***" if name in SECRETS else value) for name, value in pairs])
        self.state.requests.append((scope["method"], scope["path"], query))
        fault = self.fault_box.take(scope["method"], scope["path"])
        if fault is not None:
            await play(fault, self.usage_headers(_account_in(scope["path"])), scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    async def _endpoint(self, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(self._respond, request, body)

    def _respond(self, request: Request, body: bytes) -> Response:
        path = tuple(part for part in request.url.path.split("/") if part)
        path = path[1:] if path and VERSION.match(path[0]) else path
        status = 200
        answer: Answered
        try:
            self._stumble()
            answer = self.graph.handle(self._call(request, path, body))
        except GraphError as error:
            status, answer = error.status, error.body
        text = answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
        account = path[0] if path else ""
        return Response(text, status, self.usage_headers(account), "application/json; charset=UTF-8")

    def _stumble(self) -> None:
        """In the flaky scenario a seeded share of requests fails for a moment."""
        if self.flaky_seed is None:
            return
        if crc32(f"{self.flaky_seed}:{len(self.state.requests)}".encode()) % 100 < FLAKY_PERCENT:
            raise unavailable()

    def _call(self, request: Request, path: tuple[str, ...], body: bytes) -> Call:
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
        return Call(request.method, path, plain, str(request.url.replace(query="")), repeated, token)

    def usage_headers(self, account: str) -> dict[str, str]:
        """The four usage headers, with low numbers that move."""
        count = len(self.state.requests)
        low = count % 20 + 1
        accounts = self.graph.world.accounts
        business = next((item.business_id for item in accounts if item.id == account), accounts[0].business_id)
        tier = {"ads_api_access_tier": "standard_access"}
        use = {"type": "ads_insights", "call_count": low, "total_cputime": low // 2, "total_time": low // 2}
        values: dict[str, Any] = {
            "X-App-Usage": {"call_count": low, "total_time": low // 2, "total_cputime": low // 2},
            "X-Business-Use-Case-Usage": {business: [{**use, "estimated_time_to_regain_access": 0, **tier}]},
            "X-Ad-Account-Usage": {"acc_id_util_pct": low / 2, "reset_time_duration": 0, **tier},
            "X-FB-Ads-Insights-Throttle": {"app_id_util_pct": low / 4, "acc_id_util_pct": low / 2, **tier},
        }
        return {name: json.dumps(value, separators=(",", ":")) for name, value in values.items()}


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
    report_latency_s: float = 0.05,
    faults: Sequence[Fault] = (),
    scenario: str = "default",
    monotonic: Callable[[], float] = time.monotonic,
    visible_accounts: Mapping[str, frozenset[str]] | None = None,
) -> SandboxApp:
    """Makes the application.

    Args:
        world: The world it tells of; `World()` when None.
        now: The clock, aware; the machine's when None.
        token: The access token it accepts.
        report_latency_s: Seconds until a report run is complete.
        faults: Faults to play, first match first.
        scenario: One of `SCENARIOS`.
        monotonic: The clock of report runs.
        visible_accounts: Further tokens, with the accounts that each sees.

    Raises:
        ValueError: No such scenario.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}, not {scenario!r}")
    world = world or World(scenario="quiet" if scenario == "quiet" else "default")
    seen = dict(visible_accounts or {})
    latency = max(report_latency_s, SLOW_LATENCY_S) if scenario == "slow" else report_latency_s
    expired = frozenset({world.accounts[-1].id}) if scenario == "badtoken" else frozenset()
    router = Router(world, now or utc_now, Reports(latency, monotonic), seen, expired)
    flaky_seed = world.seed if scenario == "flaky" else None
    return SandboxApp(router, frozenset({token, *seen}), faults, flaky_seed)
