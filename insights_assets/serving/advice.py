"""What a report advises: open recommendations of the newest complete weeks, the most important first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from insights_assets.serving.figures import of_newest
from insights_assets.serving.model import Advice
from insights_assets.serving.trust import Scope
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS
from insights_assets.tables.model import Table
from insights_assets.tables.recommendations import RECOMMENDATIONS

ENTITIES: dict[str, Table] = {"campaign": CAMPAIGNS, "adset": ADSETS, "ad": ADS}


def newest_advice(scope: Scope, newest: Mapping[str, date], names: Mapping[str, str]) -> tuple[Advice, ...]:
    """Collect the advice of each account's newest complete week, of all levels."""
    found = []
    for level, table in RECOMMENDATIONS.items():
        rows = of_newest(scope.read(table), newest)
        entity = f"{level}_id"
        known = scope.read(ENTITIES[level]).select("account_id", "week", pl.col(entity).alias("entity_id"), "name")
        named = rows.join(known, on=["account_id", "week", "entity_id"], how="left")
        found += [
            Advice(
                account_id=row["account_id"],
                account_name=names.get(row["account_id"], row["account_id"]),
                level=level,
                entity_id=row["entity_id"],
                entity_name=row["name"] or row["entity_id"],
                kind=row["recommendation_type"],
                action=row["action"],
                reason=row["reason"],
                priority=row["priority"],
                priority_level=row["priority_level"],
                confidence=row["confidence"],
                since=row["first_seen_week"],
            )
            for row in named.to_dicts()
        ]
    return tuple(sorted(found, key=_order))


def varied(advice: Sequence[Advice], most: int, of_kind: int) -> list[Advice]:
    """At most so many pieces in their order, of no kind more than `of_kind` while another kind is left out.

    Twenty budgets to raise would push out every ad to stop.
    """
    ranks: Counter[str] = Counter()
    turns = []
    for place, one in enumerate(advice):
        ranks[one.kind] += 1
        turns.append((ranks[one.kind] > of_kind, place))
    return [advice[place] for place in sorted(place for _, place in sorted(turns)[:most])]


def _order(advice: Advice) -> tuple[int, float, str, str, str]:
    return (-advice.priority, -advice.confidence, advice.account_name, advice.entity_id, advice.kind)
