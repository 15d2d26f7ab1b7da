"""Meta's own fatigue label, as the sandbox guesses it: the inner shape of both fields is not public.

Which accounts are served is not public either, so all three kinds are here: served, refused with code 100, and left
out without a word.
"""

from typing import Final, Literal

from insights_assets.sandbox.seeds import stable_rng
from insights_assets.sandbox.world import AccountWorld

FATIGUE_FIELDS: Final = frozenset({"creative_fatigue_summary", "creative_fatigued_ads"})
MIN_IMPRESSIONS: Final = 500
# Share of the click rate that fatigue took, strongest first; at half of it a result costs twice as much, from which on
# Meta's help speaks of creative fatigue.
STEPS: Final = ((0.5, "HIGH"), (1 / 3, "MEDIUM"), (0.2, "LOW"))
_SERVED, _REFUSED = 0.5, 0.75

Serving = Literal["served", "refused", "omitted"]


def serving(made: AccountWorld) -> Serving:
    """What the account's questions for the fields come to: half are served, a quarter each is refused or left out."""
    draw = stable_rng(made.seed, "fatigue label", made.account.id).random()
    return "served" if draw < _SERVED else "refused" if draw < _REFUSED else "omitted"


def cell(name: str, ad_id: str, impressions: int, tired: float) -> str:
    """JSON of one field of an ad's row; empty where Meta would say nothing."""
    level = next((word for least, word in STEPS if tired >= least), None)
    if level is None or impressions < MIN_IMPRESSIONS:
        return ""
    whose = f'"ad_id":"{ad_id}",' if name == "creative_fatigued_ads" else ""
    return f'[{{{whose}"fatigue_level":"{level}"}}]'
