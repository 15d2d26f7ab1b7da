"""Which findings are about a planted event: same ad, same side, a week that the event covers."""

from dataclasses import dataclass
from datetime import date

import polars as pl

LEAST_FACTOR = 1.5
SHIFT_WEEKS = 4
"""Weeks for which a level shift is news: after them the new level is the ad's own."""

KEY = ["account_id", "entity_id", "week"]
EVENT = ["account_id", "entity_id", "start", "side"]
OWNERS = {"ad": "entity_id", "adset": "parent_id", "campaign": "campaign_id"}


@dataclass(frozen=True)
class Match:
    """Counts over the judged weeks.

    `events` ad-level events with a factor of 1.5 or more, `found` those with a finding; `hits` events with a finding,
    the ads of a moved ad set or campaign included; `false` findings of no event. `strict_hits` findings whose own
    metric and direction an ad-level label of the same week names, of `findings`.
    """

    events: int
    found: int
    hits: int
    false: int
    strict_hits: int
    findings: int

    @property
    def recall(self) -> float:
        return self.found / self.events

    @property
    def precision(self) -> float:
        """Findings of one event count once."""
        return self.hits / (self.hits + self.false)

    def __str__(self) -> str:
        return (
            f"recall {self.found}/{self.events} = {self.recall:.2f}, precision {self.precision:.2f} "
            f"({self.false} false), strictly labelled {self.strict_hits}/{self.findings}"
        )


def match(found: pl.DataFrame, features: pl.DataFrame, labels: pl.DataFrame, since: date) -> Match:
    """Compare findings with labels, over complete weeks from `since` on in which the ad delivered."""
    found = found.filter(pl.col("week") >= since).with_columns(_side(pl.col("metric"), pl.col("direction")))
    judged = features.filter(pl.col("is_complete") & (pl.col("week") >= since))
    covered = _covered(labels, features)
    own = covered.filter(pl.col("level") == "ad").join(judged, on=KEY, how="semi")
    events = own.filter(pl.col("week") == pl.col("start")).unique(EVENT)
    pairs = found.join(covered.unique([*KEY, *EVENT]).select(*KEY, "side", "start"), on=[*KEY, "side"], how="left")
    hits = pairs.filter(pl.col("start").is_not_null()).unique(EVENT)
    exact = labels.filter((pl.col("level") == "ad") & _large()).select(*KEY, "metric", "direction").unique()
    return Match(
        events=events.height,
        found=events.join(hits, on=EVENT, how="semi").height,
        hits=hits.height,
        false=pairs.filter(pl.col("start").is_null()).height,
        strict_hits=found.join(exact, on=[*KEY, "metric", "direction"], how="semi").height,
        findings=found.height,
    )


def _covered(labels: pl.DataFrame, features: pl.DataFrame) -> pl.DataFrame:
    """One row for each ad and week an event covers: the week planted, of a level shift the three after it too."""
    weeks = pl.DataFrame({"later": range(SHIFT_WEEKS)}, schema={"later": pl.Int64})
    spread = (
        labels.filter(_large())
        .join(weeks, how="cross")
        .filter((pl.col("later") == 0) | (pl.col("anomaly_type") == "level_shift"))
        .with_columns(
            pl.col("week").alias("start"),
            (pl.col("week") + pl.duration(days=7 * pl.col("later"))).cast(pl.Date).alias("week"),
            _side(pl.col("metric"), pl.col("direction")),
        )
        .rename({"entity_id": "owner"})
    )
    parts = []
    for level, owner in OWNERS.items():
        ads = features.select("account_id", "week", "entity_id", pl.col(owner).alias("owner"))
        rows = spread.filter(pl.col("level") == level).join(ads, on=["account_id", "week", "owner"])
        parts.append(rows.select(*KEY, "level", "start", "side"))
    return pl.concat(parts)


def _large() -> pl.Expr:
    return (pl.col("factor") >= LEAST_FACTOR) | (pl.col("factor") <= 1 / LEAST_FACTOR)


def _side(metric: pl.Expr, direction: pl.Expr) -> pl.Expr:
    """What makes results dearer is one side, whichever metric shows it; more delivery and less are the others."""
    name = pl.concat_str(metric, pl.lit(" "), direction)
    return (
        pl.when(name.is_in(["cpr up", "results down", "ctr down", "cpm up", "roas down"]))
        .then(pl.lit("dearer"))
        .when(name.is_in(["spend up", "frequency up"]))
        .then(pl.lit("more"))
        .otherwise(name)
        .alias("side")
    )
