"""The one exception this package raises, and how a response becomes one.

API page: https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from insights_assets.graph_api.backoff import Backoff
from insights_assets.graph_api.error_rules import RULES, Action, Alert, ErrorRule, ErrorType, Scope, rule_for
from insights_assets.graph_api.redaction import redact
from insights_assets.problems import FailedError

__all__ = [
    "RULES",
    "Action",
    "Alert",
    "ErrorRule",
    "ErrorType",
    "GraphApiError",
    "MalformedRecordError",
    "Scope",
    "classify",
    "from_rule",
    "rule_for",
]


# Where no row of the taxonomy says which alert opens; what heals by itself opens none.
_ALERTS: Final[Mapping[ErrorType, Alert]] = {
    "token_invalid": "token_invalid",
    "permission": "permission",
    "rate_limited": "rate_limited",
    "api_version": "api_version",
    "data": "data",
    "network": "none",
    "unknown": "none",
}


class GraphApiError(FailedError):
    """A request that did not give what was asked for.

    Attributes:
        error_type: token_invalid, permission, rate_limited, network, data, api_version or unknown.
        code: Meta's error code, or None when there was no error body.
        subcode: Meta's error subcode, or None.
        http_status: HTTP status, or None when no response came.
        message: What happened, redacted.
        action: retry, wait, split or stop.
        advice: One sentence: what to do.
        attempts: How many times the request was sent.
        attempted: What was being done and where, redacted.
        retry_after_s: Seconds until it is worth asking again, or None when unknown.
        shrink: A smaller page may help.
        alert: Which alert opens when nothing helped: token_invalid, permission, rate_limited, api_version, data, none.
        scope: Whose limit it is, for a rate limit: app or account.
        ladder: Pauses between tries, or None for the usual ones.
    """

    def __init__(
        self,
        message: str,
        *,
        error_type: ErrorType = "unknown",
        code: int | None = None,
        subcode: int | None = None,
        http_status: int | None = None,
        action: Action = "stop",
        advice: str = "",
        attempts: int = 1,
        attempted: str = "",
        retry_after_s: float | None = None,
        shrink: bool = False,
        alert: Alert | None = None,
        scope: Scope = "account",
        ladder: Backoff | None = None,
    ) -> None:
        self.error_type: ErrorType = error_type
        self.code = code
        self.subcode = subcode
        self.http_status = http_status
        self.message = redact(message)
        self.action: Action = action
        self.advice = advice
        self.attempts = attempts
        self.attempted = redact(attempted)
        self.retry_after_s = retry_after_s
        self.shrink = shrink
        self.alert: Alert = alert or _ALERTS[error_type]
        self.scope: Scope = scope
        self.ladder = ladder
        super().__init__(self.message)

    @property
    def retryable(self) -> bool:
        """Whether the same request can succeed later."""
        return self.action in ("retry", "wait")

    def __str__(self) -> str:
        """One sentence with what was attempted, then one with what to do."""
        facts = []
        if self.code is not None:
            facts.append(f"code {self.code}" + (f"/{self.subcode}" if self.subcode is not None else ""))
        if self.http_status is not None:
            facts.append(f"HTTP {self.http_status}")
        if self.attempts > 1:
            facts.append(f"{self.attempts} attempts")
        if self.retry_after_s is not None:
            facts.append(f"retry in {self.retry_after_s:.0f} s")
        what = f"{self.attempted} failed: {self.message}" if self.attempted else self.message
        ending = f" ({', '.join(facts)})" if facts else ""
        advice = f". {self.advice}" if self.advice else ""
        return redact(f"{what.rstrip('. ')}{ending}{advice}")

    def __repr__(self) -> str:
        """The class, the type and the sentence; never a credential."""
        return f"{type(self).__name__}({self.error_type}: {self})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Lets the error cross process borders, which keyword-only arguments alone would not."""
        return (_rebuild, (type(self), self.__dict__.copy()))


def _rebuild(kind: type[GraphApiError], state: dict[str, Any]) -> GraphApiError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (state["message"],)
    return error


class MalformedRecordError(GraphApiError):
    """A row of a response does not have the shape of its kind.

    Args:
        record: The kind of record, such as ``Campaign``.
        field: The field at fault.
        problem: What is wrong with it.
    """

    def __init__(self, record: str, field: str, problem: str) -> None:
        self.record = record
        self.field = field
        super().__init__(
            f"{record}.{field} {problem}",
            error_type="data",
            action="stop",
            attempted=f"Reading a {record}",
            advice="Compare the response with Meta's changelog; the row was not used.",
        )


def from_rule(rule: ErrorRule, message: str, **details: Any) -> GraphApiError:
    """Makes the error that a rule describes.

    Args:
        rule: A row of the taxonomy.
        message: Meta's message, or ours.
        **details: Other fields of ``GraphApiError``.
    """
    return GraphApiError(
        message or rule.meaning,
        error_type=rule.error_type,
        action=rule.action,
        advice=rule.advice,
        shrink=rule.shrink,
        alert=rule.alert,
        scope=rule.scope,
        ladder=rule.ladder,
        **({"retry_after_s": rule.wait_s} | details),
    )


_BY_STATUS: Final[tuple[tuple[range, ErrorType, Action, str], ...]] = (
    (range(401, 402), "token_invalid", "stop", "Create a new access token for this account."),
    (range(403, 404), "permission", "stop", "Grant the token's user access to this account."),
    (range(408, 409), "network", "retry", "Run it again later."),
    (range(429, 430), "rate_limited", "wait", "Wait until the limit has passed."),
    (range(500, 600), "network", "retry", "Nothing to change: the service failed for a moment, run it again later."),
)


def classify(http_status: int | None, body: object) -> GraphApiError:
    """Turns a failed response into an error.

    Args:
        http_status: HTTP status, or None for a report run's own error.
        body: The response's body: text, bytes, or the decoded JSON.

    Returns:
        The error; it is for the caller to raise it.
    """
    details = _error_object(body)
    code, subcode = _integer(details.get("code")), _integer(details.get("error_subcode"))
    message = str(details.get("error_user_msg") or details.get("message") or "") if details else ""
    kind = details.get("type")
    rule = rule_for(code, subcode, kind if isinstance(kind, str) else None)
    transient = details.get("is_transient") is True
    # `is_transient` is untrue on limits, so a rule comes first, but for the one that says least.
    if rule is not None and not (transient and rule.error_type == "data" and rule.subcode is None):
        return from_rule(rule, message, code=code, subcode=subcode, http_status=http_status)
    if transient:
        return GraphApiError(
            message or "a transient error",
            error_type="network",
            code=code,
            subcode=subcode,
            http_status=http_status,
            action="retry",
            advice="Nothing to change: Meta calls it transient, run it again later.",
        )
    for statuses, error_type, action, advice in _BY_STATUS:
        if http_status in statuses:
            return GraphApiError(
                message or f"HTTP {http_status} without an error body",
                error_type=error_type,
                code=code,
                subcode=subcode,
                http_status=http_status,
                action=action,
                advice=advice,
            )
    return GraphApiError(
        message or "an answer that is neither data nor a known error",
        code=code,
        subcode=subcode,
        http_status=http_status,
        advice="Look the code up in Meta's error reference.",
    )


def _error_object(body: object) -> Mapping[str, Any]:
    if isinstance(body, (str, bytes)):
        try:
            body = json.loads(body)
        except ValueError:
            return {}
    error = body.get("error") if isinstance(body, Mapping) else None
    return error if isinstance(error, Mapping) else {}


def _integer(value: object) -> int | None:
    # Codes arrive as numbers, now and then as strings; bool is an int in Python and never a code.
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        return int(value)
    except ValueError:
        return None
