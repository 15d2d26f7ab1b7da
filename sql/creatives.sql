-- view: creatives
-- one row per ad, creative and week
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- creative_id | VARCHAR | Creative
-- ad_id | VARCHAR | Ad that shows it
-- creative_type | VARCHAR | Kind of creative, by its spec
-- name | VARCHAR | Name of the creative: foreign text; may be null
-- title | VARCHAR | Headline: foreign text; may be null
-- body | VARCHAR | Primary text: foreign text; may be null
-- image_url | VARCHAR | Image; Meta's urls expire; may be null
-- thumbnail_url | VARCHAR | Thumbnail; Meta's urls expire; may be null
-- video_id | VARCHAR | Video; may be null
-- observed_at | UTC instant | When it was read from the API

SELECT
    account_id,
    week,
    creative_id,
    ad_id,
    creative_type,
    name,
    title,
    body,
    image_url,
    thumbnail_url,
    video_id,
    observed_at
FROM lake.creatives
