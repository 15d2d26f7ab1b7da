"""What a year adds to a report: best and worst weeks, and how few ads make most of the spend and of the results.

Pure: frames in, values out. Of one currency and one result family each.
"""

from dataclasses import dataclass, field

import polars as pl

from insights_assets.serving.comparison import steps
from insights_assets.serving.periods import Span
from insights_assets.serving.words import FEW_RESULTS

SHOWN_WEEKS = 3
SHOWN_ADS = 10
BULK = 0.8  # Pareto's rule of thumb: a fifth makes four fifths
CURVE_POINTS = 200


@dataclass(frozen=True)
class Concentration:
    """How spend and results spread over ads.

    `bulk_ads` of `ads`, those that spent most, made `bulk_share` of the spend (four fifths or a little more) and
    `bulk_results` of the results. `top`: account_id, entity_id, spend, results, cpr, spend_share, results_share of the
    ads that spent most. `curve`: ads (share of them), spend, results: cumulative shares, each ordered by itself.
    """

    ads: int
    bulk_ads: int
    bulk_share: float
    bulk_results: float | None
    top: pl.DataFrame = field(repr=False)
    curve: pl.DataFrame = field(repr=False)


def ranked_weeks(rows: pl.DataFrame, span: Span) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Whole weeks of a span by cost per result: the cheapest first, the dearest first, and how many have no place.

    A week needs `FEW_RESULTS` results for a place: below, its cost is noise, and without any it has none. The two lists
    share no week.
    """
    whole = steps(rows, span, "1w").filter(
        pl.col("step") >= span.since, pl.col("step") + pl.duration(days=6) <= span.until
    )
    placed = whole.filter(pl.col("results") >= FEW_RESULTS).sort("cpr", "step")
    shown = min(SHOWN_WEEKS, placed.height // 2)
    return placed.head(shown), placed.tail(shown).reverse(), whole.height - placed.height


def concentration(ads: pl.DataFrame) -> Concentration | None:
    """How spend and results spread over ads; None without spend.

    Args:
        ads: account_id, entity_id, spend, results; one row an ad.
    """
    spent = ads.filter((pl.col("spend") > 0) | (pl.col("results") > 0))
    total, results = float(spent["spend"].sum()), float(spent["results"].sum())
    if total <= 0:
        return None
    ordered = spent.sort("spend", "account_id", "entity_id", descending=[True, False, False])
    reached = ordered["spend"].cum_sum() / total
    bulk = int((reached < BULK).sum()) + 1
    shares = ordered.with_columns(
        pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results")).alias("cpr"),
        (pl.col("spend") / total).alias("spend_share"),
        (pl.col("results") / results if results > 0 else pl.lit(None, dtype=pl.Float64)).alias("results_share"),
    )
    return Concentration(
        ads=ordered.height,
        bulk_ads=bulk,
        bulk_share=float(reached[bulk - 1]),
        bulk_results=float(ordered["results"].head(bulk).sum()) / results if results > 0 else None,
        top=shares.head(SHOWN_ADS),
        curve=_curve(ordered),
    )


def _curve(ads: pl.DataFrame) -> pl.DataFrame:
    """At most `CURVE_POINTS` points of the two cumulative curves, from 0 to 1."""
    count = ads.height
    curve = pl.DataFrame(
        {
            "ads": [n / count for n in range(count + 1)],
            **{c: _cumulative(ads[c]) for c in ("spend", "results")},
        },
        schema={"ads": pl.Float64, "spend": pl.Float64, "results": pl.Float64},
    )
    every = -(-count // CURVE_POINTS)
    return pl.concat([curve.gather_every(every), curve.tail(1)]).unique("ads", maintain_order=True)


def _cumulative(values: pl.Series) -> list[float | None]:
    total = values.sum()
    if not total:
        return [None] * (values.len() + 1)
    return [0.0, *(values.sort(descending=True).cum_sum() / total).to_list()]
