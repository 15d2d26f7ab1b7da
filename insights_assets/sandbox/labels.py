"""Plants anomalies at a constant hazard through the whole timeline, and tells which were planted where."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from insights_assets.sandbox.seeds import stable_rng
from insights_assets.sandbox.world import AccountWorld

if TYPE_CHECKING:
    from insights_assets.sandbox.delivery import Cells

Floats = NDArray[np.float64]

WEEKLY_HAZARD: Final = 0.36
MIN_RESULTS: Final = 30.0
MIN_IMPRESSIONS: Final = 6000.0
MIN_AGE_WEEKS: Final = 6
REST_WEEKS: Final = 6
WHOLE_WEEK: Final = 7
GROUP_SHARE: Final = 0.12
WORTH_LABELLING: Final = 1.5

# type -> (metric, direction, least factor, largest factor, weight)
KINDS: Final[dict[str, tuple[str, str, float, float, float]]] = {
    "cpr_spike": ("cpr", "up", 1.6, 2.5, 0.34),
    "ctr_drop": ("ctr", "down", 0.42, 0.6, 0.15),
    "cpm_spike": ("cpm", "up", 1.6, 2.3, 0.15),
    "spend_spike": ("spend", "up", 1.8, 2.6, 0.1),
    "spend_drop": ("spend", "down", 0.25, 0.45, 0.1),
    "zero_results": ("results", "down", 0.0, 0.0, 0.08),
    "level_shift": ("cpr", "up", 1.6, 2.1, 0.08),
}
NEEDS_RESULTS: Final = frozenset({"cpr_spike", "zero_results", "level_shift"})


@dataclass(frozen=True, slots=True)
class Planted:
    """One label: `week` is the day number of its Monday, `factor` what the metric was multiplied by."""

    week: int
    level: str
    entity_id: str
    anomaly_type: str
    metric: str
    direction: str
    factor: float


@dataclass(frozen=True)
class Multipliers:
    """What the plan does to each cell; all ones where nothing is planted."""

    spend: Floats
    cpm: Floats
    ctr: Floats
    rate: Floats

    @classmethod
    def ones(cls, size: int) -> "Multipliers":
        """No anomaly anywhere."""
        return cls(np.ones(size), np.ones(size), np.ones(size), np.ones(size))


class Planter:
    """Chooses ad-weeks and marks them in the multipliers.

    Args:
        made: The account.
        cells: Its ad-days.
        impressions: Expected impressions of each cell without anomalies.
        results: Expected primary results of each cell without anomalies.
    """

    def __init__(self, made: AccountWorld, cells: "Cells", impressions: Floats, results: Floats) -> None:
        self.made = made
        self.cells = cells
        self.first_monday = (-made.start.weekday()) % 7
        self.weeks = (made.horizon_days - self.first_monday) // 7
        self.week = (cells.day - self.first_monday) // 7
        shape = (len(made.ads), self.weeks)
        inside = (self.week >= 0) & (self.week < self.weeks)
        key = cells.ad[inside] * self.weeks + self.week[inside]
        size = shape[0] * shape[1]
        self.days = np.bincount(key, minlength=size).reshape(shape)
        self.impressions = np.bincount(key, weights=impressions[inside], minlength=size).reshape(shape)
        self.results = np.bincount(key, weights=results[inside], minlength=size).reshape(shape)
        self.busy = np.zeros(shape, dtype=bool)
        self.multipliers = Multipliers.ones(cells.ad.size)
        self.planted: list[Planted] = []

    def plan(self) -> None:
        """Goes through the weeks and plants at a constant hazard."""
        rng = stable_rng(self.made.seed, self.made.account.id, "anomalies")
        kinds = list(KINDS)
        weights = [KINDS[kind][4] for kind in kinds]
        for week in range(MIN_AGE_WEEKS, self.weeks):
            for _ in range(int(rng.poisson(WEEKLY_HAZARD))):
                kind = str(rng.choice(kinds, p=np.array(weights) / sum(weights)))
                grouped = rng.random() < GROUP_SHARE and kind in {"cpr_spike", "cpm_spike"}
                low, high = KINDS[kind][2:4]
                factor = round(float(rng.uniform(low, high)), 2)
                pick = float(rng.random())
                self._plant(week, kind, factor, pick, grouped=grouped)

    def _eligible(self, week: int, kind: str) -> NDArray[np.int64]:
        since = week - MIN_AGE_WEEKS
        steady = (self.days[:, since : week + 1] == WHOLE_WEEK).all(axis=1) & ~self.busy[:, week]
        if kind in NEEDS_RESULTS:
            countable = np.array([ad.adset.goal.family not in {"click", "video_view"} for ad in self.made.ads])
            steady &= countable & (self.results[:, since : week + 1].min(axis=1) >= MIN_RESULTS)
        else:
            steady &= self.impressions[:, since : week + 1].min(axis=1) >= MIN_IMPRESSIONS
        return np.flatnonzero(steady)

    def _plant(self, week: int, kind: str, factor: float, pick: float, *, grouped: bool) -> None:
        eligible = self._eligible(week, kind)
        if not eligible.size:
            return
        chosen = int(eligible[int(pick * eligible.size)])
        if not grouped:
            self._mark(chosen, week, kind, factor)
            return
        adset = self.made.ads[chosen].adset
        level, owner = ("adset", adset.id) if pick < 0.7 else ("campaign", adset.campaign.id)  # noqa: PLR2004
        for index, ad in enumerate(self.made.ads):
            inside = owner in {ad.adset.id, ad.adset.campaign.id}
            # The whole group moves, so that the group's own metric moves by the factor; an ad still under another
            # anomaly would multiply the two.
            if inside and self.days[index, week] and not self.busy[index, week]:
                self._mark(index, week, kind, factor, quiet_label=index not in eligible)
        self._label(week, level, owner, kind, factor)

    def _mark(self, index: int, week: int, kind: str, factor: float, *, quiet_label: bool = False) -> None:
        until = self.weeks if kind == "level_shift" else week + 1
        mask = (self.cells.ad == index) & (self.week >= week) & (self.week < until)
        marks = self.multipliers
        if kind in {"cpr_spike", "level_shift"}:
            marks.rate[mask] /= factor
        elif kind == "zero_results":
            marks.rate[mask] = 0.0
        else:
            {"ctr_drop": marks.ctr, "cpm_spike": marks.cpm}.get(kind, marks.spend)[mask] *= factor
        self.busy[index, week : until if kind == "level_shift" else week + REST_WEEKS] = True
        if quiet_label:
            return
        ad = self.made.ads[index]
        self._label(week, "ad", ad.id, kind, factor)
        knock_on = 1 / factor if kind == "ctr_drop" else factor
        since = week - MIN_AGE_WEEKS
        conversions = ad.adset.goal.family not in {"click", "video_view"}
        countable = conversions and self.results[index, since : week + 1].min() >= MIN_RESULTS
        # Fewer clicks or dearer impressions for the same spend make the result dearer too: that is true, so say it.
        if kind in {"ctr_drop", "cpm_spike"} and countable and knock_on >= WORTH_LABELLING:
            self._label(week, "ad", ad.id, "cpr_spike", round(knock_on, 2))

    def _label(self, week: int, level: str, entity: str, kind: str, factor: float) -> None:
        metric, direction = KINDS[kind][:2]
        day = self.first_monday + week * 7
        self.planted.append(Planted(day, level, entity, kind, metric, direction, factor))


def label_frame(made: AccountWorld) -> pl.DataFrame:
    """The labels of an account as a table, in time order."""
    rows = made.planted
    return pl.DataFrame(
        {
            "account_id": [made.account.id] * len(rows),
            "week": [made.date_of(row.week) for row in rows],
            "level": [row.level for row in rows],
            "entity_id": [row.entity_id for row in rows],
            "anomaly_type": [row.anomaly_type for row in rows],
            "metric": [row.metric for row in rows],
            "direction": [row.direction for row in rows],
            "factor": [row.factor for row in rows],
        },
        schema={
            "account_id": pl.String,
            "week": pl.Date,
            "level": pl.String,
            "entity_id": pl.String,
            "anomaly_type": pl.String,
            "metric": pl.String,
            "direction": pl.String,
            "factor": pl.Float64,
        },
    )
