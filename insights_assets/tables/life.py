"""Columns of a life that can burn out, of an ad or of a creative: one definition for both tables."""

from typing import Any

from insights_assets.tables.columns import count, money, one_of
from insights_assets.tables.model import column

STATUSES = ("healthy", "degraded", "burned_out", "recovering")


def status() -> Any:
    """Status by cost against its own good cost."""
    return one_of(
        "burned_out: cost_ratio of 1.5 or more; degraded: 1.2 or more; recovering: below 1.5 within 4 weeks of having "
        "burnt out; healthy: else, and while there is no good cost yet",
        STATUSES,
    )


def weeks_in_status() -> Any:
    """How long it has been so."""
    return column("Weeks with delivery in a row in this status", unit="weeks", ge=1)


def good_cpr() -> Any:
    """What it cost when it was good."""
    return money("Lower quartile of weekly costs from 25 to 2 weeks before, of at least 4; null below", nullable=True)


def cost_ratio() -> Any:
    """What it costs beside that."""
    return column(
        "Cost of this week and the one before, a ratio of sums, over good_cpr", unit="fraction", ge=0, nullable=True
    )


def survival(lives: str) -> Any:
    """Share of lives of its kind that get so old."""
    return column(
        f"Share of {lives} that reach this age without burning out (Kaplan-Meier)", unit="fraction", ge=0, le=1
    )


def median_weeks_left(lives: str) -> Any:
    """How long lives of its kind go on from its age."""
    return column(
        f"Weeks in which half of the {lives} that got this old burn out; null when fewer did, or it has burnt",
        unit="weeks",
        ge=0,
        nullable=True,
    )


def burnt_lives(lives: str) -> Any:
    """Deaths behind the survival."""
    return count(f"{lives} behind it that burnt out")


def censored_lives(lives: str) -> Any:
    """Lives behind the survival whose end is not known."""
    return count(f"{lives} behind it that stopped or run on without having burnt out")
