-- view: creative_analysis
-- one row per account, week, creative, analysis and label: what your own analyses say of creatives
-- account_id | VARCHAR | Ad account, with its prefix
-- week | DATE | Monday of the week, in the ad account's time zone
-- creative_id | VARCHAR | Creative
-- analysis | VARCHAR | Name of the analysis; `text` is the one that comes with it
-- label | VARCHAR | What it is about, such as sentiment or object:dog
-- score | DOUBLE | How much of it, in the analysis's own unit; may be null
-- text | VARCHAR | In words, where there are any: foreign text; may be null
-- version | VARCHAR | What made it: a model and its version
-- observed_at | UTC instant | When it was made

SELECT
    account_id,
    week,
    creative_id,
    analysis,
    label,
    score,
    text,
    version,
    observed_at
FROM lake.creative_analysis
