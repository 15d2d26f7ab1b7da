"""Weekly features of campaigns, ad sets and ads; each known at the end of its own week. No value uses a later week.

What the levels share is in `features_of_weeks` and `features_of_days`. Spend, impressions, clicks and results are added
up from daily ad rows; reach, frequency and rankings do not add and are as served for the level. Below two baseline
weeks a baseline is null, since the median of one week is that week's noise.
"""

import polars as pl

from insights_assets.tables.features_of_days import DayFeatures
from insights_assets.tables.history import History
from insights_assets.tables.model import Table, column


class FeaturesCampaign(DayFeatures):
    """One campaign in one week with delivery, compared with its own past and its account's other campaigns."""


class FeaturesAdset(DayFeatures):
    """One ad set in one week with delivery, compared with its own past and its campaign's other ad sets."""

    audience_overlap_score: pl.Float64 = column(
        "The largest of (audience shared by targeting spec x impressions delivered on the same days) with another ad "
        "set of the account, 0 none to 100 the same people at the same time; null without a spec (docs/adr/0016)",
        unit="points",
        ge=0,
        le=100,
        nullable=True,
    )
    audience_overlap_with: pl.String = column("The ad set with which it overlaps most; null at score 0", nullable=True)


class FeaturesAd(DayFeatures):
    """One ad in one week with delivery, compared with its own past and its ad set's other ads."""

    creative_fatigue_score: pl.Float64 = column(
        "0 fresh to 100 worn: geometric mean of the proven fall of link_ctr from its best 3 weeks (100 at a half) and "
        "of frequency (100 at 3 a week); null before 4 weeks of delivery or without 50 link clicks in 3 weeks "
        "(docs/adr/0016)",
        unit="points",
        ge=0,
        le=100,
        nullable=True,
    )


KEY = ("account_id", "week", "entity_id")
FEATURES_CAMPAIGN = Table("features_campaign", "features", FeaturesCampaign, KEY)
FEATURES_ADSET = Table("features_adset", "features", FeaturesAdset, KEY)
# Features of a lake that had no days yet: nothing was compared with siblings.
FEATURES_AD = Table("features_ad", "features", FeaturesAd, KEY, history=History(defaults={"siblings": 0}))
FEATURES = {"campaign": FEATURES_CAMPAIGN, "adset": FEATURES_ADSET, "ad": FEATURES_AD}
