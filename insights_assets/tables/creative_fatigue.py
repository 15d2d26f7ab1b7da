"""Creative fatigue: a creative's last two weeks against its own first three, told only where it is beyond noise."""

import polars as pl

from insights_assets.tables.columns import FAMILIES, account_id, count, identifier, money, one_of, percent, week
from insights_assets.tables.entities import CREATIVE_TYPES
from insights_assets.tables.model import Table, TableModel, column

FATIGUE = ("too_early", "fresh", "tiring", "fatigued")


class CreativeFatigue(TableModel):
    """One creative in one week with delivery: click rate and cost per result, early and recent, over all its ads.

    Early are its first three weeks with delivery among the 12 up to the week, recent the week and the one before.
    """

    account_id: pl.String = account_id()
    week: pl.Date = week()
    creative_id: pl.String = identifier("Creative")
    creative_type: pl.String = one_of("Kind of creative", CREATIVE_TYPES)
    result_family: pl.String = one_of("Family of the results; null: several", FAMILIES, nullable=True)
    fatigue: pl.String = one_of(
        "fatigued: fewer clicks and dearer results; tiring: one of them; fresh: neither; too_early: no week before the "
        "recent two, or too few clicks and results in them",
        FATIGUE,
    )
    weeks_shown: pl.Int64 = count("Weeks with delivery among the 12")
    early_link_ctr: pl.Float64 = percent("inline_link_clicks / impressions of the early weeks", ge=0, nullable=True)
    recent_link_ctr: pl.Float64 = percent("The same of the recent weeks", ge=0, nullable=True)
    link_ctr_change_pct: pl.Float64 = percent("(recent_link_ctr - early_link_ctr) / early_link_ctr", nullable=True)
    link_ctr_q: pl.Float64 = column(
        "Chance of so few clicks by luck, adjusted for all creatives of the account's week (Benjamini-Hochberg)",
        ge=0,
        le=1,
        nullable=True,
    )
    early_cpr: pl.Float64 = money("spend / results of the early weeks; null without", nullable=True)
    recent_cpr: pl.Float64 = money("The same of the recent weeks; null without results", nullable=True)
    cpr_change_pct: pl.Float64 = percent("(recent_cpr - early_cpr) / early_cpr", nullable=True)
    cpr_q: pl.Float64 = column("Chance of so few results for the spend, adjusted alike", ge=0, le=1, nullable=True)


CREATIVE_FATIGUE = Table("creative_fatigue", "findings", CreativeFatigue, ("account_id", "week", "creative_id"))
