"""The analysis that comes with the project, and shows how one is made: plain features of a creative's words."""

from datetime import datetime

import polars as pl

from insights_assets.tables.creative_analysis import CREATIVE_ANALYSIS

NAME, VERSION = "text", "words-1"
OFFER = r"(?i)%|\b(?:free|sale|offer|discount|save|deal|gratis|rabatt|angebot|oferta|desconto)\b"
EMOJI = r"[\x{1F300}-\x{1FAFF}\x{2600}-\x{27BF}]"
COLUMNS = ("title", "body")


def creative_text(creatives: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Compute rows of `creative_analysis` named `text`.

    Args:
        creatives: rows of `creatives` (the key and `COLUMNS`).
        now: the instant.

    Returns:
        For each creative and week with any words: `words` (how many), and 1 or 0 for `question` (a question mark),
        `number` (a digit), `offer` (a per cent sign or a word of one) and `emoji`.
    """
    whole = pl.concat_str("title", "body", separator=" ", ignore_nulls=True).str.strip_chars()
    words = creatives.sort("ad_id").unique(["account_id", "week", "creative_id"], keep="first", maintain_order=True)
    words = words.with_columns(whole.alias("words_of")).filter(pl.col("words_of") != "")
    spoken = pl.col("words_of")
    labels = {
        "words": spoken.str.count_matches(r"\S+"),
        "question": spoken.str.contains("?", literal=True),
        "number": spoken.str.contains(r"\d"),
        "offer": spoken.str.contains(OFFER),
        "emoji": spoken.str.contains(EMOJI),
    }
    rows = (
        words.select("account_id", "week", "creative_id", *(e.cast(pl.Float64).alias(n) for n, e in labels.items()))
        .unpivot(list(labels), index=["account_id", "week", "creative_id"], variable_name="label", value_name="score")
        .with_columns(
            pl.lit(NAME).alias("analysis"),
            pl.lit(None, dtype=pl.String).alias("text"),
            pl.lit(VERSION).alias("version"),
            pl.lit(now).cast(CREATIVE_ANALYSIS.schema["observed_at"]).alias("observed_at"),
        )
    )
    return CREATIVE_ANALYSIS.conform(rows).sort(CREATIVE_ANALYSIS.key)
