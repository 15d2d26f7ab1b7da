"""What a sync of creatives leaves: swaps within a week kept, closed weeks as they were, urls that work again."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets.assets.creative_frames import creatives, shown_by, shown_videos, since_when, with_history
from insights_assets.graph_api.records import Creative
from insights_assets.graph_api.videos import VideoUrls
from insights_assets.tables.entities import ADS, CARD, CREATIVES
from insights_assets.tables.history import upgrade_of, upgraded
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

ZONE = "America/New_York"
LATER = WEEK + timedelta(weeks=1)


def library(*ids, version="a"):
    url = f"http://x.test/{version}.jpg?oe=69CB0E80"
    return [Creative.from_json({"id": i, "image_url": url, "object_type": "PHOTO"}) for i in ids]


def sync(ads, records, stored, when, running=WEEK):
    """What is stored after a sync that saw these (ad, creative, week)."""
    rows = [valid_row(ADS, ad_id=a, creative_id=c, week=w, observed_at=when) for a, c, w in ads]
    shown = since_when(shown_by(frame_of(ADS, *rows), ZONE), stored)
    return with_history(creatives(records, shown, when), stored, running)


def shown_in_week(creative_id="c"):
    return since_when(
        shown_by(frame_of(ADS, valid_row(ADS, ad_id="1", creative_id=creative_id)), ZONE), CREATIVES.empty()
    )


def told(frame, *names):
    return frame.sort("week", "ad_id", "shown_from").select(names).rows()


def test_a_swap_within_the_running_week_keeps_both_with_the_day_it_was_seen():
    tuesday = datetime(2026, 3, 3, 12, tzinfo=UTC)
    # Friday in UTC, still Thursday evening in New York.
    thursday = datetime(2026, 3, 6, 2, tzinfo=UTC)
    first = sync([("1", "old", WEEK)], library("old"), CREATIVES.empty(), tuesday)
    assert told(first, "creative_id", "shown_from") == [("old", WEEK)]
    swapped = sync([("1", "new", WEEK)], library("old", "new"), first, thursday)
    assert told(swapped, "creative_id", "shown_from") == [("old", WEEK), ("new", date(2026, 3, 5))]
    again = sync([("1", "new", WEEK)], library("old", "new"), swapped, thursday + timedelta(days=1))
    assert told(again, "creative_id", "shown_from") == told(swapped, "creative_id", "shown_from")
    assert CREATIVES.split(again).bad.is_empty()


def test_a_closed_week_stays_as_it_was_but_its_urls_are_renewed():
    before = sync([("1", "c", WEEK)], library("c"), CREATIVES.empty(), datetime(2026, 3, 4, tzinfo=UTC))
    named = before.with_columns(name=pl.lit("as it was"))
    when = datetime(2026, 3, 20, tzinfo=UTC)
    after = sync([("1", "c", WEEK)], library("c", version="b"), named, when, running=LATER)
    assert told(after, "name", "urls_read_at") == [("as it was", when)]
    assert after["image_url"].item() == "http://x.test/b.jpg?oe=69CB0E80"
    assert after["urls_expire_at"].item() == datetime(2026, 3, 31, tzinfo=UTC)
    assert after["observed_at"].item() == datetime(2026, 3, 4, tzinfo=UTC)


def test_a_creative_that_the_library_lost_keeps_its_row_and_its_old_urls():
    new = sync([("1", "gone", WEEK)], library("other"), CREATIVES.empty(), datetime(2026, 3, 4, tzinfo=UTC))
    assert told(new, "creative_id", "creative_type", "origin", "urls_read_at") == [("gone", "unknown", "unknown", None)]
    known = sync([("1", "c", WEEK)], library("c"), CREATIVES.empty(), datetime(2026, 3, 4, tzinfo=UTC))
    lost = sync([("1", "c", WEEK)], library("other"), known, datetime(2026, 3, 20, tzinfo=UTC), running=LATER)
    assert lost.equals(known)


def watched(source):
    """A video creative with a picture, and the source url that a sync read of its video (None: none)."""
    node = {"id": "c", "video_id": "9", "object_type": "VIDEO", "image_url": "http://x.test/a.jpg?oe=69CB0E80"}
    return [Creative.from_json(node)], {"9": VideoUrls(source, None)} if source else {}


def test_the_urls_of_videos_are_renewed_with_those_of_pictures():
    march = datetime(2026, 3, 4, tzinfo=UTC)
    shown = shown_in_week()
    stored = CREATIVES.empty()
    # 69A8C780: 5 March, 69CF0300: 3 April; the picture's ends on 31 March.
    for source, when, end in (
        ("http://x.test/a.mp4?oe=69A8C780", march, datetime(2026, 3, 5, tzinfo=UTC)),
        ("http://x.test/b.mp4?oe=69CF0300", march + timedelta(days=20), datetime(2026, 3, 31, tzinfo=UTC)),
        (None, march + timedelta(days=21), datetime(2026, 3, 31, tzinfo=UTC)),
    ):
        records, videos = watched(source)
        assert shown_videos(records, shown) == {"9"}
        stored = with_history(creatives(records, shown, when, videos), stored, running=LATER)
        assert told(stored, "video_url", "urls_expire_at", "urls_read_at") == [(source, end, when)]


CARDS = {
    "link_data": {"child_attachments": [{"video_id": "1", "picture": "p"}, {"image_hash": "h"}, {"video_id": "2"}]}
}
FEED = {"videos": [{"video_id": "3", "thumbnail_url": "old"}, {"video_id": "4", "thumbnail_url": "own"}, {}]}


def test_videos_on_cards_and_out_of_feeds_have_urls_each_and_the_first_end_counts():
    records = [Creative.from_json({"id": "c", "object_story_spec": CARDS, "asset_feed_spec": FEED})]
    assert shown_videos(records, shown_in_week()) == {"1", "2", "3", "4"}
    # 69CB0E80: 31 March, 69CF0300: 3 April, 69A8C780: 5 March. Nothing may be read of 2 and 4.
    videos = {
        "1": VideoUrls("http://x.test/1.mp4?oe=69CF0300", "http://x.test/1.jpg?oe=69CB0E80"),
        "3": VideoUrls("http://x.test/3.mp4?oe=69CF0300", "http://x.test/3.jpg"),
    }
    row = creatives(records, shown_in_week(), datetime(2026, 3, 4, tzinfo=UTC), videos).row(0, named=True)
    names = ("video_id", "video_url", "thumbnail_url")
    assert [tuple(card[n] for n in (*names, "picture_url", "image_hash")) for card in row["cards"]] == [
        ("1", videos["1"].source, videos["1"].picture, "p", None),
        (None, None, None, None, "h"),
        ("2", None, None, None, None),
    ]
    assert [tuple(video[n] for n in names) for video in row["feed_videos"]] == [
        ("3", videos["3"].source, videos["3"].picture),
        ("4", None, "own"),
    ]
    assert (row["video_url"], row["urls_expire_at"]) == (None, datetime(2026, 3, 31, tzinfo=UTC))
    sooner = videos | {"4": VideoUrls("http://x.test/4.mp4?oe=69A8C780", None)}
    row = creatives(records, shown_in_week(), datetime(2026, 3, 4, tzinfo=UTC), sooner).row(0, named=True)
    assert row["urls_expire_at"] == datetime(2026, 3, 5, tzinfo=UTC)


def test_a_closed_weeks_cards_and_feed_get_urls_that_work():
    records = [Creative.from_json({"id": "c", "object_story_spec": CARDS, "asset_feed_spec": FEED})]
    stored = CREATIVES.empty()
    for number, days in enumerate((0, 20)):
        urls = {one: VideoUrls(f"{one}.{number}", f"{one}.{number}.jpg") for one in "1234"}
        fresh = creatives(records, shown_in_week(), datetime(2026, 3, 4, tzinfo=UTC) + timedelta(days=days), urls)
        stored = with_history(fresh, stored, running=LATER)
    row = stored.row(0, named=True)
    assert [card["video_url"] for card in row["cards"]] == ["1.1", None, "2.1"]
    assert [(video["video_url"], video["thumbnail_url"]) for video in row["feed_videos"]] == [
        ("3.1", "3.1.jpg"),
        ("4.1", "4.1.jpg"),
    ]
    assert row["observed_at"] == datetime(2026, 3, 4, tzinfo=UTC)


def test_cards_and_feeds_of_another_shape_are_no_rows_of_the_table():
    url = {"video_id": "1", "video_url": "u", "thumbnail_url": None}
    good = frame_of(CREATIVES, valid_row(CREATIVES, feed_videos=[url]), valid_row(CREATIVES, ad_id="2", cards=None))
    assert CREATIVES.split(good).bad.is_empty()
    for column, wrong in (("feed_videos", [{"video_id": "1"}]), ("cards", [url])):
        with pytest.raises(TypeError, match=f"{column} is "):
            CREATIVES.split(good.with_columns(pl.Series(column, [wrong] * 2)))
    bad = CREATIVES.split(good.with_columns(creative_type=pl.Series(["video", "film"]))).bad
    assert bad["feed_videos"].to_list() == [[]]


def test_rows_of_a_lake_without_videos_of_cards_and_feeds_keep_their_cards():
    card = pl.Struct({f.name: f.dtype for f in CARD.fields if f.name not in {"video_url", "thumbnail_url"}})
    before = pl.Schema({c: t for c, t in CREATIVES.schema.items() if c != "feed_videos"} | {"cards": pl.List(card)})
    told_once = {name: name for name in card.to_schema()}
    row = {c: v for c, v in valid_row(CREATIVES, cards=[told_once]).items() if c in before}
    upgrade = upgrade_of(CREATIVES, before)
    assert upgrade is not None
    now = upgraded(CREATIVES, upgrade, pl.DataFrame([row, {**row, "ad_id": "2", "cards": None}], schema=before))
    assert now["cards"].to_list() == [[{**told_once, "video_url": None, "thumbnail_url": None}], None]
    assert now["feed_videos"].null_count() == 2
    assert CREATIVES.split(now).bad.is_empty()


def test_without_a_thumbnail_a_videos_picture_is_shown_and_its_end_counts():
    records = [Creative.from_json({"id": "c", "object_story_spec": {"video_data": {"video_id": "9"}}})]
    videos = {"9": VideoUrls(None, "http://x.test/9.jpg?oe=69CB0E80")}
    row = creatives(records, shown_in_week(), datetime(2026, 3, 4, tzinfo=UTC), videos).row(0, named=True)
    assert (row["video_id"], row["video_url"], row["thumbnail_url"]) == ("9", None, videos["9"].picture)
    assert row["urls_expire_at"] == datetime(2026, 3, 31, tzinfo=UTC)
    assert (row["cards"], row["feed_videos"]) == (None, None)


def test_only_videos_that_an_ad_shows_are_asked_for():
    shown = shown_in_week("other")
    assert shown_videos(watched(None)[0], shown) == frozenset()
    assert shown_videos(library("other"), shown) == frozenset()


def test_an_ad_without_a_creative_has_no_row():
    assert sync([("1", None, WEEK)], library("c"), CREATIVES.empty(), datetime(2026, 3, 4, tzinfo=UTC)).is_empty()


SYNCS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["k", "l", "m"]), st.integers(0, 12)), max_size=8)


@settings(deadline=None, max_examples=40)
@given(SYNCS)
def test_whatever_was_seen_every_ads_week_begins_with_a_creative(seen):
    stored = CREATIVES.empty()
    for ad, name, day in sorted(seen, key=lambda s: s[2]):
        when = datetime(2026, 3, 2, 18, tzinfo=UTC) + timedelta(days=day)
        stored = sync([(ad, name, WEEK)], library("k", "l"), stored, when, running=WEEK + timedelta(weeks=day // 7))
    assert CREATIVES.split(stored).bad.is_empty()
    assert {ad for ad, *_ in seen} == set(stored["ad_id"])
    assert all(first == WEEK for first in stored.group_by("ad_id").agg(pl.col("shown_from").min())["shown_from"])
    assert all(WEEK <= day < LATER for day in stored["shown_from"])
