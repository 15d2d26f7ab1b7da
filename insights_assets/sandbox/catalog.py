"""The constants the simulated world is drawn from: markets, goals and the words of Meta's API."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Market:
    """A currency, a zone and a country that go together.

    Attributes:
        currency: ISO code of the account's currency.
        zone: IANA name of the account's time zone.
        country: Two-letter country of the audience.
        usd_rate: Units of the currency for one US dollar, a rough constant.
        decimals: Digits of the minor unit: 2, or 0 for a zero-decimal currency.
    """

    currency: str
    zone: str
    country: str
    usd_rate: float
    decimals: int = 2


MARKETS: Final = (
    Market("USD", "America/New_York", "US", 1.0),
    Market("EUR", "Europe/Berlin", "DE", 0.92),
    Market("JPY", "Asia/Tokyo", "JP", 150.0, 0),
    Market("BRL", "America/Sao_Paulo", "BR", 5.4),
    Market("GBP", "Europe/London", "GB", 0.79),
    Market("NZD", "Pacific/Auckland", "NZ", 1.65),
    Market("INR", "Asia/Kolkata", "IN", 84.0),
    Market("USD", "America/Los_Angeles", "US", 1.0),
    Market("KRW", "Asia/Seoul", "KR", 1350.0, 0),
    Market("CLP", "America/Santiago", "CL", 940.0, 0),
)

BRANDS: Final = (
    "Northwind Outdoor",
    "Kiefer & Sohn",
    "Sakura Living",
    "Casa Verde",
    "Harbour Tea Co",
    "Kauri Wellness",
    "Saffron Learning",
    "Pacific Dental Group",
    "Hanok Beauty",
    "Andes Coffee",
    "Lumen Home",
    "Atlas Fitness",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What an ad set optimizes for.

    Attributes:
        objective: The campaign objective it lives under.
        optimization_goal: The ad set's optimization goal.
        event: `promoted_object.custom_event_type`, where the goal has one.
        family: The result family its primary results belong to.
        weekly_results: The median results a week of an ad in a mid-size account.
    """

    objective: str
    optimization_goal: str
    event: str | None
    family: str
    weekly_results: float


# The order matters: the first campaigns of every account take the first goals, so that even a small account converts.
GOALS: Final = (
    Goal("OUTCOME_SALES", "OFFSITE_CONVERSIONS", "PURCHASE", "purchase", 48),
    Goal("OUTCOME_LEADS", "LEAD_GENERATION", None, "leadgen_form", 55),
    Goal("OUTCOME_ENGAGEMENT", "CONVERSATIONS", None, "messages", 70),
    Goal("OUTCOME_LEADS", "OFFSITE_CONVERSIONS", "LEAD", "website_lead", 45),
    Goal("OUTCOME_TRAFFIC", "LINK_CLICKS", None, "click", 0),
    Goal("OUTCOME_SALES", "VALUE", "PURCHASE", "purchase", 40),
    Goal("OUTCOME_APP_PROMOTION", "APP_INSTALLS", None, "app_install", 80),
    Goal("OUTCOME_AWARENESS", "THRUPLAY", None, "video_view", 0),
    Goal("OUTCOME_LEADS", "OFFSITE_CONVERSIONS", "COMPLETE_REGISTRATION", "registration", 50),
    Goal("OUTCOME_TRAFFIC", "LANDING_PAGE_VIEWS", None, "click", 0),
)

FAMILY_COLUMN: Final = {
    "messages": "msg_total",
    "leadgen_form": "leads_onsite",
    "website_lead": "leads_pixel",
    "purchase": "purchases",
    "registration": "registrations",
    "click": "link_clicks",
    "video_view": "video_view",
    "app_install": "installs",
}

CREATIVE_TYPES: Final = ("video", "image", "carousel", "dynamic", "post", "catalogue")
CREATIVE_WEIGHTS: Final = (0.34, 0.28, 0.14, 0.1, 0.08, 0.06)

AUDIENCES: Final = ("Broad 18-65", "Lookalike 1%", "Lookalike 3%", "Retargeting 30d", "Interests", "Women 25-44")
HOOKS: Final = ("Spring offer", "Founder story", "How it works", "Customer review", "Before and after", "New arrivals")

HIDDEN_STATUSES: Final = frozenset({"ARCHIVED", "DELETED"})
