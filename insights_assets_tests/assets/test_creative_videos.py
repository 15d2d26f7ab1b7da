"""Videos of creatives, on cards and out of feeds, synced over real HTTP: what may be read is, and works again."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import polars as pl
import pytest

from insights_assets.assets.entities import ads, adsets, creatives
from insights_assets.partitions import weeks_covering
from insights_assets.sandbox import World
from insights_assets.sandbox.faults import Fault
from insights_assets.sandbox.videos import videos_of
from insights_assets.tables.entities import CREATIVES
from insights_assets_tests.assets.pipeline import pipeline

NOW = datetime(2026, 6, 17, 12, tzinfo=UTC)
WEEKS = weeks_covering(date(2026, 6, 8), date(2026, 6, 17))
STEPS = [adsets, ads, creatives]


@pytest.fixture(scope="module")
def world():
    return World(seed=9, accounts=1, ads_per_account=(10, 10))


def parts(rows):
    """Cards and feed videos that hold a video: creative_id, week, video_id, video_url, thumbnail_url."""
    names = ("video_id", "video_url", "thumbnail_url")
    inside = [
        rows.select("creative_id", "week", pl.col(column).alias("part"))
        .drop_nulls("part")
        .explode("part", empty_as_null=False)
        .with_columns(pl.col("part").struct.field(name) for name in names)
        .drop("part")
        for column in ("cards", "feed_videos")
    ]
    return pl.concat(inside).drop_nulls("video_id")


def end_of(url):
    return datetime.fromtimestamp(int(parse_qs(url.partition("?")[2])["oe"][0], 16), UTC)


def test_urls_of_cards_and_feeds_are_read_in_few_requests_and_work_again_when_they_had_ended(tmp_path, world):
    homes = {video.id: video.home for c in world.account(world.accounts[0].id).creatives for video in videos_of(c)}
    moment = [NOW]
    with pipeline(tmp_path, world, NOW, clock=lambda: moment[0]) as made:
        (account_id,) = made.accounts
        made.run(STEPS, account_id, WEEKS)
        before = made.rows("creatives")
        asked = [(path, query) for _, path, query in made.sandbox.app.state.requests if "picture" in query]
        # Longer than the five days of a video's url: the first week is over since, the second is running no more.
        made.now = moment[0] = NOW + timedelta(days=6)
        made.run(STEPS, account_id, WEEKS)
        after = made.rows("creatives")
    assert CREATIVES.split(after).bad.is_empty()
    shown = parts(before)
    assert set(shown.filter(pl.col("video_url").is_null())["video_id"].replace_strict(homes)) == {"deleted"}
    assert set(shown.drop_nulls("video_url")["video_id"].replace_strict(homes)) == {"library", "page"}
    # The library's one page, one request by id for the rest, and it again without each that was deleted.
    deleted = shown.filter(pl.col("video_url").is_null())["video_id"].n_unique()
    assert [path.rpartition("/")[2] for path, _ in asked] == ["advideos"] + [""] * (1 + deleted)
    for rows, now in ((before, NOW), (after, NOW + timedelta(days=6))):
        urls = [*parts(rows)["video_url"].drop_nulls(), *rows["video_url"].drop_nulls()]
        assert urls
        assert all(now < end_of(url) < now + timedelta(days=6) for url in urls)
        with_video = rows.filter(
            pl.col("creative_id").is_in(parts(rows).drop_nulls("video_url")["creative_id"].implode())
        )
        assert all(now < end < now + timedelta(days=6) for end in with_video["urls_expire_at"])
    again = parts(after).join(shown, on=["creative_id", "week", "video_id"], suffix="_before").drop_nulls("video_url")
    assert again.height == shown.drop_nulls("video_url").height
    assert again.filter(pl.col("video_url") == pl.col("video_url_before")).is_empty()


REFUSED = {"error": {"message": "(#10) no permission for this action", "type": "OAuthException", "code": 10}}


def test_without_the_permission_for_videos_a_sync_has_every_row_and_no_video_url(tmp_path, world):
    faults = [Fault(r"/advideos$", times=9, status=403, body=REFUSED)]
    with pipeline(tmp_path, world, NOW, faults=faults) as made:
        assert made.run(STEPS, made.accounts[0], WEEKS).success
        rows, shown = made.rows("creatives"), made.rows("ads").drop_nulls("creative_id")
    assert rows.height == shown.height
    assert rows["video_url"].null_count() == rows.height
    assert parts(rows)["video_url"].null_count() == parts(rows).height > 0
    assert rows["image_url"].null_count() == 0
