"""What advice rests on: how an entity's cost stands to its peers' and siblings', how it moved, and how sure that is."""

import numpy as np
import polars as pl
from scipy import special

from insights_assets.analytics.cost_odds import SCATTER_VARIANCE, Floats, posterior, posterior_of
from insights_assets.analytics.peers import GROUP, others_ratio

SIBLINGS = ["account_id", "week", "parent_id", "result_family"]
WORTH_TELLING = 1.1
"""A rise or fall must be surely larger than a tenth: of forty alike ads two rise "with 95 % certainty" by luck."""

CTR_SCATTER = 0.05
"""Standard deviation of a week's click rate beyond its counting noise, on logarithms."""

FROM_CLASSIFICATIONS = (
    "tier",
    "confidence",
    "source",
    "previous_tier",
    "reference",
    "reference_cpr",
    "evidence_results",
    "evidence_expected",
    "peer_spread",
    "cost_vs_reference_pct",
    "cost_vs_reference_lo_80",
    "cost_vs_reference_hi_80",
)


def with_advice_evidence(features: pl.DataFrame, classifications: pl.DataFrame) -> pl.DataFrame:
    """Join both and add what the rules of advice ask for.

    Args:
        features: rows of one features table, whole accounts and weeks.
        classifications: rows of the same level's classifications table.

    Returns:
        The rows that are classified, with cost_ratio (posterior median of cost / reference), sibling_results,
        reference_expected_7d (results that the spend of 7 days brings the reference),
        cost_trend_pct (cost of 7 days against the 7 before, beyond the peers' own change; on its own only where there
        are no peers and the week is settled, for late results look like a rise), chance_rising and chance_ctr_falling
        (by more than a tenth), ctr_to_peers and conversion_to_peers (percent of the peers').
    """
    key = ["account_id", "week", "entity_id"]
    told = classifications.select(*key, *(pl.col(c).alias(_renamed(c)) for c in FROM_CLASSIFICATIONS))
    rows = features.join(told, on=key, how="inner", maintain_order="left")
    siblings = pl.col("results_7d").sum().over(SIBLINGS) - pl.col("results_7d")
    impressions = pl.col("impressions_7d").cast(pl.Float64)
    link_clicks = pl.col("link_ctr") / 100 * pl.col("impressions").cast(pl.Float64)
    rows = rows.with_columns(
        pl.Series("cost_ratio", posterior_of(rows).quantile(0.5)),
        siblings.fill_null(0.0).alias("sibling_results"),
        (pl.col("spend_7d") / pl.col("reference_cpr")).alias("reference_expected_7d"),
        (pl.col("ctr_7d") / others_ratio(pl.col("ctr_7d") * impressions, impressions) * 100).alias("ctr_to_peers"),
        (pl.col("results") / link_clicks / others_ratio(pl.col("results"), link_clicks) * 100).alias(
            "conversion_to_peers"
        ),
    )
    return _with_ctr_trend(_with_cost_trend(rows))


def chance(rows: pl.DataFrame, ratio: float) -> pl.Series:
    """Probability that cost / reference is at most `ratio`; 0.5 without a reference."""
    known = rows["reference"].to_numpy() != "none"
    return pl.Series("chance", np.where(known, posterior_of(rows).below(ratio), 0.5))


def sibling_chance(rows: pl.DataFrame, ratio: float) -> pl.Series:
    """Probability that cost over the 7 days / the siblings' is at most `ratio`; 0.5 without siblings."""
    expected = rows["expected_results_7d"].fill_null(0.0).to_numpy()
    behind = rows["sibling_results"].to_numpy()
    weight = behind / np.maximum(behind + expected, 1e-12)
    results = rows["results_7d"].fill_null(0.0).to_numpy()
    below = posterior(results * weight, expected * weight, rows["peer_spread"].to_numpy()).below(ratio)
    return pl.Series("chance", np.where((expected > 0) & (behind > 0), below, 0.5))


def _renamed(name: str) -> str:
    return {"confidence": "tier_confidence", "source": "tier_source"}.get(name, name)


def _with_cost_trend(rows: pl.DataFrame) -> pl.DataFrame:
    """Compare results with those expected from the peers' own change: a binomial test on how they split."""
    now = others_ratio(pl.col("results_7d"), pl.col("spend_7d"), GROUP)
    before = others_ratio(pl.col("results_prev_7d"), pl.col("spend_prev_7d"), GROUP)
    by_peers = (now > 0) & (before > 0)
    alone = pl.col("is_settled") & (pl.col("peers") == 0)
    made = rows.with_columns(
        (pl.len().over(GROUP) - 1).alias("peers"),
        (pl.col("results_7d").sum().over(GROUP) - pl.col("results_7d")).alias("__behind_now__"),
        (pl.col("results_prev_7d").sum().over(GROUP) - pl.col("results_prev_7d")).alias("__behind_before__"),
    ).with_columns(
        *[
            pl.when(by_peers).then(pl.col(spend) * rate).when(alone).then(pl.col(spend)).alias(name)
            for name, spend, rate in (("__now__", "spend_7d", now), ("__before__", "spend_prev_7d", before))
        ],
        pl.when(by_peers)
        .then(
            pl.min_horizontal("__behind_now__", "__behind_before__")
            / (
                pl.min_horizontal("__behind_now__", "__behind_before__")
                + pl.max_horizontal("results_7d", "results_prev_7d")
            )
        )
        .otherwise(1.0)
        .alias("__weight__"),
    )
    own, earlier = (made[c].fill_null(0.0).to_numpy() for c in ("results_7d", "results_prev_7d"))
    expected, expected_before = (made[c].fill_null(0.0).to_numpy() for c in ("__now__", "__before__"))
    weight = made["__weight__"].fill_null(0.0).to_numpy() / (1 + SCATTER_VARIANCE * np.maximum(own, earlier))
    usable = (expected > 0) & (expected_before > 0) & (own + earlier > 0)
    share = np.where(usable, expected / np.where(usable, expected + expected_before, 1.0), 0.5)
    dearer = share / (share + (1 - share) * WORTH_TELLING)
    rising = 1 - few_of(own * weight, earlier * weight, dearer)
    # Half a result on both sides: without any, a cost is not infinite, only unknown.
    ratio = (earlier + 0.5) / (own + 0.5) * share / (1 - share)
    return made.with_columns(
        pl.Series("cost_trend_pct", np.where(usable, (ratio - 1) * 100, np.nan)).fill_nan(None),
        pl.Series("chance_rising", np.where(usable, rising, 0.5)),
    ).drop("__now__", "__before__", "__weight__", "__behind_now__", "__behind_before__")


def few_of(now: Floats, before: Floats, share: Floats) -> Floats:
    """Mid-p chance of so few of all results falling in the newer 7 days, each of them with chance `share`."""
    at_most = np.where(before > 0, special.betainc(np.maximum(before, 1e-12), now + 1, 1 - share), 1.0)
    fewer = np.where(now > 0, special.betainc(before + 1, np.maximum(now, 1e-12), 1 - share), 0.0)
    return np.asarray((at_most + fewer) / 2)


def _with_ctr_trend(rows: pl.DataFrame) -> pl.DataFrame:
    """Clicks do not arrive late, so an entity's own two weeks are compared, on logarithms."""
    clicks = [(rows[f"ctr_{w}"] / 100 * rows[f"impressions_{w}"]).fill_null(0.0).to_numpy() for w in ("7d", "prev_7d")]
    shown = [rows[f"impressions_{w}"].fill_null(0).to_numpy().astype(float) for w in ("7d", "prev_7d")]
    usable = (clicks[0] + clicks[1] > 0) & (shown[0] > 0) & (shown[1] > 0)
    now, before = (np.where(usable, (c + 0.5) / (s + 1), 1.0) for c, s in zip(clicks, shown, strict=True))
    spread = np.sqrt(1 / (clicks[0] + 0.5) + 1 / (clicks[1] + 0.5) + 2 * CTR_SCATTER**2)
    return rows.with_columns(
        pl.Series(
            "chance_ctr_falling", np.where(usable, special.ndtr(-np.log(now / before * WORTH_TELLING) / spread), 0.5)
        )
    )
