"""Meta's fatigue label out of insight records: pure functions, records in, a conforming frame out.

Reference: https://developers.facebook.com/docs/marketing-api/reference/v26.0 . The inner shape of both fields is not
public, so nothing here depends on it but the words of the levels.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from insights_assets.graph_api.records import InsightRow
from insights_assets.partitions import monday
from insights_assets.tables.meta_fatigue import FATIGUE_LEVELS, META_FATIGUE

SUMMARY, FATIGUED_ADS = "creative_fatigue_summary", "creative_fatigued_ads"
# The level alone in any case, or as the end of a constant such as FATIGUE_LEVEL_HIGH; an ad's name is neither.
_CONSTANT = re.compile(r"[A-Z]+(?:_[A-Z]+)*")


def meta_fatigue(records: Iterable[InsightRow], account: Mapping[str, Any], now: datetime) -> pl.DataFrame:
    """Rows of `meta_fatigue`: of the ads of which something was said."""
    rows = [
        {
            "account_id": account["account_id"],
            "week": monday(r.date_start),
            "ad_id": r.ad_id,
            "fatigue_level": fatigue_level(r.extra.get(SUMMARY)) or fatigue_level(r.extra.get(FATIGUED_ADS)),
            "summary": _text(r.extra.get(SUMMARY)),
            "fatigued_ads": _text(r.extra.get(FATIGUED_ADS)),
            "observed_at": now,
        }
        for r in records
        if r.extra.get(SUMMARY) or r.extra.get(FATIGUED_ADS)
    ]
    return pl.DataFrame(rows, schema=META_FATIGUE.schema)


def is_served(records: Iterable[InsightRow]) -> bool:
    """Whether any record has one of the fields, be it empty."""
    return any(name in r.extra for r in records for name in (SUMMARY, FATIGUED_ADS))


def fatigue_level(served: object) -> str | None:
    """The strongest level that is named anywhere in a value of unknown shape; None when none is."""
    named = [word for text in _texts(served) for word in FATIGUE_LEVELS if _names(text.strip(), word)]
    return max(named, key=FATIGUE_LEVELS.index, default=None)


def _names(text: str, word: str) -> bool:
    return text.upper() == word or (bool(_CONSTANT.fullmatch(text)) and text.endswith(f"_{word}"))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _text(value: object) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None
