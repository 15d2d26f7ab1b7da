"""What each error code of the Graph API means and what to do about it, as data.

Matching is by code and subcode, never by message text: messages are localized and reworded between versions.
API page: https://developers.facebook.com/docs/marketing-api/error-reference
"""

from dataclasses import dataclass
from typing import Final, Literal

ErrorType = Literal["token_invalid", "permission", "rate_limited", "network", "data", "api_version", "unknown"]
Action = Literal["retry", "wait", "split", "stop"]


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
        last_code: Last code covered when the rule covers a range.
        wait_s: Seconds to wait when no usage header says how long.
        shrink: Asking for a smaller page may help, besides retrying.
    """

    code: int | None
    subcode: int | None
    error_type: ErrorType
    action: Action
    advice: str
    meaning: str
    last_code: int | None = None
    wait_s: float | None = None
    shrink: bool = False

    def covers(self, code: int | None, subcode: int | None) -> bool:
        """Whether the rule speaks about this code and subcode."""
        if self.subcode is not None and self.subcode != subcode:
            return False
        if self.code is None:
            return True
        return code is not None and self.code <= code <= (self.last_code or self.code)

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """Sort key: a subcode beats none, a code beats any code, one code beats a range."""
        return (self.subcode is not None, self.code is not None, self.last_code is None)


# Not a credential: advice about one.
_NEW_TOKEN: Final = "Create a new access token for this account and put it in place of the old one."  # noqa: S105
_GRANT: Final = "Grant the token's user or system user the ads_read permission on this account, then run it again."
_WAIT: Final = "Wait until the limit has passed; the run resumes by itself when the wait fits its budget."
_LATER: Final = "Nothing to change: Meta's service failed for a moment, run it again later."
_LESS: Final = "Ask for fewer days or fewer rows at once."
_APPEAL: Final = "Resolve the restriction in Meta Business Support Home."
_UPGRADE: Final = "Set META_GRAPH_VERSION to a supported version."

RULES: Final[tuple[ErrorRule, ...]] = (
    # Token and permission: retrying never helps and may lock the app.
    ErrorRule(190, 463, "token_invalid", "stop", _NEW_TOKEN, "the access token has expired"),
    ErrorRule(190, 460, "token_invalid", "stop", _NEW_TOKEN, "the token's user changed the password"),
    ErrorRule(190, 458, "token_invalid", "stop", _NEW_TOKEN, "the user removed the app"),
    ErrorRule(190, None, "token_invalid", "stop", _NEW_TOKEN, "the access token is not valid"),
    ErrorRule(102, None, "token_invalid", "stop", _NEW_TOKEN, "the session of the token is over"),
    ErrorRule(10, None, "permission", "stop", _GRANT, "the app lacks a permission"),
    ErrorRule(200, None, "permission", "stop", _GRANT, "the user lacks a permission", last_code=299),
    ErrorRule(803, None, "permission", "stop", _GRANT, "an object does not exist or cannot be seen"),
    ErrorRule(100, 33, "permission", "stop", _GRANT, "the object does not exist or cannot be seen"),
    ErrorRule(368, None, "permission", "stop", _APPEAL, "restricted by policy"),
    # Limits: budgets count calls, so a smaller page makes them worse; only waiting helps.
    ErrorRule(4, None, "rate_limited", "wait", _WAIT, "the app made too many calls"),
    ErrorRule(17, 2446079, "rate_limited", "wait", _WAIT, "the ad account is locked for minutes", wait_s=600),
    ErrorRule(17, None, "rate_limited", "wait", _WAIT, "the user made too many calls"),
    ErrorRule(32, None, "rate_limited", "wait", _WAIT, "the page got too many calls"),
    ErrorRule(341, None, "rate_limited", "wait", _WAIT, "temporarily blocked", wait_s=600),
    ErrorRule(613, 1487742, "rate_limited", "wait", _WAIT, "a burst of calls on one ad account", wait_s=60),
    ErrorRule(613, None, "rate_limited", "wait", _WAIT, "a custom limit was reached"),
    ErrorRule(80000, None, "rate_limited", "wait", _WAIT, "a business use case limit was reached", last_code=80006),
    ErrorRule(80008, None, "rate_limited", "wait", _WAIT, "a business use case limit was reached"),
    ErrorRule(80014, None, "rate_limited", "wait", _WAIT, "the catalogue batch limit was reached"),
    # Too much at once: the same request fails the same way again.
    ErrorRule(100, 1487534, "data", "split", _LESS, "more data than one call may return"),
    ErrorRule(2, 1504038, "data", "split", _LESS, "the report is too large"),
    # Transient: the same request works a little later.
    ErrorRule(1, 99, "network", "retry", _LATER, "an unknown error"),
    ErrorRule(1, None, "network", "retry", _LATER, "an unknown error, or too much data in one page", shrink=True),
    ErrorRule(2, 1504044, "network", "retry", _LATER, "the report failed for a moment"),
    ErrorRule(2, None, "network", "retry", _LATER, "the service is temporarily unavailable"),
    ErrorRule(104, None, "network", "retry", _LATER, "the connection was reset inside Meta"),
    ErrorRule(960, None, "network", "retry", _LATER, "a batch timed out", shrink=True),
    ErrorRule(None, 1504018, "network", "retry", _LATER, "the request timed out", shrink=True),
    ErrorRule(2601, None, "network", "retry", _LATER, "the finished report cannot be read yet"),
    ErrorRule(2601, 1815107, "network", "retry", _LATER, "the finished report cannot be read yet"),
    ErrorRule(2637, None, "network", "retry", _LATER, "the report could not be loaded"),
    # The request itself, or what an account holds.
    ErrorRule(2635, None, "api_version", "stop", _UPGRADE, "this API version has expired"),
    ErrorRule(3018, None, "data", "stop", "Start less than 37 months ago.", "the start date is too old"),
    ErrorRule(100, 2446289, "data", "stop", "Correct the request's settings.", "the request's settings conflict"),
    ErrorRule(100, 2446211, "data", "stop", "Leave that creative's object_story_spec out.", "a creative is broken"),
    ErrorRule(100, 1443048, "data", "stop", "Leave that creative's object_story_spec out.", "a creative is broken"),
    ErrorRule(1, 2853001, "permission", "stop", "Link the profile to its delegate page.", "the profile has no page"),
    ErrorRule(100, None, "data", "stop", "Correct the parameter that the message names.", "a parameter is not allowed"),
)

_BY_SPECIFICITY: Final = tuple(sorted(RULES, key=lambda rule: rule.specificity, reverse=True))


def rule_for(code: int | None, subcode: int | None) -> ErrorRule | None:
    """Finds the most specific rule for a code and a subcode.

    Args:
        code: ``error.code``.
        subcode: ``error.error_subcode``, or None.

    Returns:
        The rule, or None when the pair is unknown.
    """
    return next((rule for rule in _BY_SPECIFICITY if rule.covers(code, subcode)), None)
