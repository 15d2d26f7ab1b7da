"""Campaigns, ad sets and ads: lists of a week with its figures, and one of them beside its peers. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from insights_assets.api.figures import families, ratios, sums, total
from insights_assets.api.paging import period

PARENTS: Final = {"campaign": None, "adset": "campaign_id", "ad": "adset_id"}
OPEN_FINDINGS: Final = ("new", "acknowledged")
USUAL_WEEKS: Final = 4
MOST_PEERS: Final = 10
MOST_FINDINGS: Final = 10
FIGURES: Final = ("spend", "impressions", "reach", "frequency", "clicks", "inline_link_clicks")
RESULTS: Final = ("result_family", "results", "result_value", "cpr")


def of_week(entities: pl.DataFrame, weekly: pl.DataFrame, results: pl.DataFrame, level: str, week: date) -> pl.DataFrame:
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
    newest = facts.weekly["week"].max() if facts.weekly.height else snapshots["week"][-1]
    until = until or newest
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
    own = weekly.filter(pl.col("entity_id") == entity_id)
    if own.is_empty():
        return None
    parent = own["parent_id"][-1]
    group = weekly.filter(pl.col("parent_id").eq_missing(pl.lit(parent, dtype=pl.String)))
    spent = group.group_by("entity_id").agg(sums()).with_columns(ratios())
    bought = families(results.filter(pl.col("entity_id").is_in(spent["entity_id"].to_list())), ["entity_id"])
    main = bought.group_by("entity_id", maintain_order=True).first()
    mine = main.filter(pl.col("entity_id") == entity_id)
    family = mine["result_family"][0] if mine.height else None
    alike = main.filter(pl.col("result_family") == family) if family else main.clear()
    ranked = alike.filter(pl.col("cpr").is_not_null()).sort("cpr", "entity_id")["entity_id"].to_list()
    others = alike.filter(pl.col("entity_id") != entity_id)
    results_sum = float(others["results"].sum())
    whole = float(spent["spend"].sum())
    shown = others.sort("spend", "entity_id", descending=[True, False]).head(MOST_PEERS)
    return {
        "parent_id": parent,
        "result_family": family,
        "count": spent.height - 1,
        "alike": others.height,
        "cpr": float(others["spend"].sum()) / results_sum if results_sum else None,
        "rank_by_cpr": ranked.index(entity_id) + 1 if entity_id in ranked else None,
        "ranked": len(ranked),
        "share_of_spend_pct": 100 * float(own["spend"].sum()) / whole if whole else None,
        "items": [{**row, "name": names.get(row["entity_id"])} for row in shown.iter_rows(named=True)],
    }


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
