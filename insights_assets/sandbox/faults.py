"""Faults by path: a test that wants an answer of its own plants it here; those with a name are in `planting`."""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from insights_assets.sandbox.replies import HTML, Reply


@dataclass(frozen=True)
class Fault:
    """Spoils the first requests that match.

    Attributes:
        path_pattern: A regular expression searched in the path.
        times: How many matching requests it spoils.
        status: HTTP status of an "error" or "not_json" answer.
        body: JSON body of an "error" answer.
        headers: Extra headers; they replace the usual ones of the same name.
        kind: "error" answers with `body`; "disconnect" closes the connection before any answer; "truncate" closes it
            in the middle of one; "not_json" answers with a page that is not JSON.
        method: Only requests of this method; both when empty.
    """

    path_pattern: str
    times: int = 1
    status: int = 500
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["error", "disconnect", "truncate", "not_json"] = "error"
    method: str = ""

    def reply(self) -> Reply:
        """What it answers."""
        if self.kind == "disconnect":
            return Reply(how="reset")
        if self.kind == "truncate":
            return TRUNCATED
        if self.kind == "not_json":
            return Reply(HTML, self.status, "text/html", self.headers)
        return Reply(json.dumps(dict(self.body)).encode(), self.status, headers=self.headers)


TRUNCATED = Reply(b'{"data":[{"impressions":"12', how="truncate")


class FaultBox:
    """Counts down the faults of one server."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._left = [fault.times for fault in faults]
        self._lock = threading.Lock()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault to play for this request, if any; the first in order that still has times left."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                matches = re.search(fault.path_pattern, path) and fault.method in {"", method}
                if matches and self._left[index] > 0:
                    self._left[index] -= 1
                    return fault
        return None
