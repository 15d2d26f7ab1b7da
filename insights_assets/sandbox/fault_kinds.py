"""What a row of the fault catalog says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from insights_assets.sandbox import request_places as at

Effect = Literal[
    "error", "html", "hang", "reset", "truncate", "body", "empty", "lock", "page_size", "data_size", "field",
    "creative", "old_start", "job", "job_size", "duplicate_rows", "missing_key", "world",
]  # fmt: skip
# What counts as "the same again" when a fault stops after so many times.
Scope = Literal["request", "path", "account", "server"]

EVERYWHERE: Final = frozenset(at.PLACES)
OF_ONE_ACCOUNT: Final = EVERYWHERE - {at.ACCOUNTS}
INSIGHTS: Final = frozenset({at.INSIGHTS, at.REPORT_START, at.REPORT_ROWS})
ASKING: Final = frozenset({at.INSIGHTS, at.REPORT_START})
LISTS: Final = frozenset({at.ACCOUNTS, at.EDGE, at.INSIGHTS, at.REPORT_ROWS})
FOREVER: Final = 0


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One row of the catalog.

    Attributes:
        name: The name it is planted by.
        about: One sentence: what happens, and when it stops.
        effect: What plays it.
        places: The kinds of request that can meet it.
        status: HTTP status.
        error: The `error` object without its message, or the error fields of a failed run.
        message: Meta's message.
        limit: Which limit it is about; decides which usage header tells of it.
        times: How often the same thing meets it; `FOREVER` for always.
        scope: What "the same thing" is.
        one_account: A scenario plants it in one account that the seed picks, else in all.
        share: Share of distinct requests that a scenario spoils.
        in_storm: One of those that the storm throws.
        options: What may be changed when it is planted, with the defaults.
    """

    name: str
    about: str
    effect: Effect
    places: frozenset[str] = EVERYWHERE
    status: int = 200
    error: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    limit: str = ""
    times: int = 1
    scope: Scope = "request"
    one_account: bool = False
    share: float = 1.0
    in_storm: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
