"""What a report says, as plain values: filled by `findings.py`, shown by `report.py`, drawn by `pictures.py`."""

from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

HIGH_LEVELS = ("high", "critical")


@dataclass(frozen=True)
class FamilyFigures:
    """One result family of one account; every cost per result is a ratio of sums, None without results."""

    family: str
    spend: float
    results: float
    cpr: float | None
    week_spend: float
    week_results: float
    week_cpr: float | None
    before_results: float
    before_cpr: float | None
    change_pct: float | None


@dataclass(frozen=True)
class AccountFigures:
    """One account over the period; amounts are in `currency`, major units.

    `week` is its newest complete week with delivery. `families` has the one with the most spend first.
    """

    account_id: str
    name: str
    currency: str
    rows: int
    spend: float
    week: date | None
    week_spend: float
    families: tuple[FamilyFigures, ...]
    findings: tuple[tuple[str, int], ...]
    high_risk_ads: int
    newest_day: date | None
    is_stale: bool
    weeks: int
    settled_weeks: int
    failed_checks: int
    failed_steps: int

    @property
    def main(self) -> FamilyFigures | None:
        """The family with the most spend."""
        return self.families[0] if self.families else None


@dataclass(frozen=True)
class Finding:
    """One open finding on an ad.

    `when` is newest (complete week), running (partial week) or earlier; of a finding on a day, day. `on` is that day,
    or the Monday of the week.
    """

    account_id: str
    account_name: str
    currency: str
    week: date
    when: str
    on: date
    is_settled: bool
    ad_id: str
    ad_name: str
    anomaly_type: str
    metric: str
    direction: str
    family: str
    current: float | None
    baseline: float | None
    delta_pct: float | None
    score: float
    severity: str
    triggers: tuple[str, ...]


@dataclass(frozen=True)
class Driver:
    """A signal behind a risk; a positive contribution raises it."""

    signal: str
    value: float | None
    contribution: float


@dataclass(frozen=True)
class Risk:
    """Burnout risk of an ad from its account's newest complete week: 1 and 2 weeks ahead; `level` is the worse."""

    account_id: str
    account_name: str
    week: date
    ad_id: str
    ad_name: str
    in_1_week: float | None
    in_2_weeks: float | None
    level: str
    change_pct: float | None
    lo_80: float | None
    hi_80: float | None
    drivers: tuple[Driver, ...]

    @property
    def worst(self) -> float:
        """The higher of the two probabilities."""
        return max(self.in_1_week or 0.0, self.in_2_weeks or 0.0)


@dataclass(frozen=True)
class Range:
    """A forecast with its 80 % interval; None where nothing can be said."""

    middle: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Expected:
    """What one account is expected to do in one future week, or on a day: `begins`; amounts are in `currency`."""

    account_id: str
    account_name: str
    currency: str
    begins: date
    family: str
    spend: Range
    results: Range
    cpr: Range


@dataclass(frozen=True)
class Advice:
    """One piece of advice that is open; `confidence` is that of the claim behind it."""

    account_id: str
    account_name: str
    level: str
    entity_id: str
    entity_name: str
    kind: str
    action: str
    reason: str
    priority: int
    priority_level: str
    confidence: float
    since: date


@dataclass(frozen=True)
class FailedStep:
    """A step whose newest run failed, over the weeks with the same words."""

    account_id: str
    account_name: str
    step: str
    weeks: int
    error_type: str
    message: str
    retry_after: datetime | None


@dataclass(frozen=True)
class FailedCheck:
    """A check that is red, over its weeks."""

    account_id: str
    account_name: str
    table_name: str
    check_name: str
    severity: str
    weeks: int
    failing_rows: int
    reason: str


@dataclass(frozen=True)
class Quality:
    """How good past burnout predictions were, where the outcome is known."""

    horizon_weeks: int
    pairs: int
    base_rate: float
    auc: float | None
    brier: float
    brier_base: float


@dataclass(frozen=True)
class Trust:
    """What limits the numbers."""

    checks: int
    failed_checks: tuple[FailedCheck, ...]
    failed_steps: tuple[FailedStep, ...]
    quarantined: tuple[tuple[str, int], ...]
    running_weeks: tuple[date, ...]
    unsettled_since: date | None
    quality: tuple[Quality, ...]


@dataclass(frozen=True)
class ReportData:
    """All of a report. The frames are for the pictures.

    `features` are rows of `features_ad`, with the 4 weeks before the period. `outcomes` has horizon_weeks, risk_score
    and burnt of predictions whose outcome is known; `accuracy` is `serving.forecasts.forecast_accuracy`.
    """

    since: date
    until: date
    now: datetime
    accounts: tuple[AccountFigures, ...]
    findings: tuple[Finding, ...]
    risks: tuple[Risk, ...]
    trust: Trust
    features: pl.DataFrame = field(repr=False, compare=False)
    outcomes: pl.DataFrame = field(repr=False, compare=False)
    expected: tuple[Expected, ...] = ()
    accuracy: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False, compare=False)
    advice: tuple[Advice, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of daily insights behind the report."""
        return sum(a.rows for a in self.accounts)

    @property
    def weeks(self) -> int:
        """Weeks with delivery in the period, of any account."""
        return self.features.filter(pl.col("week") >= self.since)["week"].n_unique()

    @property
    def high_risks(self) -> tuple[Risk, ...]:
        """Risks that are high or critical."""
        return tuple(r for r in self.risks if r.level in HIGH_LEVELS)
