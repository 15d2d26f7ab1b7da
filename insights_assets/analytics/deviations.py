"""What moved with a finding and before it: triggers of the week, deviations of weeks 0, -1 and -2 (seed 000)."""

import polars as pl

from insights_assets.tables.anomalies import DEVIATION

SIGNIFICANT_PCT = {"frequency": 15, "ctr": 15, "link_ctr": 15, "cpm": 15, "cpr": 20, "results": 20, "spend": 30}
"""Least absolute deviation from the baseline, in percent, that is worth listing (seed 000's significance table)."""

SIGNIFICANT_POINTS = 1
"""Least change of a ranking score, in points: seed 000 took 20 % of a baseline that is usually 0, and so saw none."""

GOOD_SIGN = {"frequency": -1, "ctr": 1, "link_ctr": 1, "cpm": -1, "cpr": -1, "results": 1, "spend": 0}
RANKINGS = ("quality", "engagement", "conversion")
OFFSETS = (0, -1, -2)

TRIGGER_PCT = 15.0
TRIGGERS = (("frequency", 1), ("ctr", -1), ("cpm", 1))
"""Metric and the sign of the move that makes results dearer."""


def preceding_deviations(findings: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """List the significant deviations of the finding's week and the two before.

    Args:
        findings: (account_id, entity_id, week), distinct.
        history: rows of `features_ad` that hold those weeks. Each week's delta is against its own baseline (weeks
            before it only), so week -1 is not judged by a baseline that contains it.

    Returns:
        account_id, entity_id, week, preceding_deviations (list of week_offset, metric, delta_pct, direction), newest
        week first; delta_pct is null for rankings, which have points. Findings without deviations have no row.
    """
    cases = []
    for metric, limit in SIGNIFICANT_PCT.items():
        delta = pl.col(f"{metric}_delta_pct")
        cases.append(_case(metric, delta, delta.sign() * GOOD_SIGN[metric], delta.abs() >= limit))
    for ranking in RANKINGS:
        change = pl.col(f"{ranking}_change")
        unknown = pl.lit(None, dtype=pl.Float64)
        cases.append(_case(f"{ranking}_score", unknown, change.sign(), change.abs() >= SIGNIFICANT_POINTS))
    keys = findings.select("account_id", "entity_id", "week").unique()
    parts = []
    for offset in OFFSETS:
        at = keys.with_columns(pl.col("week").dt.offset_by(f"{offset}w").alias("then"))
        past = at.join(
            history, left_on=["account_id", "entity_id", "then"], right_on=["account_id", "entity_id", "week"]
        )
        parts.append(past.select("account_id", "entity_id", "week", _listed(cases, offset).alias("listed")))
    return (
        pl.concat(parts)
        .explode("listed", empty_as_null=True, keep_nulls=True)
        .filter(pl.col("listed").is_not_null())
        .group_by("account_id", "entity_id", "week", maintain_order=True)
        .agg(pl.col("listed").alias("preceding_deviations"))
    )


def likely_triggers(metric: str = "metric") -> pl.Expr:
    """Return the list of what makes results dearer and moved by more than 15 %, other than the finding's metric.

    Texts such as "frequency +23.4 %", largest first.
    """
    texts = []
    sizes = []
    for name, sign in TRIGGERS:
        delta = pl.col(f"{name}_delta_pct")
        hit = (delta * sign > TRIGGER_PCT) & (pl.col(metric) != name)
        plus = pl.when(delta > 0).then(pl.lit("+")).otherwise(pl.lit(""))
        text = pl.concat_str(pl.lit(f"{name} "), plus, delta.round(1).cast(pl.String), pl.lit(" %"))
        texts.append(pl.when(hit).then(text))
        sizes.append(pl.when(hit).then(delta.abs()))
    pairs = [pl.struct(s.alias("size"), t.alias("text")) for s, t in zip(sizes, texts, strict=True)]
    ordered = pl.concat_list(pairs).list.sort(descending=True, nulls_last=True)
    return ordered.list.eval(pl.element().struct.field("text")).list.drop_nulls()


def _case(metric: str, delta: pl.Expr, goodness: pl.Expr, hit: pl.Expr) -> tuple[str, pl.Expr, pl.Expr, pl.Expr]:
    direction = pl.when(goodness > 0).then(pl.lit("good")).when(goodness < 0).then(pl.lit("bad"))
    return metric, delta, direction.otherwise(pl.lit("neutral")), hit


def _listed(cases: list[tuple[str, pl.Expr, pl.Expr, pl.Expr]], offset: int) -> pl.Expr:
    items = [
        pl.when(hit).then(
            pl.struct(
                pl.lit(offset, dtype=pl.Int64).alias("week_offset"),
                pl.lit(metric).alias("metric"),
                delta.alias("delta_pct"),
                direction.alias("direction"),
            ).cast(DEVIATION)
        )
        for metric, delta, direction, hit in cases
    ]
    return pl.concat_list(items).list.drop_nulls()
