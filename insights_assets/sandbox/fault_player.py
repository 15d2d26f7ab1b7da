"""Plays planted faults: decides for each request what it meets, keeps count, and tells what was played."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from insights_assets.sandbox.blocks import Blocks, LimitError
from insights_assets.sandbox.fault_catalog import CATALOG
from insights_assets.sandbox.fault_kinds import FOREVER
from insights_assets.sandbox.faults import TRUNCATED
from insights_assets.sandbox.paging import page_request
from insights_assets.sandbox.planting import PlantedFault, chance, fault, pick, planted_error
from insights_assets.sandbox.questions import oldest_start
from insights_assets.sandbox.replies import HTML, Reply
from insights_assets.sandbox.request_places import REPORT_START, Call, Place
from insights_assets.sandbox.world import World

MOST_IN_A_ROW: Final = 2
_CLOSING: Final = frozenset({"reset", "truncate", "hang", "html", "body", "empty"})


@dataclass(frozen=True, slots=True)
class Played:
    """One fault that a request met."""

    fault: str
    method: str
    path: str
    account_id: str


@dataclass(frozen=True)
class Storm:
    """Throws one of several faults at a share of all requests, never more than twice in a row at the same request.

    Attributes:
        names: The faults; each meets the places of its own.
        percent: Share of requests, in percent.
        seed: Decides which.
        options: Options of the faults by name.
    """

    names: tuple[str, ...]
    percent: float
    seed: int
    options: dict[str, dict[str, Any]]

    def throw(self, call: Call, place: Place, time: int) -> PlantedFault | None:
        """What a request meets when it is made for the `time`-th time."""
        key = call.key()
        if chance(self.seed, "storm", key, time) * 100 >= self.percent:
            return None
        fitting = [name for name in self.names if place.kind in CATALOG[name].places]
        if not fitting:
            return None
        name = fitting[pick(len(fitting), self.seed, "which", key, time)]
        return fault(name, seed=self.seed, times=FOREVER, **self.options.get(name, {}))


class FaultPlayer:
    """The faults of one server.

    Args:
        planted: Faults in the order in which they are tried.
        storm: Faults by chance, for requests that met no planted one.
        world: The simulated world.
        now: The clock, aware.
        blocks: Limits and what is blocked by them.
    """

    def __init__(
        self,
        planted: Sequence[PlantedFault],
        storm: Storm | None,
        world: World,
        now: Callable[[], datetime],
        blocks: Blocks,
    ) -> None:
        self.planted = tuple(planted)
        self.storm = storm
        self.world = world
        self.now = now
        self.blocks = blocks
        self.played: list[Played] = []
        self._count: Counter[tuple[int, str]] = Counter()
        self._seen: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()
        self._lock = threading.Lock()

    def meet(self, call: Call, place: Place) -> tuple[Reply | None, PlantedFault | None]:
        """What a request meets before it is answered: a reply instead of the answer, and the job that it starts.

        Raises:
            GraphError: A fault that answers with an error.
        """
        self.blocks.charge(call, place)
        for index, one in enumerate(self.planted):
            if not one.concerns(call, place):
                continue
            if one.kind.effect == "lock":
                self._begin(one, index, call, place)
            elif self._applies(one, call, place) and self._take(one, index, call, place):
                return _play(one), None
        return self._thrown(call, place)

    def job(self, call: Call, place: Place, rows: int, thrown: PlantedFault | None) -> PlantedFault | None:
        """The fault that a new run of so many rows meets."""
        for index, one in enumerate(self.planted):
            large = one.kind.effect != "job_size" or rows > one.options["max_rows"]
            fits = one.kind.effect in {"job", "job_size"} and large
            if fits and one.concerns(call, place) and self._take(one, index, call, place):
                return one
        return thrown

    def refuse_size(self, call: Call, place: Place, rows: int, fields: int) -> None:
        """Refuses insights of too many rows and fields.

        Raises:
            GraphError: Too many.
        """
        for index, one in enumerate(self.planted):
            large = one.kind.effect == "data_size" and rows * fields > one.options["max_cells"]
            if large and one.concerns(call, place) and self._take(one, index, call, place):
                raise planted_error(one)

    def refuse_creatives(self, call: Call, place: Place, creative_ids: Sequence[str]) -> None:
        """Refuses a page that holds a poisoned creative with the field that poisons it.

        Raises:
            GraphError: It does.
        """
        for index, one in enumerate(self.planted):
            if one.kind.effect != "creative" or not call.names_field(one.options["field"]):
                continue
            if not one.concerns(call, place) or self.poisoned(one, place.account_id) not in creative_ids:
                continue
            if self._take(one, index, call, place):
                raise planted_error(one)

    def poisoned(self, one: PlantedFault, account_id: str) -> str:
        """Id of the creative that is poisoned in an account: one that was there from the start."""
        if one.options["creative_id"]:
            return str(one.options["creative_id"])
        made = self.world.account(account_id)
        oldest = min(ad.start for ad in made.ads)
        with_story = {ad.creative.id for ad in made.ads if ad.start == oldest and ad.creative.kind != "post"}
        candidates = sorted(with_story or {item.id for item in made.creatives})
        return candidates[pick(len(candidates), one.seed, account_id, "creative")]

    def of_rows(self, effect: str, call: Call, place: Place) -> PlantedFault | None:
        """The fault with an effect on rows that a request for them meets."""
        found = next((one for one in self.planted if one.kind.effect == effect and one.concerns(call, place)), None)
        if found is not None:
            self._note(found, call, place)
        return found

    def _begin(self, one: PlantedFault, index: int, call: Call, place: Place) -> None:
        try:
            self.blocks.begin(one, index, call, place)
        except LimitError:
            self._note(one, call, place)
            raise

    def _applies(self, one: PlantedFault, call: Call, place: Place) -> bool:
        effect = one.kind.effect
        if effect == "page_size":
            return page_request("", call.params).limit > int(one.options["max_rows"])
        if effect == "field":
            return call.names_field(str(one.options["field"]))
        if effect == "old_start":
            return self._starts_too_early(one, call, place)
        if effect == "error":
            newest = one.options.get("version")
            return not newest or _number(call.version) <= _number(newest)
        return effect in _CLOSING

    def _starts_too_early(self, one: PlantedFault, call: Call, place: Place) -> bool:
        try:
            since = date.fromisoformat(json.loads(call.params["time_range"])["since"])
        except (KeyError, TypeError, ValueError):
            return False
        days = self.world.days(place.account_id)
        return since < oldest_start(days.date_of(days.today(self.now())), one.options["months"])

    def _take(self, one: PlantedFault, index: int, call: Call, place: Place) -> bool:
        with self._lock:
            key = (index, one.scope_key(call, place))
            if one.times != FOREVER and self._count[key] >= one.times:
                return False
            self._count[key] += 1
        self._note(one, call, place)
        return True

    def _note(self, one: PlantedFault, call: Call, place: Place) -> None:
        self.played.append(Played(one.kind.name, call.method, "/".join(call.path), place.account_id))

    def _thrown(self, call: Call, place: Place) -> tuple[Reply | None, PlantedFault | None]:
        if self.storm is None:
            return None, None
        key = call.key()
        with self._lock:
            self._seen[key] += 1
            time = self._seen[key]
            one = self.storm.throw(call, place, time) if self._in_a_row[key] < MOST_IN_A_ROW else None
            self._in_a_row[key] = self._in_a_row[key] + 1 if one else 0
        if one is None:
            return None, None
        self._note(one, call, place)
        if place.kind == REPORT_START and one.kind.effect == "job":
            return None, one
        if one.kind.effect == "lock":
            raise self.blocks.error(one, place, one.options["regain_min"] * 60.0)
        return _play(one), None


def _play(one: PlantedFault) -> Reply:
    effect = one.kind.effect
    if effect == "html":
        return Reply(HTML, one.kind.status, "text/html")
    if effect in {"body", "empty"}:
        return Reply(str(one.options.get("body", '{"data":[]}')).encode())
    if effect == "truncate":
        return TRUNCATED
    if effect == "reset":
        return Reply(how="reset")
    if effect == "hang":
        return Reply(how="hang", hang_s=float(one.options["hang_s"]))
    raise planted_error(one)


def _number(version: str) -> float:
    return float(version.removeprefix("v") or "inf")
