"""What the API reads from: frames of single accounts, at hand in memory up to a bound, of commits that are known.

A request looks once (`Shelf.look`): all its frames are of the snapshots of that moment, and so is its ETag.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import polars as pl

from insights_assets.api.freshness import Ends
from insights_assets.api.rollup import TABLES, Rollup, RollupKeeper, mark_of
from insights_assets.api.served_views import REGISTRY, View
from insights_assets.api.snapshots import ALL, Snapshot, Snapshots
from insights_assets.tables.model import Table

READERS: Final = 4  # threads; polars reads a file with all cores, so more would only wait
THINGS: Final = 1000  # answers in parts, each counted as one
T = TypeVar("T")


class Bounded(Generic[T]):
    """Newest used values up to a number of bytes; for many threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._values: OrderedDict[Hashable, tuple[str, T, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0

    def get(self, key: Hashable, mark: str) -> T | None:
        """The value of this state, if it is at hand."""
        with self._lock:
            found = self._values.get(key)
            if found is None or found[0] != mark:
                return None
            self._values.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, mark: str, value: T, size: int) -> None:
        """Keep a value; an older state of it goes."""
        with self._lock:
            if key in self._values:
                self.bytes -= self._values.pop(key)[2]
            if size > self._most:
                return
            self._values[key] = (mark, value, size)
            self.bytes += size
            while self.bytes > self._most:
                self.bytes -= self._values.popitem(last=False)[1][2]


class Shelf:
    """Frames by account and view.

    Args:
        snapshots: newest commits.
        most_bytes: memory of the frames that are kept.
    """

    def __init__(self, snapshots: Snapshots, most_bytes: int) -> None:
        self.snapshots = snapshots
        self.frames = Bounded[pl.DataFrame](most_bytes)
        self._keeper = RollupKeeper(snapshots.lake)
        self.things = Bounded[Any](THINGS)
        self._pool = ThreadPoolExecutor(READERS, "shelf")
        self._loading: dict[Hashable, asyncio.Future[Any]] = {}
        self._people: tuple[str, dict[str, dict[str, Any]]] = ("", {})

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what would hold the others up."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def snapshot(self, table: Table) -> Snapshot:
        """The newest snapshot of a table."""
        known = self.snapshots.at_hand(table)
        if known is not None:
            return known
        return await self._once(("snapshot", table.name), lambda: self.snapshots.newest(table))

    async def rollup(self) -> Rollup:
        """Campaign weeks of all accounts."""
        pinned = {table: await self.snapshot(table) for table in TABLES}
        found = self._keeper.at_hand(pinned)
        if found is not None:
            return found
        return await self._once(("rollup", mark_of(pinned)), lambda: self._keeper.update(pinned))

    async def look(self, account_id: str, *wanted: tuple[View, str | None]) -> "Look":
        """Pin what a request will read."""
        tables = {view.table(level) for view, level in wanted} | {REGISTRY.table(None)}
        rollup = await self.rollup()
        pinned = {table: await self.snapshot(table) for table in tables}
        return Look(self, account_id, pinned, rollup.ends.get(account_id, (None, None)))

    async def people(self, snapshot: Snapshot) -> dict[str, dict[str, Any]]:
        """The registry, by account."""
        mark = snapshot.mark(ALL)
        if self._people[0] != mark:
            rows = await self.frame(REGISTRY, None, ALL, snapshot, None)
            self._people = (mark, {row["account_id"]: row for row in rows.iter_rows(named=True)})
        return self._people[1]

    async def whole(self, view: View) -> "Whole":
        """A view without partitions."""
        snapshot = await self.snapshot(view.table(None))
        mark = snapshot.mark(ALL)
        return Whole(await self.frame(view, None, ALL, snapshot, None), mark)

    async def frame(
        self, view: View, level: str | None, account_id: str, snapshot: Snapshot, currency: str | None
    ) -> pl.DataFrame:
        """Rows of one account at one snapshot."""
        found = self.at_hand(view, level, account_id, snapshot, currency)
        if found is not None:
            return found
        key, mark = _place(view, level, account_id, snapshot, currency)

        def load() -> pl.DataFrame:
            rows = self._read(view, level, account_id, snapshot, currency)
            self.frames.put(key, mark, rows, int(rows.estimated_size()))
            return rows

        return await self._once((key, mark), load)

    def at_hand(
        self, view: View, level: str | None, account_id: str, snapshot: Snapshot, currency: str | None
    ) -> pl.DataFrame | None:
        """The same, if it is in memory."""
        return self.frames.get(*_place(view, level, account_id, snapshot, currency))

    async def thing(self, key: Hashable, mark: str, make: Callable[[], T]) -> T:
        """Something small that several answers are made from, at hand as frames are."""
        found: T | None = self.things.get(key, mark)
        if found is not None:
            return found

        def work() -> T:
            value = make()
            self.things.put(key, mark, value, 1)
            return value

        return await self._once((key, mark), work)

    async def made(self, key: Hashable, mark: str, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """A frame that is made from others, at hand as they are."""
        found = self.frames.get(key, mark)
        if found is not None:
            return found

        def work() -> pl.DataFrame:
            rows = make()
            self.frames.put(key, mark, rows, int(rows.estimated_size()))
            return rows

        return await self._once((key, mark), work)

    def _read(
        self, view: View, level: str | None, account_id: str, snapshot: Snapshot, currency: str | None
    ) -> pl.DataFrame:
        lake = self.snapshots.lake
        try:
            return view.read(lake, account_id, snapshot.of(account_id), level, currency)
        except (FileNotFoundError, pl.exceptions.ComputeError, OSError):
            # A vacuum may have taken files that nothing newer needs: look again, once.
            newest = self.snapshots.newest(snapshot.table, anew=True)
            return view.read(lake, account_id, newest.of(account_id), level, currency)

    async def _once(self, key: Hashable, work: Callable[[], T]) -> T:
        """Do some work in a thread; who wants the same meanwhile waits for it."""
        running = self._loading.get(key)
        if running is None:
            running = asyncio.ensure_future(self.in_thread(work))
            self._loading[key] = running
            running.add_done_callback(lambda _: self._loading.pop(key, None))
        result: T = await asyncio.shield(running)
        return result


def _place(
    view: View, level: str | None, account_id: str, snapshot: Snapshot, currency: str | None
) -> tuple[Hashable, str]:
    """Key and mark of a frame; what differs in its columns alone is another frame."""
    return (view.name, len(view.columns), level, account_id), f"{snapshot.mark(account_id)} {currency}"


@dataclass(frozen=True)
class Whole:
    """All rows of a small table, and the mark of their state."""

    rows: pl.DataFrame
    mark: str


@dataclass(frozen=True)
class Look:
    """One request's view of an account: snapshots that stay as they are while it reads.

    `ends` are when a step of the account last succeeded and failed.
    """

    shelf: Shelf
    account_id: str
    snapshots: dict[Table, Snapshot]
    ends: Ends

    @property
    def mark(self) -> str:
        """What the answer depends on."""
        marks = [s.mark(self.account_id if t.partitioned else ALL) for t, s in self.snapshots.items()]
        return " ".join([*sorted(marks), *map(str, self.ends)])

    def has(self, view: View, level: str | None) -> bool:
        """Whether anything was ever written of the account."""
        return bool(self.snapshots[view.table(level)].of(self.account_id))

    async def account(self) -> dict[str, Any] | None:
        """The account's row of the registry."""
        return (await self.shelf.people(self.snapshots[REGISTRY.table(None)])).get(self.account_id)

    async def frame(self, view: View, level: str | None = None) -> pl.DataFrame:
        """Rows of the account."""
        return (await self.frames((view, level)))[0]

    async def frames(self, *wanted: tuple[View, str | None]) -> list[pl.DataFrame]:
        """Rows of several views, read at the same time."""
        account = await self.account()
        currency = account["currency"] if account else None
        asked = [(view, level, self.account_id, self.snapshots[view.table(level)], currency) for view, level in wanted]
        at_hand = [self.shelf.at_hand(*each) for each in asked]
        if all(rows is not None for rows in at_hand):
            return [rows for rows in at_hand if rows is not None]
        return list(await asyncio.gather(*(self.shelf.frame(*each) for each in asked)))
