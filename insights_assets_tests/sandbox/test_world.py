import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from insights_assets.sandbox import World, create_app, generation
from insights_assets.sandbox import world as worlds
from insights_assets.sandbox.objects import Account
from insights_assets.sandbox.world import HORIZON_DAYS, AccountWorld

from .conftest import NOW, TOKEN, AppClient, all_pages

SINCE, UNTIL = date(2026, 8, 3), date(2026, 9, 27)
CODE = """
from datetime import date
from insights_assets.sandbox import World
w = World(accounts=3)
for a in w.accounts:
    f = w.truth_daily(a.id, date(2026, 8, 3), date(2026, 8, 30))
    print(a.id, f.select('ad_id', 'spend', 'impressions', 'results').write_csv(), w.labels(a.id).write_csv())
"""


def test_the_world_is_the_same_in_every_process():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", CODE], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000


def test_another_seed_is_another_world(world: World):
    assert {a.id for a in world.accounts}.isdisjoint(a.id for a in World(seed=8).accounts)


def test_a_later_now_does_not_change_settled_days(world: World):
    account = world.accounts[0].id
    frames = [world.truth_daily(account, SINCE, UNTIL, NOW + timedelta(days=d)) for d in (0, 40, 300)]
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])
    assert frames[0].equals(world.truth_daily(account, SINCE, UNTIL))


def test_all_families_and_creative_types_exist(world: World):
    made = [world.account(a.id) for a in world.accounts]
    families = {ad.adset.goal.family for item in made for ad in item.ads}
    assert families == {
        "messages", "leadgen_form", "website_lead", "purchase", "registration", "click", "video_view", "app_install",
    }  # fmt: skip
    assert {ad.creative.kind for item in made for ad in item.ads} == {
        "video", "image", "carousel", "dynamic", "post", "catalogue",
    }  # fmt: skip
    assert len({ad.id for item in made for ad in item.ads}) == sum(len(item.ads) for item in made)


def test_results_grow_with_age_and_are_final_after_28_days(world: World):
    day = date(2026, 9, 7)
    for account in world.accounts[:3]:
        final = world.truth_daily(account.id, day, day)
        previous: pl.DataFrame | None = None
        for hours in (*range(1, 60, 7), *range(72, 24 * 33, 24)):
            now = datetime(2026, 9, 7, tzinfo=account.zone) + timedelta(hours=hours)
            seen = world.truth_daily(account.id, day, day, now)
            if previous is not None and previous.height:
                both = previous.join(seen, on="ad_id", suffix="_new")
                assert both.height == previous.height
                for name in ("results", "spend", "impressions", "reach", "result_value"):
                    assert (both[f"{name}_new"] >= both[name]).all(), name
            if hours > 24 * 29 + 1:
                assert seen.equals(final)
            previous = seen
        young = world.truth_daily(account.id, day, day, datetime(2026, 9, 8, 12, tzinfo=account.zone))
        # A day old, off-Meta results are clearly partial and the money nearly all there.
        assert young["spend"].sum() > 0.99 * final["spend"].sum()
        assert young["results"].sum() < final["results"].sum()


def test_labels_at_a_constant_hazard_and_none_in_the_quiet_account(world: World):
    quiet = [a.id for a in world.accounts if a.quiet]
    assert len(quiet) == 1
    assert world.labels(quiet[0]).is_empty()
    loud = pl.concat([world.labels(a.id) for a in world.accounts if not a.quiet])
    assert set(loud["anomaly_type"]) >= {"cpr_spike", "ctr_drop", "cpm_spike", "spend_spike", "zero_results"}
    assert {"ad", "adset"} <= set(loud["level"])
    assert (loud["week"].dt.weekday() == 1).all()
    a_16_weeks = loud.height / 9 / (HORIZON_DAYS / 7) * 16
    assert 4 <= a_16_weeks <= 9
    assert World(scenario="quiet", accounts=2).labels(World(accounts=2).accounts[0].id).is_empty()


def test_a_planted_cpr_spike_moves_cpr_by_its_factor(world: World):
    ratios = []
    for account in world.accounts:
        labels = world.labels(account.id).filter(pl.col("anomaly_type") == "cpr_spike", pl.col("level") == "ad")
        truth = world.truth_daily(account.id, world.start, world.start + timedelta(days=HORIZON_DAYS))
        for label in labels.iter_rows(named=True):
            week = label["week"]
            ad = truth.filter(pl.col("ad_id") == label["entity_id"])
            now = ad.filter(pl.col("date").is_between(week, week + timedelta(days=6)))
            before = ad.filter(pl.col("date").is_between(week - timedelta(days=21), week - timedelta(days=1)))
            rate = now["spend"].sum() / now["results"].sum() / (before["spend"].sum() / before["results"].sum())
            ratios.append(rate / label["factor"])
    frame = pl.Series(ratios)
    assert frame.len() > 50
    assert 0.93 <= frame.median() <= 1.1
    assert ((frame > 0.6) & (frame < 1.7)).mean() > 0.93


def test_a_spike_is_planted_only_on_measurable_ads_past_their_first_six_weeks(world: World):
    for account in world.accounts:
        start = {ad.id: world.start + timedelta(days=ad.start) for ad in world.account(account.id).ads}
        for row in world.labels(account.id).filter(pl.col("level") == "ad").iter_rows(named=True):
            assert row["week"] - start[row["entity_id"]] >= timedelta(weeks=6)


def test_days_begin_at_midnight_of_each_account(world: World):
    # 2026-11-21 15:00 UTC is already the 22nd in Auckland and still the 21st in New York.
    by_zone = {a.market.zone: a for a in world.accounts}
    last = {}
    for zone in ("Pacific/Auckland", "America/New_York"):
        seen = world.truth_daily(by_zone[zone].id, date(2026, 11, 10), date(2026, 12, 10), NOW.astimezone(UTC))
        last[zone] = seen["date"].max()
    assert last == {"Pacific/Auckland": date(2026, 11, 22), "America/New_York": date(2026, 11, 21)}


def test_a_fleet_of_174_accounts_lists_before_it_makes_any(monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []
    real = generation.make_account_world

    def counted(account: Account, *rest: Any) -> AccountWorld:
        made.append(account.id)
        return real(account, *rest)

    monkeypatch.setattr(generation, "make_account_world", counted)
    fleet = World(accounts=174, ads_per_account=50, weeks=100)
    client = AppClient(create_app(fleet, now=lambda: NOW), headers=TOKEN)
    rows = all_pages(client, "/me/adaccounts", fields="name,currency,timezone_name", limit=500)
    assert len({row["id"] for row in rows}) == len({row["name"] for row in rows}) == 174
    assert made == []
    assert {row["currency"] for row in rows} >= {"JPY", "KRW", "CLP", "USD", "EUR"}
    first = fleet.account(rows[6]["id"])
    assert made == [rows[6]["id"]]
    assert first is fleet.account(rows[6]["id"])
    # The seventh account is a small one unless the number of ads is exact.
    running = [ad for ad in first.ads if ad.start <= 300 < ad.end]
    assert 40 <= len(running) <= 50
    assert first.facts.cells.day.max() < 700


def test_a_longer_world_is_kept_in_bounds_and_made_again_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worlds, "ACCOUNTS_KEPT", 2)
    fleet = World(accounts=4, ads_per_account=2)
    first = fleet.account(fleet.accounts[0].id)
    for account in fleet.accounts[1:]:
        fleet.account(account.id)
    again = fleet.account(fleet.accounts[0].id)
    assert again is not first
    assert again == first
    assert (again.facts.columns["spend"] == first.facts.columns["spend"]).all()
    for owned in (first.campaigns[0], first.adsets[0], first.ads[0], first.creatives[0]):
        assert World(accounts=4, ads_per_account=2).owner_of(owned.id) == fleet.accounts[0].id
    assert fleet.owner_of("42") is None
