"""What a creative's specs say of it."""

from datetime import UTC, datetime

import pytest

from insights_assets.graph_api.creative_specs import Card, FeedVideo, cards, expires_at, feed_videos
from insights_assets.graph_api.records import Creative


def made(**source):
    return Creative.from_json({"id": "1", **source})


@pytest.mark.parametrize(
    ("feed", "kind"),
    [
        ({"images": [{}, {}], "videos": [{}]}, "dynamic"),
        ({"images": [{}, {}], "optimization_type": "DEGREES_OF_FREEDOM"}, "dynamic"),
        # The same picture cut for feed and for story is one picture; Meta chooses nothing.
        ({"images": [{}, {}], "optimization_type": "PLACEMENT"}, "image"),
        ({"videos": [{}], "optimization_type": "PLACEMENT"}, "video"),
        ({"carousels": [{}], "optimization_type": "PLACEMENT"}, "carousel"),
        ({"images": [{}], "videos": [{}], "optimization_type": "PLACEMENT"}, "dynamic"),
    ],
)
def test_an_asset_feed_is_dynamic_unless_it_only_fits_placements(feed, kind):
    creative = made(asset_feed_spec=feed)
    assert (creative.creative_type, creative.origin) == (kind, "asset_feed")


@pytest.mark.parametrize(
    ("source", "kind", "origin"),
    [
        ({"object_story_id": "1_2", "object_type": "VIDEO"}, "video", "existing_post"),
        ({"object_story_id": "1_2", "object_type": "STATUS", "image_url": "u"}, "image", "existing_post"),
        ({"object_story_id": "1_2", "object_type": "STATUS"}, "unknown", "existing_post"),
        ({"effective_object_story_id": "1_2", "object_type": "PHOTO"}, "image", "existing_post"),
        ({"product_set_id": "8", "asset_feed_spec": {"images": [{}]}}, "dynamic", "catalogue"),
        ({"object_story_spec": {"template_data": {"child_attachments": [{}]}}}, "dynamic", "catalogue"),
        ({"object_story_spec": {"video_data": {}}, "effective_object_story_id": "1_2"}, "unknown", "story_spec"),
        ({"object_story_spec": {"page_id": "1"}}, "unknown", "unknown"),
    ],
)
def test_where_it_was_made(source, kind, origin):
    creative = made(**source)
    assert (creative.creative_type, creative.origin) == (kind, origin)


def test_a_story_that_could_not_be_read_is_no_existing_post():
    assert made(effective_object_story_id="1_2", __dropped_fields__=["object_story_spec"]).origin == "unknown"


def test_cards_of_a_carousel_in_order():
    children = [{"link": "a", "name": "n", "picture": "p", "image_hash": "h"}, {"video_id": 7}, "broken"]
    found = cards({"link_data": {"child_attachments": children}})
    assert found == (Card("a", "n", None, "h", "p", None), Card(None, None, None, None, None, "7"))
    assert cards({"link_data": {"child_attachments": "no list"}}) == ()


def test_videos_of_a_feed_in_order_and_once():
    listed = [{"video_id": 7, "thumbnail_url": "t"}, {"video_id": "8"}, {"video_id": "7"}, {"url": "u"}, "broken"]
    assert feed_videos({"videos": listed}) == (FeedVideo("7", "t"), FeedVideo("8", None))
    assert feed_videos({"videos": "no list"}) == feed_videos({}) == ()


def test_every_video_of_a_creative_is_known():
    story = {"link_data": {"child_attachments": [{"video_id": "2"}, {"image_hash": "h"}, {"video_id": "2"}]}}
    feed = {"videos": [{"video_id": "3"}, {"video_id": "4"}]}
    assert made(video_id="1", object_story_spec=story, asset_feed_spec=feed).video_ids == {"1", "2", "3", "4"}
    assert made(image_hash="h").video_ids == frozenset()


@pytest.mark.parametrize(
    ("source", "video"),
    [
        ({"video_id": "1", "object_story_spec": {"video_data": {"video_id": "2"}}}, "1"),
        ({"object_story_spec": {"video_data": {"video_id": "2"}}}, "2"),
        # One video cut for each placement is that video; one of several that Meta chooses among is not.
        (
            {"asset_feed_spec": {"optimization_type": "PLACEMENT", "videos": [{"video_id": "3"}, {"video_id": "4"}]}},
            "3",
        ),
        ({"asset_feed_spec": {"videos": [{"video_id": "3"}]}}, None),
        ({"object_story_spec": {"link_data": {"child_attachments": [{"video_id": "5"}]}}}, None),
    ],
)
def test_the_video_that_a_creative_is(source, video):
    assert made(**source).video_id == video


@pytest.mark.parametrize(
    ("urls", "end"),
    [
        (["http://x.test/a.jpg?oe=69CB0E80"], datetime(2026, 3, 31, tzinfo=UTC)),
        (["http://x.test/a.jpg?ext=1774915200"], datetime(2026, 3, 31, tzinfo=UTC)),
        (
            ["http://x.test/a.jpg?oe=69CB0E81", None, "http://x.test/b.jpg?oe=69CB0E80"],
            datetime(2026, 3, 31, tzinfo=UTC),
        ),
        (["http://x.test/a.jpg"], None),
        (["http://x.test/a.jpg?oe=soon"], None),
        (["http://x.test/a.jpg?oe=FFFFFFFFFFFFFFFFFF"], None),
        (["http://[broken?oe=69CB0E80"], None),
        ([None], None),
    ],
)
def test_when_urls_stop_working(urls, end):
    assert expires_at(urls) == end
