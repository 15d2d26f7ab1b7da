"""What users say of tiers, and where a tier came from: the newest word that holds stands above rules and model."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from insights_assets.analytics.classifications import classify
from insights_assets.tables.classification_feedback import CLASSIFICATION_FEEDBACK
from insights_assets_tests.analytics.tier_worlds import monday, world_of


def said(entity, tier, since, *, until=None, level="ad", removed=None, at=0):
    row = {
        "account_id": "act_1",
        "week": since,
        "level": level,
        "entity_id": entity,
        "tier": tier,
        "until": until,
        "note": None,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=at),
        "removed_at": removed,
    }
    return pl.DataFrame([row], schema=CLASSIFICATION_FEEDBACK.schema)


FEW = [(0, e, t, 1000, 100) for e in range(4) for t in range(6)]


def test_a_users_word_stands_above_in_its_weeks():
    word = said("1000", "UNDERPERFORMER", monday(1), until=monday(2))
    made = classify("ad", world_of(*FEW), [monday(n) for n in range(4)], feedback=word).filter(entity_id="1000")
    assert made["source"].to_list() == ["rules", "feedback", "feedback", "rules"]
    assert made["tier"].to_list()[1:3] == ["UNDERPERFORMER"] * 2
    assert made["confidence"].to_list()[1:3] == [1.0, 1.0]
    assert made["rule_tier"].to_list()[1] != "UNDERPERFORMER"
    assert made["direction"].to_list() == ["new", "down", "same", "up"]


@pytest.mark.parametrize(
    ("words", "tier"),
    [
        ([said("1000", "LOW", monday(0)), said("1000", "HIGH_PERFORMER", monday(2))], "HIGH_PERFORMER"),
        ([said("1000", "HIGH_PERFORMER", monday(2)), said("1000", "LOW", monday(0), at=9)], "HIGH_PERFORMER"),
        ([said("1000", "LOW", monday(0)), said("1000", "HIGH_PERFORMER", monday(2), until=monday(2))], "LOW"),
        ([said("1000", "UNDERPERFORMER", monday(4))], None),
        ([said("1000", "UNDERPERFORMER", monday(0), level="adset")], None),
        ([said("1001", "UNDERPERFORMER", monday(0))], None),
        ([said("1000", "UNDERPERFORMER", monday(0), removed=datetime(2026, 2, 1, tzinfo=UTC))], None),
    ],
)
def test_the_newest_word_that_holds_counts(words, tier):
    made = classify("ad", world_of(*FEW), [monday(3)], feedback=pl.concat(words)).filter(entity_id="1000")
    assert made["source"].to_list() == [("feedback" if tier else "rules")]
    assert made["tier"].to_list() == [tier or made["rule_tier"][0]]


def test_direction_looks_at_the_newest_of_four_weeks_before():
    words = pl.concat([said("1000", "LOW", monday(0), until=monday(0)), said("1000", "MODERATE", monday(4))])
    figures = [f for f in FEW if f[1] != 0 or f[2] in (0, 4)]
    (row,) = classify("ad", world_of(*figures), [monday(4)], feedback=words).filter(entity_id="1000").to_dicts()
    assert (row["previous_tier"], row["direction"]) == ("LOW", "up")
    late = [(a, e, t + 1 if t == 4 else t, s, r) for a, e, t, s, r in figures if t in (0, 4)]
    (row,) = classify("ad", world_of(*late), [monday(5)], feedback=words).filter(entity_id="1000").to_dicts()
    assert (row["previous_tier"], row["direction"]) == (None, "new")
