-- view: creatives
-- one row per ad, creative and week; an ad whose creative was swapped within the week has one row for each
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- creative_id | VARCHAR | Creative
-- ad_id | VARCHAR | Ad that shows it
-- shown_from | DATE | First day from which the ad is known to show it: Monday, or the day on which the sync first saw the swap
-- creative_type | VARCHAR | Kind of creative, by its spec; unknown also when the account's library has it no more
-- origin | VARCHAR | What it was made from: catalogue, asset_feed, existing_post, story_spec or unknown
-- name | VARCHAR | Name of the creative: foreign text; may be null
-- title | VARCHAR | Headline: foreign text; may be null
-- body | VARCHAR | Primary text: foreign text; may be null
-- link_url | VARCHAR | Where a click leads: foreign text; may be null
-- image_url | VARCHAR | Image; Meta's urls expire; may be null
-- thumbnail_url | VARCHAR | Thumbnail; Meta's urls expire; may be null
-- video_url | VARCHAR | Source of the video, where the token may read it; Meta's urls expire; may be null
-- urls_expire_at | UTC instant | When the first picture or video url of it, its cards or its feed stops working, where the urls say; may be null
-- urls_read_at | UTC instant | When the urls were read: each sync of the week renews them; may be null
-- image_hash | VARCHAR | Image in the account's library; does not expire; may be null
-- video_id | VARCHAR | Video of a creative that is one video; may be null
-- post_id | VARCHAR | Post that the ad shows (page_post); may be null
-- product_set_id | VARCHAR | Product set of a catalogue creative; may be null
-- cards | STRUCT(link VARCHAR, name VARCHAR, description VARCHAR, image_hash VARCHAR, picture_url VARCHAR, video_id VARCHAR, video_url VARCHAR, thumbnail_url VARCHAR)[] | Carousel cards in their order; a video's urls where the token may read them; null without
-- feed_videos | STRUCT(video_id VARCHAR, video_url VARCHAR, thumbnail_url VARCHAR)[] | Videos of its asset feed in their order; urls where the token may read them; null without
-- observed_at | UTC instant | When it was read from the API

SELECT
    account_id,
    week,
    creative_id,
    ad_id,
    shown_from,
    creative_type,
    origin,
    name,
    title,
    body,
    link_url,
    image_url,
    thumbnail_url,
    video_url,
    urls_expire_at,
    urls_read_at,
    image_hash,
    video_id,
    post_id,
    product_set_id,
    cards,
    feed_videos,
    observed_at
FROM lake.creatives
