"""One asynchronous report run: start it, wait for it, and say what became of it.

API page: https://developers.facebook.com/docs/marketing-api/insights/best-practices#asynchronous
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from insights_assets.graph_api.errors import ErrorType, GraphApiError, classify
from insights_assets.graph_api.report_memory import ReportMemory
from insights_assets.graph_api.splitting import Ask
from insights_assets.graph_api.transport import Transport

logger = logging.getLogger(__name__)

_FIRST_POLL_S: Final = 0.1
_POLL_GROWTH: Final = 2.0
_LONGEST_POLL_S: Final = 30.0
# After a poll that came too soon: a fifth of what reports of this kind take.
_AFTER_EARLY_POLL: Final = 0.2

# A run that does not start, or does not move, for so long is given up and started again.
NOT_STARTED_S: Final = 300.0
NOT_MOVING_S: Final = 600.0
_WAITING: Final = frozenset({None, "Job Not Started"})

# A run that was just made is not everywhere yet. Later on, and elsewhere, 100/33 means "no permission".
_RACE: Final = (100, 33)
_RACE_S: Final = 30.0
_RACE_TRIES: Final = 5
_RACE_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Waiter:
    """Waits for runs; polls as seldom as what is known of earlier runs allows.

    Attributes:
        transport: Where to ask; its ``sleep`` and its clock are used.
        memory: What earlier reports took.
        out_of_time: Whether the caller's time is over.
    """

    transport: Transport
    memory: ReportMemory
    out_of_time: Callable[[], bool]

    def start(self, ask: Ask) -> str:
        """Starts a run.

        Returns:
            The run's id.

        Raises:
            GraphApiError: The question was refused, or the answer names no run.
        """
        started = self.transport.post(f"{ask.account}/insights", ask.params())
        run_id = started.get("report_run_id")
        if not run_id:
            raise run_failure(f"The {ask}", "the answer names no report_run_id", "data")
        return str(run_id)

    def wait(self, run_id: str, ask: Ask) -> GraphApiError | None:
        """Waits for a run: None when it is completed, its error when it failed, stood still or ran out of time.

        Only the status counts: a run at 100 percent can still be running.

        Raises:
            GraphApiError: The run's state could not be read.
        """
        clock, kind = self.transport.working_s, (ask.level, ask.step)
        known_s = self.memory.first_poll_s(kind)
        pause_s = _FIRST_POLL_S if known_s is None else known_s
        begun = moved = clock()
        seen: object = None
        while True:
            if pause_s > 0:
                self.transport.sleep(pause_s)
            state = self._state(run_id, ask, begun)
            status = state.get("async_status")
            if status == "Job Completed":
                self.memory.took(kind, clock() - begun)
                return None
            if status in ("Job Failed", "Job Skipped"):
                return _run_error(state, f"The {ask}", str(status))
            now = clock()
            if (status, state.get("async_percent_completion")) != seen:
                seen, moved = (status, state.get("async_percent_completion")), now
            still_s = now - moved
            if self.out_of_time() or still_s >= (NOT_STARTED_S if status in _WAITING else NOT_MOVING_S):
                return run_failure(f"The {ask}", f"still {status!r} after {now - begun:.0f} s", "network")
            # The first poll that came too soon is followed closely, the next ones ever less so.
            if known_s is not None:
                pause_s, known_s = max(_FIRST_POLL_S, _AFTER_EARLY_POLL * known_s), None
            else:
                pause_s = min(max(pause_s, _FIRST_POLL_S) * _POLL_GROWTH, _LONGEST_POLL_S)

    def _state(self, run_id: str, ask: Ask, begun: float) -> dict[str, Any]:
        for _ in range(_RACE_TRIES):
            try:
                return self.transport.get(run_id, account=ask.account, needs="async_status")
            except GraphApiError as error:
                if (error.code, error.subcode) != _RACE or self.transport.working_s() - begun > _RACE_S:
                    raise
            self.transport.sleep(_RACE_PAUSE_S)
        return self.transport.get(run_id, account=ask.account, needs="async_status")


def run_failure(what: str, problem: str, error_type: ErrorType) -> GraphApiError:
    """An error of ours about a run; another run may do better."""
    return GraphApiError(
        problem,
        error_type=error_type,
        action="retry",
        attempted=what,
        advice="Run it again later; if it stays, ask for fewer days at once.",
    )


def _run_error(state: Mapping[str, Any], what: str, status: str) -> GraphApiError:
    """The error of a failed run; since v25 the run itself carries code and subcode."""
    message = state.get("error_user_msg") or state.get("error_message") or status
    body = {"code": state.get("error_code"), "error_subcode": state.get("error_subcode"), "message": message}
    error = classify(None, {"error": body})
    error.attempted = what
    if error.error_type == "unknown":
        error.action = "retry"
        error.advice = "Run it again later; if it stays, ask for fewer days at once."
    return error
