"""Campaigns, ad sets and ads: lists of a week with its figures, and one of them beside its peers. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import polars as pl

from insights_assets.api.figures import ratios, total
from insights_assets.api.paging import last_day, period

PARENTS: Final = {"campaign": None, "adset": "campaign_id", "ad": "adset_id"}
OPEN_FINDINGS: Final = ("new", "acknowledged")
USUAL_WEEKS: Final = 4
MOST_PEERS: Final = 10
MOST_FINDINGS: Final = 10
FIGURES: Final = ("spend", "impressions", "reach", "frequency", "clicks", "inline_link_clicks")
RESULTS: Final = ("result_family", "results", "result_value", "cpr")


def of_week(
    entities: pl.DataFrame, weekly: pl.DataFrame, results: pl.DataFrame, level: str, week: date
) -> pl.DataFrame:
    """Entities as they stood in a week, with the figures of that week; null where they did not deliver.

    Args:
        entities: rows of the view of the level (`campaigns`, `adsets`, `ads`).
        weekly: `insights_weekly` of the level.
        results: `results_weekly`, all levels.
        level: campaign, adset or ad.
        week: the Monday.
    """
    name = f"{level}_id"
    figures = weekly.filter(pl.col("week") == week).with_columns(ratios())
    figures = figures.select(
        pl.col("entity_id").alias(name), *FIGURES, "ctr", "link_ctr", "cpm", "cpc", "is_complete", "is_settled"
    )
    bought = results.filter(pl.col("week") == week, pl.col("level") == level, pl.col("is_primary"))
    bought = bought.select(pl.col("entity_id").alias(name), *RESULTS)
    rows = entities.filter(pl.col("week") == week)
    return rows.join(figures, on=name, how="left").join(bought, on=name, how="left")


@dataclass(frozen=True)
class Facts:
    """Rows of one account, of one level where a view has levels."""

    entities: pl.DataFrame
    weekly: pl.DataFrame
    results: pl.DataFrame
    tiers: pl.DataFrame
    advice: pl.DataFrame
    findings: pl.DataFrame
    burnout: pl.DataFrame | None = None


def detail(facts: Facts, level: str, entity_id: str, since: date | None, until: date | None) -> dict[str, Any] | None:
    """One entity: as it stands, its figures of a period (the newest 4 weeks), its peers, and what is said of it.

    Returns:
        None when the account has no such entity.
    """
    snapshots = facts.entities.filter(pl.col(f"{level}_id") == entity_id).sort("week")
    own = facts.weekly.filter(pl.col("entity_id") == entity_id)
    if snapshots.is_empty() and own.is_empty():
        return None
    newest: date = facts.weekly.select(pl.col("week").max()).item() or snapshots["week"][-1]
    until = last_day(since, until, newest)
    since = since or until - timedelta(weeks=USUAL_WEEKS - 1)
    within = period("week", since, until)
    weekly = facts.weekly.filter(*within)
    results = facts.results.filter(pl.col("level") == level, *within)
    entity = snapshots.row(-1, named=True) if snapshots.height else None
    names = _names(facts.entities, level)
    return {
        "entity": entity,
        "since": since,
        "until": until,
        "figures": total(weekly.filter(pl.col("entity_id") == entity_id), _of(results, entity_id)),
        "peers": _peers(weekly, results, entity_id, names),
        "classification": _newest(_of(facts.tiers, entity_id)),
        "recommendations": _newest_week(_of(facts.advice, entity_id)),
        "anomalies": _open_findings(_of(facts.findings, entity_id)),
        "burnout": [] if facts.burnout is None else _newest_week(facts.burnout.filter(pl.col("ad_id") == entity_id)),
    }


def _peers(weekly: pl.DataFrame, results: pl.DataFrame, entity_id: str, names: dict[str, str]) -> dict[str, Any] | None:
    """The other entities below the same parent, held beside this one by what its main family costs.

    A cost among peers is compared within one family only; one without results has no cost and no rank.
    """
    parents = dict(weekly.select("entity_id", "parent_id").iter_rows())
    if entity_id not in parents:
        return None
    parent = parents[entity_id]
    spent = _sum_by(row for row in weekly.select("entity_id", "spend").iter_rows() if parents[row[0]] == parent)
    main = _main_families(results, spent)
    family = main[entity_id].family if entity_id in main else None
    alike = {name: one for name, one in main.items() if one.family == family}
    ranked = sorted((one.spend / one.results, name) for name, one in alike.items() if one.results)
    order = [name for _, name in ranked]
    others = {name: one for name, one in alike.items() if name != entity_id}
    bought, paid = (sum(getattr(one, of) for one in others.values()) for of in ("results", "spend"))
    whole = sum(spent.values())
    shown = sorted(others.items(), key=lambda item: (-item[1].spend, item[0]))[:MOST_PEERS]
    return {
        "parent_id": parent,
        "result_family": family,
        "count": len(spent) - 1,
        "alike": len(others),
        "cpr": paid / bought if bought else None,
        "rank_by_cpr": order.index(entity_id) + 1 if entity_id in order else None,
        "ranked": len(order),
        "share_of_spend_pct": 100 * spent[entity_id] / whole if whole else None,
        "items": [
            {"entity_id": n, "name": names.get(n), "result_family": o.family, "spend": o.spend, "results": o.results}
            | {"cpr": o.spend / o.results if o.results else None}
            for n, o in shown
        ],
    }


class _Main(NamedTuple):
    """The family that took most of an entity's spend, and what it bought."""

    family: str
    spend: float
    results: float


def _main_families(results: pl.DataFrame, wanted: Collection[str]) -> dict[str, _Main]:
    """A few hundred rows: plain Python is faster than ten queries."""
    sums: dict[tuple[str, str], list[float]] = {}
    columns = ("entity_id", "result_family", "spend", "results")
    for name, family, spend, bought in results.filter(pl.col("is_primary")).select(columns).iter_rows():
        if name in wanted:
            own = sums.setdefault((name, family), [0.0, 0.0])
            own[0] += spend
            own[1] += bought
    main: dict[str, _Main] = {}
    for (name, family), (spend, bought) in sorted(sums.items()):
        if name not in main or spend > main[name].spend:
            main[name] = _Main(family, spend, bought)
    return main


def _sum_by(rows: Iterable[tuple[str, float]]) -> dict[str, float]:
    added: dict[str, float] = {}
    for name, value in rows:
        added[name] = added.get(name, 0.0) + value
    return added


def _names(entities: pl.DataFrame, level: str) -> dict[str, str]:
    newest = entities.filter(pl.col("week") == pl.col("week").max()).select(f"{level}_id", "name")
    return dict(newest.iter_rows())


def _of(rows: pl.DataFrame, entity_id: str) -> pl.DataFrame:
    return rows.filter(pl.col("entity_id") == entity_id)


def _newest(rows: pl.DataFrame) -> dict[str, Any] | None:
    return rows.sort("week").row(-1, named=True) if rows.height else None


def _newest_week(rows: pl.DataFrame) -> list[dict[str, Any]]:
    return rows.filter(pl.col("week") == pl.col("week").max()).to_dicts()


def _open_findings(rows: pl.DataFrame) -> list[dict[str, Any]]:
    found = rows.filter(pl.col("status").is_in(OPEN_FINDINGS))
    return found.sort("week", "anomaly_score", descending=True).head(MOST_FINDINGS).to_dicts()
