"""Analyses of creatives lie side by side: each replaces its own rows, none another's."""

from datetime import timedelta

import dagster as dg
import polars as pl
import pytest

from insights_assets.analytics.creative_text import creative_text
from insights_assets.assets.creative_analysis import creative_analysis
from insights_assets.creative_analysis import save
from insights_assets.definitions import build_defs
from insights_assets.lake.store import Lake
from insights_assets.lake.updating import update
from insights_assets.partitions import range_tags
from insights_assets.problems import InputError
from insights_assets.settings import load_settings
from insights_assets.tables.creative_analysis import CREATIVE_ANALYSIS
from insights_assets.tables.deletions import DELETIONS
from insights_assets.tables.entities import CREATIVES
from insights_assets_tests.tables.rows import OBSERVED, WEEK, frame_of, valid_row

HERE = [("act_1", WEEK)]


def said(creative, label, score=1.0, **more):
    return valid_row(CREATIVE_ANALYSIS, creative_id=creative, analysis="mood", label=label, score=score, **more)


def rows(*made):
    return frame_of(CREATIVE_ANALYSIS, *made)


def creatives(**texts):
    made = [valid_row(CREATIVES, creative_id=n, ad_id=n, title=t, body=None, cards=None) for n, t in texts.items()]
    return frame_of(CREATIVES, *made)


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Tired of waiting?", {"words": 3, "question": 1, "number": 0, "offer": 0, "emoji": 0}),
        ("Save 20 % today 🔥", {"words": 5, "question": 0, "number": 1, "offer": 1, "emoji": 1}),
        ("Freedom awaits", {"words": 2, "question": 0, "number": 0, "offer": 0, "emoji": 0}),
    ],
)
def test_words_of_a_creative(text, told):
    made = creative_text(creatives(a=text), OBSERVED)
    assert dict(made.select("label", "score").iter_rows()) == told
    assert CREATIVE_ANALYSIS.split(made).bad.is_empty()


def test_a_creative_without_words_or_with_several_ads_is_no_trouble():
    assert creative_text(creatives(a=None, b="  "), OBSERVED).is_empty()
    twice = creatives(a="one two")
    both = pl.concat([twice, twice.with_columns(ad_id=pl.lit("z"))])
    assert creative_text(both, OBSERVED).height == 5


def test_an_analysis_replaces_its_own_rows_only(lake):
    save(lake, "mood", rows(said("a", "joy"), said("b", "joy")), HERE)
    save(lake, "objects", rows(said("a", "dog") | {"analysis": "objects"}), HERE)
    save(lake, "mood", rows(said("a", "calm")), HERE)
    stored = lake.read(CREATIVE_ANALYSIS).select("creative_id", "analysis", "label").rows()
    assert stored == [("a", "mood", "calm"), ("a", "objects", "dog")]
    assert save(lake, "mood", rows(), HERE) == 0
    assert lake.read(CREATIVE_ANALYSIS)["analysis"].to_list() == ["objects"]


def test_what_does_not_fit_is_refused_whole(lake):
    with pytest.raises(InputError, match="Rows of analysis 'mood' cannot be stored as 'text'"):
        save(lake, "text", rows(said("a", "joy")), HERE)
    with pytest.raises(InputError, match="does not fit: label: "):
        save(lake, "mood", rows(said("a", "joy"), said("a", "")), HERE)
    assert lake.read(CREATIVE_ANALYSIS).is_empty()


def test_deleted_weeks_are_left_out(lake):
    gone = valid_row(DELETIONS, first_week=WEEK, last_week=WEEK, lifted_at=None, lifted_by=None)
    update(lake, DELETIONS, lambda _: pl.DataFrame([{**gone, "tables": []}], schema=DELETIONS.schema))
    later = WEEK + timedelta(weeks=1)
    both = rows(said("a", "joy"), said("a", "joy", week=later))
    assert save(lake, "mood", both, [*HERE, ("act_1", later)]) == 1
    assert lake.read(CREATIVE_ANALYSIS)["week"].to_list() == [later]


def test_the_example_asset_leaves_other_analyses_alone(lake):
    save(lake, "mood", rows(said("a", "joy")), HERE)
    lake.replace(CREATIVES, creatives(a="Save now"), HERE)
    settings = load_settings({"INSIGHTS_HOME": lake.root})
    defs = build_defs(settings, overrides={"lake": lake, "clock": lambda: OBSERVED})
    job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection={creative_analysis.key})
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("account", ["act_1"])
        for _ in range(2):
            job.execute_in_process(instance=instance, tags=range_tags(["act_1"], [WEEK]))
    stored = lake.read(CREATIVE_ANALYSIS)
    assert stored.group_by("analysis").len().sort("analysis").rows() == [("mood", 1), ("text", 5)]
