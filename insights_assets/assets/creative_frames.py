"""Creative records to rows, and what of an earlier sync stays: pure functions, conforming frames out."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from insights_assets.graph_api.records import Creative
from insights_assets.graph_api.videos import VideoUrls
from insights_assets.tables.entities import CREATIVES

URLS = ("image_url", "thumbnail_url", "video_url", "cards", "feed_videos", "urls_expire_at", "urls_read_at")
AD_WEEK = ["account_id", "week", "ad_id"]
_OF_THE_AD = ("account_id", "week", "ad_id", "shown_from")
_NO_URLS = VideoUrls(None, None)


def creatives(
    records: Iterable[Creative], shown_by: pl.DataFrame, now: datetime, videos: Mapping[str, VideoUrls] | None = None
) -> pl.DataFrame:
    """Rows of `creatives`: each (account_id, week, ad_id, creative_id, shown_from) of `shown_by` described.

    A creative that the library lacks keeps its row, of type unknown: what its ads spent is spent.

    Args:
        records: the account's library.
        shown_by: which ad shows which creative, from which day.
        now: when the library was read.
        videos: urls by video id, of the videos that may be read.
    """
    described = pl.DataFrame(
        [_described(record, videos or {}, now) for record in records],
        schema={c: t for c, t in CREATIVES.schema.items() if c not in _OF_THE_AD},
    )
    unknown = pl.lit("unknown")
    return (
        shown_by.join(described, on="creative_id", how="left")
        .with_columns(
            pl.col("creative_type").fill_null(unknown),
            pl.col("origin").fill_null(unknown),
            pl.col("observed_at").fill_null(pl.lit(now).cast(CREATIVES.schema["observed_at"])),
        )
        .select(list(CREATIVES.schema))
    )


def shown_by(ads: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Which creative each ad shows, where it has one, and `seen_on`, the day on which that was seen."""
    seen = pl.col("observed_at").dt.convert_time_zone(zone).dt.date().alias("seen_on")
    return ads.filter(pl.col("creative_id").is_not_null()).select(*AD_WEEK, "creative_id", seen)


def shown_videos(records: Iterable[Creative], shown: pl.DataFrame) -> frozenset[str]:
    """Ids of the videos that the ads of `shown` show: as the creative itself, on a card or out of an asset feed."""
    ids = set(shown["creative_id"])
    return frozenset().union(*(r.video_ids for r in records if r.id in ids))


def since_when(shown: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Tell from which day of the week on each ad shows its creative.

    An ad's first creative of a week counts from Monday, one that took another's place from the day on which a sync
    first saw it.

    Args:
        shown: what `shown_by` returns.
        stored: rows of `creatives` from earlier syncs of the weeks.

    Returns:
        account_id, week, ad_id, creative_id, shown_from.
    """
    first = stored.group_by(AD_WEEK).agg(pl.len().alias("before"))
    known = stored.select(*AD_WEEK, "creative_id", "shown_from")
    sunday = pl.col("week") + timedelta(days=6)
    day = pl.max_horizontal(pl.min_horizontal("seen_on", sunday), "week")
    return (
        shown.join(known, on=[*AD_WEEK, "creative_id"], how="left")
        .join(first, on=AD_WEEK, how="left")
        .with_columns(
            pl.coalesce("shown_from", pl.when(pl.col("before").is_null()).then("week").otherwise(day)).alias(
                "shown_from"
            )
        )
        .select(*AD_WEEK, "creative_id", "shown_from")
    )


def with_history(fresh: pl.DataFrame, stored: pl.DataFrame, running: date) -> pl.DataFrame:
    """What is stored after a sync: a week that is over keeps what was first read of it, with urls that work again.

    A creative that was taken out of an ad within the week stays beside the one that took its place.

    Args:
        fresh: rows of this sync.
        stored: rows of earlier syncs of the same weeks.
        running: Monday of the running week.
    """
    over = pl.col("week") < running
    kept = pl.concat([stored.filter(over), stored.filter(~over).join(fresh, on=CREATIVES.key, how="anti")])
    added = fresh.join(kept, on=CREATIVES.key, how="anti")
    return renewed(pl.concat([kept, added]), fresh)


def renewed(rows: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """The rows with the urls that a sync read of their creatives, where it read any."""
    read = fresh.filter(pl.col("urls_read_at").is_not_null()).unique("creative_id", keep="first", maintain_order=True)
    news = read.select("creative_id", *(pl.col(c).alias(f"new_{c}") for c in URLS))
    has = pl.col("new_urls_read_at").is_not_null()
    return (
        rows.join(news, on="creative_id", how="left", maintain_order="left")
        .with_columns(pl.when(has).then(f"new_{c}").otherwise(c).alias(c) for c in URLS)
        .select(list(CREATIVES.schema))
    )


def _described(record: Creative, videos: Mapping[str, VideoUrls], now: datetime) -> dict[str, Any]:
    own = videos.get(record.video_id or "", _NO_URLS)
    cards = [asdict(card) | _urls(videos.get(card.video_id or "", _NO_URLS)) for card in record.cards]
    feed = [
        {"video_id": one.video_id, **_urls(videos.get(one.video_id, _NO_URLS), one.thumbnail_url)}
        for one in record.feed_videos
    ]
    thumbnail = record.thumbnail_url or own.picture
    inside = (part[name] for part in (*cards, *feed) for name in ("video_url", "thumbnail_url"))
    return {
        "creative_id": record.id,
        "creative_type": record.creative_type,
        "origin": record.origin,
        "name": record.name,
        "title": record.title,
        "body": record.body,
        "link_url": record.url,
        "image_url": record.image_url,
        "thumbnail_url": thumbnail,
        "video_url": own.source,
        "urls_expire_at": record.urls_expire_at([own.source, thumbnail, *inside]),
        "urls_read_at": now,
        "image_hash": record.image_hash,
        "video_id": record.video_id,
        "post_id": record.object_story_id or record.effective_object_story_id,
        "product_set_id": record.product_set_id,
        "cards": cards or None,
        "feed_videos": feed or None,
        "observed_at": now,
    }


def _urls(video: VideoUrls, thumbnail: str | None = None) -> dict[str, str | None]:
    """The urls of a video inside a creative; its own picture before the one that a spec names, which may be old."""
    return {"video_url": video.source, "thumbnail_url": video.picture or thumbnail}
