"""What is reported of a day as a function of its age: young days are partial, and grow to their final numbers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insights_assets.sandbox.delivery import Facts
from insights_assets.sandbox.world import AccountWorld

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SETTLED_AGE: Final = 28
# Money and delivery are nearly right at once; Meta takes a little longer to remove invalid traffic.
DELIVERY_CURVE: Final = np.array([0.995, 0.998, 0.9993, 1.0])
ONSITE: Final = frozenset({"leads_onsite", "msg_total", "msg_started", "msg_reply"})
OFFSITE: Final = frozenset({"purchases", "purchase_value", "carts", "leads_pixel", "registrations", "installs"})


@dataclass(frozen=True)
class Reported:
    """Cells of a stretch of days as the API tells them at one instant.

    Attributes:
        ad: Index of the ad of each entry.
        day: Day number of each entry.
        columns: Whole numbers; money in minor units.
        tired: See `Facts.tired`.
    """

    ad: Ints
    day: Ints
    columns: dict[str, Ints]
    tired: Floats
    dither: Floats


def conversion_curve(made: AccountWorld, kind: str) -> Floats:
    """Reported share by whole days of age, 0 to 28; differs by account, so the lag is worth learning."""
    position = int(made.account.account_id) % 97 / 97
    start = 0.93 + 0.04 * position if kind == "onsite" else 0.66 + 0.2 * position
    tau = 2.0 if kind == "onsite" else 4.0 + 3.0 * position
    age = np.arange(SETTLED_AGE + 1)
    curve: Floats = start + (1 - start) * np.expm1(-age / tau) / np.expm1(-SETTLED_AGE / tau)
    curve[-1] = 1.0
    return curve


def report(made: AccountWorld, first: int, last: int, now: datetime | None) -> Reported:
    """The cells of days first..last as reported at `now`, or final when `now` is None."""
    facts: Facts = made.facts
    day = facts.cells.day
    mask = (day >= first) & (day <= last)
    if now is not None:
        mask &= day <= made.today(now)
    chosen = np.flatnonzero(mask)
    columns = {name: values[chosen] for name, values in facts.columns.items()}
    dither = facts.dither[chosen]
    if now is not None:
        columns = _partial(made, columns, dither, day[chosen], now)
        # A day that has only begun may have nothing yet; the API has no row for it then.
        delivered = columns["impressions"] > 0
        chosen, dither = chosen[delivered], dither[delivered]
        columns = {name: values[delivered] for name, values in columns.items()}
    return Reported(facts.cells.ad[chosen], day[chosen], columns, facts.tired[chosen], dither)


def _partial(made: AccountWorld, columns: dict[str, Ints], dither: Floats, day: Ints, now: datetime) -> dict[str, Ints]:
    local = now.astimezone(made.account.zone)
    age = made.today(now) - day - 1
    # Whole hours and whole days: two requests a moment apart agree.
    running = np.where(age < 0, local.hour / 24, 1.0)
    age = np.maximum(age, 0)
    curves = {
        "delivery": DELIVERY_CURVE[np.minimum(age, DELIVERY_CURVE.size - 1)] * running,
        "onsite": conversion_curve(made, "onsite")[np.minimum(age, SETTLED_AGE)] * running,
        "offsite": conversion_curve(made, "offsite")[np.minimum(age, SETTLED_AGE)] * running,
    }
    result = {}
    for name, final in columns.items():
        kind = "onsite" if name in ONSITE else "offsite" if name in OFFSITE else "delivery"
        share = curves[kind]
        # The same dither for all kinds keeps parts no larger than their whole; money and delivery round down.
        lift = 0.0 if kind == "delivery" else dither
        result[name] = np.where(share >= 1, final, np.minimum(np.floor(final * share + lift), final)).astype(np.int64)
    # Reach is at least one person wherever there is an impression.
    result["reach"] = np.where(result["impressions"] > 0, np.maximum(result["reach"], 1), 0)
    result["purchase_value"] = np.where(result["purchases"] > 0, result["purchase_value"], 0)
    return result
