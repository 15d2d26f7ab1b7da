"""Entities: campaigns, ad sets, ads and creatives as they stood in each week."""

from typing import Annotated

import polars as pl

from insights_assets.tables.columns import Instant, account_id, identifier, money, observed_at, one_of, week
from insights_assets.tables.history import History
from insights_assets.tables.model import Table, TableModel, column

CREATIVE_TYPES = ("video", "image", "carousel", "dynamic", "unknown")
CREATIVE_ORIGINS = ("catalogue", "asset_feed", "existing_post", "story_spec", "unknown")
CARD = pl.Struct(
    {
        "link": pl.String,
        "name": pl.String,
        "description": pl.String,
        "image_hash": pl.String,
        "picture_url": pl.String,
        "video_id": pl.String,
        "video_url": pl.String,
        "thumbnail_url": pl.String,
    }
)
Cards = Annotated[pl.List, CARD]
FEED_VIDEO = pl.Struct({"video_id": pl.String, "video_url": pl.String, "thumbnail_url": pl.String})
FeedVideos = Annotated[pl.List, FEED_VIDEO]


class Campaigns(TableModel):
    """A campaign as it stood in a week, deleted and archived ones included."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    campaign_id: pl.String = identifier("Campaign")
    name: pl.String = column("Name given by the advertiser: foreign text")
    status: pl.String = column("Status set on the campaign")
    effective_status: pl.String = column("Status in effect")
    objective: pl.String = column("Campaign objective", nullable=True)
    daily_budget: pl.Float64 = money("Daily budget, where the budget is the campaign's", nullable=True)
    lifetime_budget: pl.Float64 = money("Lifetime budget", nullable=True)
    buying_type: pl.String = column("AUCTION or RESERVED", nullable=True)
    created_time: Instant = column("Created at", nullable=True)
    observed_at: Instant = observed_at()


class AdSets(TableModel):
    """An ad set as it stood in a week."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    adset_id: pl.String = identifier("Ad set")
    campaign_id: pl.String = identifier("Parent campaign")
    name: pl.String = column("Name given by the advertiser: foreign text")
    status: pl.String = column("Status set on the ad set")
    effective_status: pl.String = column("Status in effect, the parents' considered")
    optimization_goal: pl.String = column("What delivery is optimised for", nullable=True)
    custom_event_type: pl.String = column("Conversion event of the promoted object", nullable=True)
    daily_budget: pl.Float64 = money("Daily budget, where the budget is the ad set's", nullable=True)
    lifetime_budget: pl.Float64 = money("Lifetime budget", nullable=True)
    learning_stage: pl.String = column("LEARNING, SUCCESS or FAIL, where Meta says so", nullable=True)
    targeting: pl.String = column("Targeting spec, as JSON", nullable=True)
    created_time: Instant = column("Created at", nullable=True)
    observed_at: Instant = observed_at()


class Ads(TableModel):
    """An ad as it stood in a week."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    ad_id: pl.String = identifier("Ad")
    adset_id: pl.String = identifier("Parent ad set")
    campaign_id: pl.String = identifier("Parent campaign")
    creative_id: pl.String = column("Creative shown by the ad", nullable=True)
    name: pl.String = column("Name given by the advertiser: foreign text")
    status: pl.String = column("Status set on the ad")
    effective_status: pl.String = column("Status in effect, the parents' considered")
    optimization_goal: pl.String = column("Goal of the parent ad set", nullable=True)
    daily_budget: pl.Float64 = money("Always null: an ad has no budget of its own", nullable=True)
    created_time: Instant = column("Created at", nullable=True)
    observed_at: Instant = observed_at()


class Creatives(TableModel):
    """A creative that an ad showed in a week; an ad whose creative was swapped within the week has one row for each."""

    account_id: pl.String = account_id()
    week: pl.Date = week()
    creative_id: pl.String = identifier("Creative")
    ad_id: pl.String = identifier("Ad that shows it")
    shown_from: pl.Date = column(
        "First day from which the ad is known to show it: Monday, or the day on which the sync first saw the swap"
    )
    creative_type: pl.String = one_of(
        "Kind of creative, by its spec; unknown also when the account's library has it no more", CREATIVE_TYPES
    )
    origin: pl.String = one_of(
        "What it was made from: a catalogue, a feed of assets, a post that was there before, a story of its own",
        CREATIVE_ORIGINS,
    )
    name: pl.String = column("Name of the creative: foreign text", nullable=True)
    title: pl.String = column("Headline: foreign text", nullable=True)
    body: pl.String = column("Primary text: foreign text", nullable=True)
    link_url: pl.String = column("Where a click leads: foreign text", nullable=True)
    image_url: pl.String = column("Image; Meta's urls expire", nullable=True)
    thumbnail_url: pl.String = column("Thumbnail; Meta's urls expire", nullable=True)
    video_url: pl.String = column("Source of the video, where the token may read it; Meta's urls expire", nullable=True)
    urls_expire_at: Instant = observed_at(
        "When the first picture or video url of it, its cards or its feed stops working, where the urls say",
        nullable=True,
    )
    urls_read_at: Instant = observed_at("When the urls were read: each sync of the week renews them", nullable=True)
    image_hash: pl.String = column("Image in the account's library; does not expire", nullable=True)
    video_id: pl.String = column("Video of a creative that is one video", nullable=True)
    post_id: pl.String = column("Post that the ad shows (page_post)", nullable=True)
    product_set_id: pl.String = column("Product set of a catalogue creative", nullable=True)
    cards: Cards = column(
        "Carousel cards in their order; a video's urls where the token may read them; null without", nullable=True
    )
    feed_videos: FeedVideos = column(
        "Videos of its asset feed in their order; urls where the token may read them; null without", nullable=True
    )
    observed_at: Instant = observed_at()


CAMPAIGNS = Table("campaigns", "raw", Campaigns, ("account_id", "week", "campaign_id"))
ADSETS = Table("adsets", "raw", AdSets, ("account_id", "week", "adset_id"))
ADS = Table("ads", "raw", Ads, ("account_id", "week", "ad_id"))
CREATIVES = Table(
    "creatives",
    "raw",
    Creatives,
    ("account_id", "week", "ad_id", "creative_id"),
    # Before swaps were known, a creative stood for its whole week.
    history=History(defaults={"shown_from": pl.col("week"), "origin": "unknown"}),
)
