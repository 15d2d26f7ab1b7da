"""When the next call may be made: one budget for the app (a token) and one for each of its ad accounts.

Fed by the usage headers of every response, failures included. Times are instants in seconds that the caller passes in:
nothing here sleeps, asks or reads a clock. See docs/adr/0009.
API page: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

import threading
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from insights_assets.graph_api.errors import GraphApiError
from insights_assets.graph_api.usage import FULL_PERCENT, Usage

# Below it calls go at full speed; from here to FULL_PERCENT each waits longer, up to LONGEST_PACE_S.
PACED_PERCENT: Final = 75.0
LONGEST_PACE_S: Final = 60.0
# A full limit whose headers name no time: they are averages over an hour, so minutes free some of it.
FULL_WAIT_S: Final = 300.0
# A block without a header and without a time of its own.
UNKNOWN_BLOCK_S: Final = 300.0
# Calls answered with a limit before nobody asks until the longest block there is must be over.
MAX_REFUSALS: Final = 3
LONGEST_BLOCK_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Block:
    """A limit that was hit.

    Attributes:
        since: Instant of the first refused call.
        until: Instant before which no call is made.
        refusals: Refused calls so far, the first included.
        code: Meta's error code; None when a header alone said so.
        subcode: Meta's error subcode.
        message: Meta's message, redacted.
    """

    since: float
    until: float
    refusals: int
    code: int | None
    subcode: int | None
    message: str

    def left_s(self, now: float) -> float:
        """Seconds left of it, never more than it had; 0 or less when it is over.

        A replay sets its clock back. What was found long after now is of another time line and no block of this one.
        """
        return 0.0 if self.since - now > LONGEST_BLOCK_S else self.until - max(now, self.since)

    def fits(self, max_wait_s: float) -> bool:
        """Whether waiting it out is allowed; the wait counts from the block's first call, over all who meet it."""
        return self.refusals < MAX_REFUSALS and self.until - self.since <= max_wait_s

    def error(self, account: str, now: float) -> GraphApiError:
        """What a call that is not made fails with."""
        return GraphApiError(
            self.message,
            error_type="rate_limited",
            code=self.code,
            subcode=self.subcode,
            action="wait",
            advice="Nothing was asked: wait until the limit has passed, then run it again.",
            attempted=f"Asking about {account or 'the accounts of this token'}",
            retry_after_s=self.left_s(now),
        )


class SharedBlock(Protocol):
    """Where processes tell each other that the app is blocked."""

    def read(self) -> Block | None:
        """The block that some process found, or None."""

    def write(self, block: Block | None) -> None:
        """Tells the others; None when it is over."""


@dataclass(slots=True)
class _Scope:
    block: Block | None = None
    pace_s: float = 0.0
    paced_from: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What the next call must do.

    Attributes:
        pace_s: Seconds to wait so as not to run into a limit; 0 or less for none.
        wait_s: Seconds until a block is over.
        refusal: Why the call must not be made at all; None when it may.
        behind: The blocks of the app and of the account that the call comes after.
    """

    pace_s: float = 0.0
    wait_s: float = 0.0
    refusal: GraphApiError | None = None
    behind: tuple[Block | None, Block | None] = (None, None)


@dataclass
class Limiter:
    """The limits of one token, shared by every transport that uses it; safe to use from many threads.

    Args:
        shared: Tells other processes of a blocked app; None keeps it here.
    """

    shared: SharedBlock | None = None
    _app: _Scope = field(default_factory=_Scope)
    _accounts: dict[str, _Scope] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, account: str, now: float, max_wait_s: float) -> Turn:
        """Says what a call about an account must do now.

        Args:
            account: The account's id, or an empty text for a call about no account.
            now: This instant.
            max_wait_s: Longest wait for one block, counted from its first refused call.
        """
        with self._lock:
            self._hear()
            scopes = (self._app, self._scope(account))
            blocks = [scope.block for scope in scopes if scope.block is not None and scope.block.left_s(now) > 0]
            hopeless = [block for block in blocks if not block.fits(max_wait_s)]
            if hopeless:
                return Turn(refusal=max(hopeless, key=lambda block: block.until).error(account, now))
            return Turn(
                pace_s=max(scope.pace_s - max(0.0, now - scope.paced_from) for scope in scopes),
                wait_s=max((block.left_s(now) for block in blocks), default=0.0),
                behind=(self._app.block, self._scope(account).block),
            )

    def answered(self, account: str, usage: Usage, now: float, *, turn: Turn) -> None:
        """Takes in a response that is no refusal: blocks that its call came after are over.

        Args:
            account: As for ``turn``.
            usage: What the response's headers say.
            now: This instant.
            turn: The call's turn; a block found since then stays.
        """
        with self._lock:
            for scope, block in zip((self._app, self._scope(account)), turn.behind, strict=True):
                if block is not None and scope.block == block:
                    self._set(scope, None)
            self._note(account, usage, now)

    def failed(self, account: str, usage: Usage, now: float) -> None:
        """Takes in the headers of a failure that is no limit; what is blocked stays blocked."""
        with self._lock:
            self._note(account, usage, now)

    def refused(self, account: str, error: GraphApiError, usage: Usage, now: float) -> float:
        """Takes in a rate limit error.

        Args:
            account: As for ``turn``.
            error: The error; its ``scope`` says whose limit it is, its ``retry_after_s`` the usual length.
            usage: What the response's headers say.
            now: This instant.

        Returns:
            Seconds until the next call.
        """
        with self._lock:
            scope = self._app if error.scope == "app" else self._scope(account)
            old = scope.block
            # A block that was given up, or is older than blocks become, is not the one met now.
            if old is None or old.refusals >= MAX_REFUSALS or now - old.since > LONGEST_BLOCK_S:
                since, refusals = now, 1
            else:
                since, refusals = old.since, old.refusals + 1
            # Without a header the waits double: with 10 minutes the calls come after 0, 10 and 30 of an hour's block.
            usual = (error.retry_after_s or UNKNOWN_BLOCK_S) * 2 ** (refusals - 1)
            until = now + (usage.wait_s or usual)
            if refusals >= MAX_REFUSALS:
                until = max(until, since + LONGEST_BLOCK_S)
            self._set(scope, Block(since, until, refusals, error.code, error.subcode, error.message))
            self._note(account, usage, now)
            return until - now

    def _scope(self, account: str) -> _Scope:
        return self._accounts.setdefault(account, _Scope())

    def _hear(self) -> None:
        if self.shared is None:
            return
        told = self.shared.read()
        if told is not None and (self._app.block is None or self._app.block.until < told.until):
            self._app.block = told

    def _set(self, scope: _Scope, block: Block | None) -> None:
        scope.block = block
        if scope is self._app and self.shared is not None:
            self.shared.write(block)

    def _note(self, account: str, usage: Usage, now: float) -> None:
        self._weigh(self._app, usage.app_percent, 0.0, now)
        self._weigh(self._scope(account), usage.account_percent, usage.account_wait_s, now)

    def _weigh(self, scope: _Scope, percent: float, wait_s: float, now: float) -> None:
        scope.pace_s, scope.paced_from = pace_s(percent), now
        if wait_s > 0 or percent >= FULL_PERCENT:
            until = now + (wait_s or FULL_WAIT_S)
            old = scope.block
            if old is None or (old.refusals == 0 and old.until <= now):
                self._set(scope, Block(now, until, 0, None, None, f"{percent:.0f} % of a rate limit is used"))
            elif old.until < until:
                self._set(scope, replace(old, until=until))


def pace_s(percent: float) -> float:
    """Seconds between calls at a share of a limit: 0 up to 75 %, 15 at 85 %, 60 from 95 % on."""
    share = (min(percent, FULL_PERCENT) - PACED_PERCENT) / (FULL_PERCENT - PACED_PERCENT)
    return LONGEST_PACE_S * max(0.0, share) ** 2
