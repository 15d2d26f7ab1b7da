"""What follows from impressions and link clicks: engagement, video plays, and results of the primary and side kinds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights_assets.sandbox.world import AccountWorld

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Results that ads of other goals bring by the way, per link click.
SIDE_RATES = {"purchases": 0.002, "leads_onsite": 0.0, "leads_pixel": 0.001, "registrations": 0.002}
AVERAGE_ORDER_USD = 48.0


@dataclass(frozen=True)
class Draw:
    """The inputs of the draws; one entry for each cell."""

    made: AccountWorld
    ad: Ints
    impressions: Ints
    link_clicks: Ints
    rate: Floats
    rng: np.random.Generator

    def family(self, name: str) -> NDArray[np.bool_]:
        """Which cells belong to ads whose primary family is `name`."""
        mask: NDArray[np.bool_] = np.array([ad.adset.goal.family == name for ad in self.made.ads])[self.ad]
        return mask

    def share(self, of: Ints, share: Floats | float) -> Ints:
        """A binomial part of each count."""
        return self.rng.binomial(of, share)


def engagement_columns(draw: Draw) -> dict[str, Ints]:
    """Clicks of all kinds, landing pages, reactions and video plays."""
    rng, impressions = draw.rng, draw.impressions
    video = np.array(
        [ad.creative.kind in {"video", "dynamic"} or ad.adset.goal.family == "video_view" for ad in draw.made.ads]
    )[draw.ad]
    plays = np.where(video, draw.share(impressions, 0.82), 0)
    rate = np.where(draw.family("video_view"), draw.rate, 0.16)
    views = np.where(video, np.minimum(draw.share(impressions, rate), plays), 0)
    p25 = draw.share(views, 0.75)
    p50 = draw.share(p25, 0.55)
    p75 = draw.share(p50, 0.6)
    p95 = draw.share(p75, 0.7)
    p100 = draw.share(p95, 0.85)
    other = rng.poisson(impressions * 0.003)
    return {
        "clicks": np.minimum(draw.link_clicks + other, impressions),
        "lpv": draw.share(draw.link_clicks, 0.72),
        "reactions": rng.poisson(impressions * 0.0011),
        "comments": rng.poisson(impressions * 0.00012),
        "shares": rng.poisson(impressions * 0.00008),
        "saves": rng.poisson(impressions * 0.00015),
        "plays": plays,
        "video_view": views,
        "p25": p25,
        "p50": p50,
        "p75": p75,
        "p95": p95,
        "p100": p100,
        "thruplay": np.minimum(views, p75 + draw.share(p50 - p75, 0.4)),
    }


def family_columns(draw: Draw) -> dict[str, Ints]:
    """Conversions of each kind; the primary kind from the ad's own rate, the others as side effects."""
    rng, clicks = draw.rng, draw.link_clicks

    def of(family: str, side: float) -> Ints:
        # Conversions can exceed link clicks (view-through), hence Poisson and not binomial.
        return rng.poisson(clicks * np.where(draw.family(family), draw.rate, side))

    purchases = of("purchase", SIDE_RATES["purchases"])
    total = of("messages", 0.0005)
    market = draw.made.account.market
    order = AVERAGE_ORDER_USD * market.usd_rate * 10**market.decimals
    spread = np.exp(0.35 * rng.standard_normal(clicks.size) / np.sqrt(np.maximum(purchases, 1)))
    carts = purchases + rng.poisson(clicks * 0.02)
    started = draw.share(total, 0.86)
    return {
        "purchases": purchases,
        "purchase_value": np.rint(purchases * order * spread).astype(np.int64),
        "carts": np.where(draw.family("purchase"), carts, 0),
        "leads_onsite": of("leadgen_form", SIDE_RATES["leads_onsite"]),
        "leads_pixel": of("website_lead", SIDE_RATES["leads_pixel"]),
        "registrations": of("registration", SIDE_RATES["registrations"]),
        "msg_total": total,
        "msg_started": started,
        "msg_reply": draw.share(started, 0.6),
        "installs": np.where(draw.family("app_install"), of("app_install", 0.0), 0),
    }
