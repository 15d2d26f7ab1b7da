"""What each error code of the Graph API means and what to do about it, as data; `docs/errors.md` shows it as a table.

Matching is by code, subcode and exception type, never by message text: messages are localized and reworded.
API page: https://developers.facebook.com/docs/marketing-api/error-reference
"""

from dataclasses import dataclass
from typing import Final, Literal

from insights_assets.graph_api.backoff import UNREADABLE, Backoff

ErrorType = Literal["token_invalid", "permission", "rate_limited", "network", "data", "api_version", "unknown"]
Action = Literal["retry", "wait", "split", "stop"]
Alert = Literal["token_invalid", "permission", "rate_limited", "api_version", "data", "none"]
Scope = Literal["app", "account"]


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One row of the taxonomy.

    Attributes:
        code: First code the rule covers.
        subcode: The subcode it needs, or None for any.
        error_type: Our name for the kind of failure.
        action: retry (soon), wait (for the limit to pass), split (ask for less) or stop.
        advice: One sentence for the person who reads the error.
        meaning: What Meta means by it.
        alert: Which alert opens when the error is final; none where the next run most likely heals it.
        statuses: HTTP statuses it is documented with; empty where it comes on a report run or none is known.
        last_code: Last code covered when the rule covers a range.
        kind: The exception type (`error.type`) it needs, or None for any.
        wait_s: Seconds to wait when no usage header says how long.
        scope: Whose limit it is: of the app (all accounts of a token wait) or of one account.
        shrink: Asking for a smaller page may help, besides retrying.
        ladder: Pauses between tries where the usual ones are too short.
    """

    code: int | None
    subcode: int | None
    error_type: ErrorType
    action: Action
    advice: str
    meaning: str
    alert: Alert
    statuses: tuple[int, ...] = ()
    last_code: int | None = None
    kind: str | None = None
    wait_s: float | None = None
    scope: Scope = "account"
    shrink: bool = False
    ladder: Backoff | None = None

    def covers(self, code: int | None, subcode: int | None, kind: str | None = None) -> bool:
        """Whether the rule speaks about this code, subcode and exception type."""
        if self.subcode is not None and self.subcode != subcode:
            return False
        if self.kind is not None and self.kind != kind:
            return False
        if self.code is None:
            return True
        return code is not None and self.code <= code <= (self.last_code or self.code)

    @property
    def specificity(self) -> tuple[bool, bool, bool, bool]:
        """Sort key: a subcode beats none, then an exception type, a code beats any code, one code beats a range."""
        return (self.subcode is not None, self.kind is not None, self.code is not None, self.last_code is None)


# Not a credential: advice about one.
_NEW_TOKEN: Final = "Create a new access token for this account and put it in place of the old one."  # noqa: S105
_LOG_IN: Final = "Let the token's user log in at facebook.com and follow the instructions there, then run it again."
_GRANT: Final = "Grant the token's user or system user the ads_read permission on this account, then run it again."
_WAIT: Final = "Wait until the limit has passed; the run resumes by itself when the wait fits its budget."
_LATER: Final = "Nothing to change: Meta's service failed for a moment, run it again later."
_LESS: Final = "Ask for fewer days or fewer rows at once."
_APPEAL: Final = "Resolve the restriction in Meta Business Support Home."
_UPGRADE: Final = "Set META_GRAPH_VERSION to a supported version."
_RECENT: Final = "Start less than 37 months ago."
_STORY: Final = "Leave that creative's object_story_spec out."
_PAGE: Final = "Link the profile to its delegate page."
_SETTINGS: Final = "Correct the request's settings."
_PARAMETER: Final = "Correct the parameter that the message names."

_AUTH: Final = (400, 403)
_BAD: Final = (400,)

RULES: Final[tuple[ErrorRule, ...]] = (
    # Token and permission: retrying never helps and may lock the app.
    ErrorRule(190, 463, "token_invalid", "stop", _NEW_TOKEN, "the access token has expired", "token_invalid", _AUTH),
    ErrorRule(190, 460, "token_invalid", "stop", _NEW_TOKEN, "the user changed the password", "token_invalid", _AUTH),
    ErrorRule(190, 458, "token_invalid", "stop", _NEW_TOKEN, "the user removed the app", "token_invalid", _AUTH),
    ErrorRule(190, 459, "token_invalid", "stop", _LOG_IN, "the user must pass a checkpoint", "token_invalid", _AUTH),
    ErrorRule(190, 464, "token_invalid", "stop", _LOG_IN, "the user is not confirmed", "token_invalid", _AUTH),
    ErrorRule(190, None, "token_invalid", "stop", _NEW_TOKEN, "the access token is not valid", "token_invalid", _AUTH),
    ErrorRule(102, None, "token_invalid", "stop", _NEW_TOKEN, "the token's session is over", "token_invalid", _AUTH),
    ErrorRule(10, None, "permission", "stop", _GRANT, "the app lacks a permission", "permission", _AUTH),
    ErrorRule(200, None, "permission", "stop", _GRANT, "a permission is missing", "permission", _AUTH, last_code=299),
    ErrorRule(803, None, "permission", "stop", _GRANT, "an object does not exist or is hidden", "permission", _AUTH),
    ErrorRule(100, 33, "permission", "stop", _GRANT, "the object does not exist or is hidden", "permission", _BAD),
    # "Unsupported request - method type: get": it has no subcode, but an exception type of its own.
    ErrorRule(
        *(100, None, "permission", "stop", _GRANT, "the object or edge may not be read", "permission", _BAD),
        kind="GraphMethodException",
    ),
    ErrorRule(1, 2853001, "permission", "stop", _PAGE, "the profile has no delegate page", "permission", _BAD),
    ErrorRule(368, None, "permission", "stop", _APPEAL, "restricted by policy", "permission", _BAD),
    # Limits: budgets count calls, so a smaller page makes them worse; only waiting helps. Meta throttles with HTTP 400.
    ErrorRule(4, None, "rate_limited", "wait", _WAIT, "the app made too many calls", "rate_limited", _BAD, scope="app"),
    ErrorRule(17, 2446079, "rate_limited", "wait", _WAIT, "the ad account is locked", "rate_limited", _BAD, wait_s=600),
    # The user behind the token is at its limit: every account of the token is.
    ErrorRule(
        17, None, "rate_limited", "wait", _WAIT, "the user made too many calls", "rate_limited", _BAD, scope="app"
    ),
    ErrorRule(32, None, "rate_limited", "wait", _WAIT, "the page got too many calls", "rate_limited", _BAD),
    ErrorRule(341, None, "rate_limited", "wait", _WAIT, "temporarily blocked", "rate_limited", _BAD, wait_s=600),
    ErrorRule(613, 1487742, "rate_limited", "wait", _WAIT, "a burst of calls on one account", "none", _BAD, wait_s=60),
    ErrorRule(613, None, "rate_limited", "wait", _WAIT, "a custom limit was reached", "rate_limited", _BAD),
    ErrorRule(
        *(80000, 2446079, "rate_limited", "wait", _WAIT, "too many calls on the ad account", "rate_limited", _BAD),
        last_code=80006,
        wait_s=600,
    ),
    ErrorRule(
        *(80000, None, "rate_limited", "wait", _WAIT, "a business use case limit was reached", "rate_limited", _BAD),
        last_code=80006,
    ),
    ErrorRule(80008, None, "rate_limited", "wait", _WAIT, "a business use case limit", "rate_limited", _BAD),
    ErrorRule(80014, None, "rate_limited", "wait", _WAIT, "the catalogue batch limit", "rate_limited", _BAD),
    # Too much at once: the same request fails the same way again.
    ErrorRule(100, 1487534, "data", "split", _LESS, "more data than one call may return", "data", _BAD),
    ErrorRule(2, 1504038, "data", "split", _LESS, "the report is too large", "data"),
    # Transient: the same request works a little later.
    ErrorRule(1, 99, "network", "retry", _LATER, "an unknown error", "none", (500,), shrink=True),
    ErrorRule(
        1, None, "network", "retry", _LATER, "unknown, or too much data in one page", "none", (500,), shrink=True
    ),
    ErrorRule(2, 1504044, "network", "retry", _LATER, "the report failed for a moment", "none"),
    ErrorRule(2, None, "network", "retry", _LATER, "the service is temporarily unavailable", "none", (400, 500)),
    ErrorRule(104, None, "network", "retry", _LATER, "the connection was reset inside Meta", "none"),
    ErrorRule(960, None, "network", "retry", _LATER, "a batch timed out", "none", _BAD, shrink=True),
    ErrorRule(None, 1504018, "network", "retry", _LATER, "the request timed out", "none", _BAD, shrink=True),
    ErrorRule(2601, None, "network", "retry", _LATER, "the report cannot be read yet", "none", _BAD, ladder=UNREADABLE),
    ErrorRule(2601, 1815107, "network", "retry", _LATER, "the report is not readable", "none", _BAD, ladder=UNREADABLE),
    ErrorRule(2637, None, "network", "retry", _LATER, "the report is not loadable", "none", _BAD, ladder=UNREADABLE),
    # The request itself, or what an account holds.
    ErrorRule(2635, None, "api_version", "stop", _UPGRADE, "this API version has expired", "api_version", _BAD),
    ErrorRule(3018, None, "data", "stop", _RECENT, "the start date is older than 37 months", "data", _BAD),
    ErrorRule(100, 3018, "data", "stop", _RECENT, "the start date is older than 37 months", "data", _BAD),
    ErrorRule(100, 2446289, "data", "stop", _SETTINGS, "the request's settings conflict", "data", _BAD),
    ErrorRule(100, 2446211, "data", "stop", _STORY, "a creative is broken", "data", _BAD),
    ErrorRule(100, 1443048, "data", "stop", _STORY, "a creative is broken", "data", _BAD),
    # No subcode: a wrong parameter, a field that may not be read, or, on a finished report, a hiccup ("cannot include
    # ... in summary"). What was asked tells them apart; see `reports.py`.
    ErrorRule(100, None, "data", "stop", _PARAMETER, "a parameter or a field is not allowed", "data", _BAD),
)

_BY_SPECIFICITY: Final = tuple(sorted(RULES, key=lambda rule: rule.specificity, reverse=True))


def rule_for(code: int | None, subcode: int | None, kind: str | None = None) -> ErrorRule | None:
    """Finds the most specific rule for an error.

    Args:
        code: ``error.code``.
        subcode: ``error.error_subcode``, or None.
        kind: ``error.type``, or None.

    Returns:
        The rule, or None when the error is unknown.
    """
    return next((rule for rule in _BY_SPECIFICITY if rule.covers(code, subcode, kind)), None)
