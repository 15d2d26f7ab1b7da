"""Creative records to rows, and what of an earlier sync stays: pure functions, conforming frames out."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta

import polars as pl

from insights_assets.graph_api.records import Creative
from insights_assets.tables.entities import CREATIVES

URLS = ("image_url", "thumbnail_url", "video_url", "cards", "urls_expire_at", "urls_read_at")
AD_WEEK = ["account_id", "week", "ad_id"]
_OF_THE_AD = ("account_id", "week", "ad_id", "shown_from")


def creatives(
    records: Iterable[Creative], shown_by: pl.DataFrame, now: datetime, videos: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Rows of `creatives`: each (account_id, week, ad_id, creative_id, shown_from) of `shown_by` described.

    A creative that the library lacks keeps its row, of type unknown: what its ads spent is spent.

    Args:
        records: the account's library.
        shown_by: which ad shows which creative, from which day.
        now: when the library was read.
        videos: source url by video id, of the videos that may be read.
    """
    known = list(records)
    sources = {r.id: (videos or {}).get(r.video_id or "") for r in known}
    described = pl.DataFrame(
        [
            {
                "creative_id": r.id,
                "creative_type": r.creative_type,
                "origin": r.origin,
                "name": r.name,
                "title": r.title,
                "body": r.body,
                "link_url": r.url,
                "image_url": r.image_url,
                "thumbnail_url": r.thumbnail_url,
                "video_url": sources[r.id],
                "urls_expire_at": r.urls_expire_at(sources[r.id]),
                "urls_read_at": now,
                "image_hash": r.image_hash,
                "video_id": r.video_id,
                "post_id": r.object_story_id or r.effective_object_story_id,
                "product_set_id": r.product_set_id,
                "cards": [asdict(card) for card in r.cards] or None,
                "observed_at": now,
            }
            for r in known
        ],
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


def shows_video(records: Iterable[Creative], shown: pl.DataFrame) -> bool:
    """Whether any ad of `shown` shows a video that has a url to ask for."""
    ids = set(shown["creative_id"])
    return any(r.video_id and r.id in ids for r in records)


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
