"""Limits: budgets that calls use up, and the blocks that follow, with the headers that tell of them."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from insights_assets.sandbox.errors import GraphError
from insights_assets.sandbox.fault_kinds import FOREVER
from insights_assets.sandbox.planting import PlantedFault, fault, planted_error
from insights_assets.sandbox.request_places import Call, Place
from insights_assets.sandbox.usage import FULL, WRITE_POINTS, Block, Budget, Meter, Readings
from insights_assets.sandbox.world import World

_LOW: Final = 1.0  # percent, where nothing is counted
_INSIGHTS: Final = "ads_insights"
_MANAGEMENT: Final = "ads_management"


class LimitError(GraphError):
    """A refusal by a limit, with the usage headers that go with it."""

    def __init__(self, cause: GraphError, headers: dict[str, str]) -> None:
        super().__init__(str(cause), cause.error["code"], status=cause.status)
        self.error = cause.error
        self.headers = headers


class Blocks:
    """Budgets and blocks of one server.

    Args:
        world: The simulated world.
        monotonic: The clock of blocks and budgets, in seconds.
        account: Budget of each account; unlimited when None.
        app: Budget of all calls together; unlimited when None.
    """

    def __init__(
        self,
        world: World,
        monotonic: Callable[[], float],
        *,
        account: Budget | None = None,
        app: Budget | None = None,
    ) -> None:
        self.world = world
        self.all: list[Block] = []
        self._monotonic = monotonic
        self._account_budget = account
        self._app_meter = Meter(app, monotonic) if app else None
        self._meters: dict[str, Meter] = {}
        self._faults: dict[int, PlantedFault] = {}
        self._calls: Counter[tuple[int, str]] = Counter()
        self._begun: Counter[tuple[int, str]] = Counter()
        self._business = {item.id: item.business_id for item in world.accounts}
        self._lock = threading.Lock()

    def charge(self, call: Call, place: Place) -> None:
        """Refuses a call during a block, and counts any other one against the budgets.

        Raises:
            LimitError: Refused.
        """
        with self._lock:
            now = self._monotonic()
            for block in self.all:
                if block.account_id in {"", place.account_id} and now < block.until:
                    block.calls += 1
                    raise self.error(self._faults[id(block)], place, block.until - now)
            points = 1 if call.method == "GET" else WRITE_POINTS
            meter = self._meter(place.account_id)
            if meter is not None and not meter.charge(points):
                self._block(fault("account_block", block_s=meter.budget.block_s), place, place.account_id)
            if self._app_meter is not None and not self._app_meter.charge(points):
                self._block(fault("app_limit", block_s=self._app_meter.budget.block_s), place, "")

    def begin(self, one: PlantedFault, index: int, call: Call, place: Place) -> None:
        """Begins the block of a planted limit when its time has come.

        Raises:
            LimitError: It has.
        """
        with self._lock:
            key = (index, one.scope_key(call, place))
            self._calls[key] += 1
            used_up = one.times != FOREVER and self._begun[key] >= one.times
            if used_up or self._calls[key] <= one.options["after"]:
                return
            self._begun[key] += 1
            if one.options["block_s"]:
                self._block(one, place, "" if one.kind.scope == "server" else place.account_id)
            raise self.error(one, place, one.options["regain_min"] * 60.0)

    def headers(self, place: Place) -> dict[str, str]:
        """The usage headers of an answer."""
        with self._lock:
            meter = self._meter(place.account_id)
            account = meter.percent if meter else _LOW
            app = self._app_meter.percent if self._app_meter else _LOW
        readings = Readings(app, account, {_INSIGHTS: account, _MANAGEMENT: account}, throttle=account)
        return readings.headers(self._business_of(place.account_id))

    def error(self, one: PlantedFault, place: Place, wait_s: float) -> LimitError:
        """The refusal of a limit that has `wait_s` seconds to go."""
        limit = one.kind.limit
        told = wait_s if one.options["tells"] else 0.0
        full = FULL + 1
        business = {kind: full if limit in {kind, "account"} else _LOW for kind in (_INSIGHTS, _MANAGEMENT)}
        if limit not in {"app", "account"}:
            business[limit] = full
        readings = Readings(
            app=full if limit == "app" else _LOW,
            account=FULL if limit == "account" else _LOW,
            business=business,
            wait_s=told,
        )
        return LimitError(planted_error(one), readings.headers(self._business_of(place.account_id)))

    def _block(self, one: PlantedFault, place: Place, account_id: str) -> None:
        now = self._monotonic()
        block = Block(one.kind.name, account_id, now, now + float(one.options["block_s"]))
        self.all.append(block)
        self._faults[id(block)] = one
        raise self.error(one, place, block.until - now)

    def _meter(self, account_id: str) -> Meter | None:
        if self._account_budget is None or not account_id:
            return None
        return self._meters.setdefault(account_id, Meter(self._account_budget, self._monotonic))

    def _business_of(self, account_id: str) -> str:
        return self._business.get(account_id, self.world.accounts[0].business_id)
