"""A closed week keeps the snapshot first taken of it; the running week follows the account."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from insights_assets.assets import entity_frames
from insights_assets.assets.entities import ads, adsets
from insights_assets.partitions import weeks_covering
from insights_assets.sandbox import World
from insights_assets.tables.entities import CAMPAIGNS
from insights_assets_tests.assets.pipeline import pipeline
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

NOW = datetime(2026, 3, 17, 12, tzinfo=UTC)
WEEKS = weeks_covering(date(2026, 3, 2), date(2026, 3, 17))


def campaign(campaign_id, created):
    row = valid_row(CAMPAIGNS, campaign_id=campaign_id, created_time=created)
    return {name: value for name, value in row.items() if name != "week"}


def test_an_entity_is_in_every_week_from_the_one_it_was_made_in():
    rows = [campaign("1", None), campaign("2", datetime(2026, 3, 9, 3, 59, tzinfo=UTC))]
    rows += [campaign("3", datetime(2026, 3, 9, 4, tzinfo=UTC))]
    # New York's clocks went forward on Sunday the 8th: that week ended at 04:00 UTC.
    made = entity_frames.snapshot(rows, [WEEK, WEEK + timedelta(weeks=1)], "America/New_York", CAMPAIGNS.schema)
    by_week = {w: sorted(made.filter(week=w)["campaign_id"]) for w in made["week"].unique()}
    assert by_week == {WEEK: ["1", "2"], WEEK + timedelta(weeks=1): ["1", "2", "3"]}


def test_history_prefers_stored_rows_of_past_weeks_only_and_adds_what_is_new():
    past, running = WEEK, WEEK + timedelta(weeks=1)

    def rows(name, *ids):
        return [valid_row(CAMPAIGNS, campaign_id=i, week=w, name=name) for i in ids for w in (past, running)]

    stored = frame_of(CAMPAIGNS, *rows("old", "1", "2"))
    fresh = frame_of(CAMPAIGNS, *rows("new", "1", "3"))
    kept = entity_frames.keep_history(fresh, stored, CAMPAIGNS.key, running)
    names = {(r["week"], r["campaign_id"]): r["name"] for r in kept.to_dicts()}
    assert names == {
        (past, "1"): "old",
        (past, "2"): "old",
        (past, "3"): "new",
        (running, "1"): "new",
        (running, "3"): "new",
    }


def test_a_closed_week_keeps_its_first_snapshot_while_the_world_moves_on(tmp_path):
    world = World(accounts=1, ads_per_account=(6, 6))
    moment = [NOW]
    with pipeline(tmp_path, world, NOW, clock=lambda: moment[0]) as made:
        (account_id,) = made.accounts
        made.run([adsets, ads], account_id, WEEKS)
        before = made.rows("ads")
        made.now = moment[0] = NOW + timedelta(weeks=6)
        made.run([adsets, ads], account_id, WEEKS)
        after = made.rows("ads")
        with made.gateway.client() as client:
            fresh = {a.id: a.effective_status for a in client.ads(account_id)}
    closed = before.filter(pl.col("week") < WEEKS[-1])
    again = after.join(closed, on=["week", "ad_id"], how="semi")
    assert again.equals(closed)
    moved = [i for i, s in closed.select("ad_id", "effective_status").iter_rows() if fresh[i] != s]
    assert moved, "nothing changed in six weeks: the test shows nothing"
