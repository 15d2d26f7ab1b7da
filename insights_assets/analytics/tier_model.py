"""The tier model: next weeks' cost against peers, learnt from outcomes over all accounts, walk-forward.

Fitted anew every 4 weeks of the calendar, on outcomes that were final by then. Seed 002's model was trained on labels
made by its own rules from its own inputs; here the label is what happened afterwards (`tier_outcomes`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from insights_assets.analytics import multinomial
from insights_assets.analytics.cost_odds import posterior_of
from insights_assets.analytics.multinomial import Floats, Multinomial
from insights_assets.analytics.peers import others_ratio
from insights_assets.analytics.tier_outcomes import KNOWN_AFTER_WEEKS, OUTCOME_WEEKS
from insights_assets.tables.classifications import TIERS

REFIT_WEEKS = 4
TRAINING_WEEKS = 26
HELD_OUT_WEEKS = 6
MOST_ROWS = 20_000
"""Rows fitted on, thinned evenly: 350 for each weight. More of them cost time, a fit is a second as it is."""

LEAST_ROWS = 1_000
LEAST_HELD_OUT_ROWS = 200
SURE = 2.0
"""Standard errors by which the model must be better than the rules where it was not fitted."""

RIDGES = (1.0, 10.0, 100.0)
"""Tried on the held-out weeks; the strongest leaves little but the rules."""

LEAST_CHANCE = 1e-4
PRIOR_COUNTS = 2.0
MODEL = "tier-logit-1"


@dataclass(frozen=True)
class TierModel:
    """A fitted model: what it was fitted on, when, and the temperature of its probabilities."""

    fitted_on: date
    rows: int
    regression: Multinomial
    temperature: float

    @property
    def version(self) -> str:
        """Name, the week whose close it was fitted at, and its rows."""
        return f"{MODEL}-{self.fitted_on}-{self.rows}"

    def predict(self, table: Floats, rule_chances: Floats) -> Floats:
        """Return (n, 4) calibrated probabilities of the tiers, the best first, from inputs and the rules' word."""
        return multinomial.probabilities(self.regression.logits(table) + _logs(rule_chances), self.temperature)


def fitting_week(week: date) -> date:
    """The Monday at whose close the model of a week was fitted: every fourth one since the year 1."""
    return week - timedelta(weeks=(week.toordinal() // 7) % REFIT_WEEKS)


def inputs(rows: pl.DataFrame) -> Floats:
    """The (n, p) inputs of entity-weeks, each known at the close of its week; an unknown one is neutral.

    Args:
        rows: features of whole accounts and weeks, with `peers.with_reference` and `with_evidence`.
    """
    mean, spread = posterior_of(rows).log_cost()
    table = rows.select(
        _log_cost("week_expected", "week_results").alias("cost_of_week"),
        _log_cost("past_expected", "past_results").alias("cost_of_past"),
        _log_cost("expected_results_7d", "results_7d").alias("cost_to_siblings"),
        _against_peers("ctr", "impressions").alias("ctr"),
        _against_peers("link_ctr", "impressions").alias("link_ctr"),
        _against_peers("cpm", "impressions").alias("cpm"),
        pl.col("frequency").log(),
        pl.col("frequency_slope_pct") / 100,
        pl.col("ctr_slope_pct") / 100,
        (pl.col("spend") / pl.col("spend_lag1")).log().clip(-2, 2).alias("spend_change"),
        pl.col("week_expected").log1p(),
        pl.col("peers_results").log1p(),
        pl.col("age_weeks").cast(pl.Float64).log1p(),
        pl.col("relevance_health"),
        (pl.col("results") == 0).cast(pl.Float64).alias("no_results"),
    )
    usable = table.select(
        pl.when(pl.all().cast(pl.Float64).is_finite()).then(pl.all().cast(pl.Float64)).otherwise(None).fill_null(0.0)
    ).to_numpy()
    return np.column_stack([usable, mean, mean**2, spread])


def learn(rows: pl.DataFrame, table: Floats, labelled: pl.DataFrame, fitted_on: date) -> TierModel | None:
    """Fit the model of one week's close.

    Args:
        rows: entity-weeks with `row` (their index in `table`), week and the rules' probabilities `rule_chances`.
        table: their inputs.
        labelled: `row` and `outcome` of those whose outcome is known, sorted by week, account and entity.
        fitted_on: only origins whose outcome is final at the close of this week are used.

    Returns:
        None with fewer than 1,000 rows, or where on the newest 6 weeks of origins, held out, it was not surely better
        by log loss than the rules and than the frequencies of the tiers: then the rules stand.
    """
    newest = fitted_on - timedelta(weeks=KNOWN_AFTER_WEEKS)
    known = labelled.filter(pl.col("week").is_between(newest - timedelta(weeks=TRAINING_WEEKS - 1), newest))
    held_from = newest - timedelta(weeks=HELD_OUT_WEEKS - 1)
    # Outcomes of neighbouring origins share a week: a gap keeps the held-out weeks unseen.
    before = known.filter(pl.col("week") < held_from - timedelta(weeks=OUTCOME_WEEKS))
    after = known.filter(pl.col("week") >= held_from)
    if before.height < LEAST_ROWS or after.height < LEAST_HELD_OUT_ROWS:
        return None
    early, late, whole = _thinned(before), _thinned(after), _thinned(known)
    at = _Data(table, rows["rule_chances"].to_numpy())
    truth = late["outcome"].to_numpy()
    trials = []
    for ridge in RIDGES:
        logits = at.logits(at.fit(early, ridge), late)
        temperature = multinomial.fit_temperature(logits, truth)
        chances = multinomial.probabilities(logits, temperature)
        trials.append((multinomial.log_loss(chances, truth), ridge, temperature, chances))
    _, ridge, temperature, chances = min(trials, key=lambda t: t[0])
    shares = (np.bincount(early["outcome"].to_numpy(), minlength=len(TIERS)) + 1) / (early.height + len(TIERS))
    for rival in (at.rule_chances[late["row"].to_numpy()], np.tile(shares, (truth.size, 1))):
        if not _surely_better(chances, rival, late):
            return None
    return TierModel(fitted_on, whole.height, at.fit(whole, ridge), temperature)


@dataclass(frozen=True)
class _Data:
    """Inputs and rules' probabilities of all entity-weeks, to pick labelled rows from."""

    table: Floats
    rule_chances: Floats

    def fit(self, labelled: pl.DataFrame, ridge: float) -> Multinomial:
        """Fit on the labelled rows, from what the rules say of them."""
        taken = labelled["row"].to_numpy()
        base = _logs(self.rule_chances[taken])
        return multinomial.fit(self.table[taken], labelled["outcome"].to_numpy(), len(TIERS), ridge, base)

    def logits(self, model: Multinomial, labelled: pl.DataFrame) -> Floats:
        """Predict the labelled rows."""
        taken = labelled["row"].to_numpy()
        return np.asarray(model.logits(self.table[taken]) + _logs(self.rule_chances[taken]))


def _surely_better(ours: Floats, theirs: Floats, labelled: pl.DataFrame) -> bool:
    """Whether held-out outcomes are likelier under ours, by more than two standard errors over entities.

    Neighbouring weeks of an entity share their outcome: a thousand rows of fifty ads are not a thousand witnesses.
    """
    truth = labelled["outcome"].to_numpy()
    rows = np.arange(truth.size)
    gain = np.log(np.maximum(ours[rows, truth], LEAST_CHANCE)) - np.log(np.maximum(theirs[rows, truth], LEAST_CHANCE))
    by_entity = labelled.select("account_id", "entity_id", pl.Series("gain", gain))
    summed = by_entity.group_by("account_id", "entity_id").agg(pl.col("gain").sum())["gain"].to_numpy()
    return bool(summed.sum() > SURE * np.sqrt((summed**2).sum()))


def _logs(chances: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(chances, LEAST_CHANCE)))


def _thinned(labelled: pl.DataFrame) -> pl.DataFrame:
    """Every k-th row: the same whatever else the run covers."""
    return labelled.gather_every(-(-labelled.height // MOST_ROWS)) if labelled.height > MOST_ROWS else labelled


def _log_cost(expected: str, results: str) -> pl.Expr:
    return ((pl.col(expected) + PRIOR_COUNTS) / (pl.col(results) + PRIOR_COUNTS)).log()


def _against_peers(rate: str, weight: str) -> pl.Expr:
    """Log of a rate against that of all peers together."""
    weights = pl.col(weight).cast(pl.Float64)
    return (pl.col(rate) / others_ratio(pl.col(rate) * weights, weights)).log()
