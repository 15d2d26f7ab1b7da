"""A period beside its baselines: sums a span, ratios of these sums, and how much they changed.

Per currency, and per result family within it; neither is ever added to another. Pure: frames in, values out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from insights_assets.serving.periods import Baseline, Period, Span, from_history
from insights_assets.serving.totals import Totals

SUMS = ("spend", "results", "impressions", "inline_link_clicks")
# Of a currency as a whole, and of one result family in it. Each ratio: numerator, denominator, factor.
RATIOS: Mapping[str, tuple[str, str, float]] = {
    "cpr": ("spend", "results", 1),
    "cpm": ("spend", "impressions", 1000),
    "link_ctr": ("inline_link_clicks", "impressions", 100),
}
OF_DELIVERY = ("spend", "impressions", "cpm", "link_ctr")
OF_FAMILY = ("spend", "results", "cpr")
MOST = 0.99


@dataclass(frozen=True)
class Against:
    """A metric's value in a baseline, and the change to it in percent; None where there is none."""

    value: float | None
    change_pct: float | None


@dataclass(frozen=True)
class Metric:
    """One metric of a period; `against` has an entry for each baseline of the comparison."""

    name: str
    current: float | None
    against: tuple[Against, ...]


@dataclass(frozen=True)
class Block:
    """The metrics of one currency (and one result family in it), of all accounts or of one."""

    currency: str
    family: str | None
    account_id: str | None
    metrics: tuple[Metric, ...]

    def __getitem__(self, name: str) -> Metric:
        """A metric by its name."""
        return next(m for m in self.metrics if m.name == name)


@dataclass(frozen=True)
class Comparison:
    """A period beside its baselines.

    `totals` and `accounts` hold delivery blocks (family None), then family blocks; by currency, the largest spend
    first. `behind` were not read to the period's end (account and last day read); of a day or week they are left out of
    every sum. `unanalysed` have delivery whose results are not computed.
    """

    period: Period
    totals: tuple[Block, ...]
    accounts: tuple[Block, ...]
    behind: tuple[tuple[str, date | None], ...]
    unanalysed: tuple[str, ...]
    first: date | None


def late(found: Period, totals: Totals, read_until: Mapping[str, date]) -> tuple[tuple[str, date | None], ...]:
    """Accounts with delivery that were not read to the period's end, with the last day they were read up to."""
    seen = totals.delivery["account_id"].unique().sort()
    return tuple((a, read_until.get(a)) for a in seen if read_until.get(a, date.min) < found.span.until)


def compare(found: Period, totals: Totals, behind: tuple[tuple[str, date | None], ...] = ()) -> Comparison:
    """Hold a period against its baselines.

    Args:
        found: the period, its baselines not yet cut to the history.
        totals: daily totals of the accounts that count, from the first day of the earliest baseline on.
        behind: of `late`.
    """
    cut = from_history(found, totals.first)
    account = ["account_id"]
    return Comparison(
        period=cut,
        totals=(
            *_blocks(cut, totals.delivery, [], OF_DELIVERY),
            *_blocks(cut, totals.outcome, ["result_family"], OF_FAMILY),
        ),
        accounts=(
            *_blocks(cut, totals.delivery, account, OF_DELIVERY),
            *_blocks(cut, totals.outcome, [*account, "result_family"], OF_FAMILY),
        ),
        behind=behind,
        unanalysed=_unanalysed(cut.span, totals),
        first=totals.first,
    )


def steps(rows: pl.DataFrame, span: Span, every: str) -> pl.DataFrame:
    """Sum rows up by day (1d), week (1w) or month (1mo): `step` (its first day), `SUMS` there are, cpr.

    Steps without delivery are missing. Args: rows of one currency and family, the days wanted, the step.
    """
    within = rows.filter(pl.col("date").is_between(span.since, span.until))
    summed = within.group_by(pl.col("date").dt.truncate(every).alias("step")).agg(pl.col("spend", "results").sum())
    cost = pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results"))
    return summed.with_columns(cost.alias("cpr")).sort("step")


def _blocks(cut: Period, rows: pl.DataFrame, keys: Sequence[str], names: Collection[str]) -> list[Block]:
    """One block for each currency and value of the keys with delivery in the period or a baseline."""
    by = ["currency", *keys]
    current = _sums(rows, cut.span, by)
    sides = [(_each(rows, b, by), _sums(rows, b.against, by)) for b in cut.baselines]
    known = set(current) | {k for b, _ in sides for each in b for k in each}
    blocks = []
    for key in known:
        named = dict(zip(by, key, strict=True))
        metrics = tuple(_metric(n, key, current, sides) for n in names)
        blocks.append(Block(named["currency"], named.get("result_family"), named.get("account_id"), metrics))
    return sorted(blocks, key=lambda b: (b.currency, -(b["spend"].current or 0), b.family or "", b.account_id or ""))


Key = tuple[str, ...]
Summed = dict[Key, dict[str, float]]


def _sums(rows: pl.DataFrame, span: Span, by: Sequence[str]) -> Summed:
    there = [c for c in SUMS if c in rows.columns]
    summed = rows.filter(pl.col("date").is_between(span.since, span.until)).group_by(by).agg(pl.col(there).sum())
    return {tuple(row[k] for k in by): {c: row[c] for c in there} for row in summed.to_dicts()}


def _each(rows: pl.DataFrame, baseline: Baseline, by: Sequence[str]) -> list[Summed]:
    return [_sums(rows, span, by) for span in baseline.spans]


def _metric(name: str, key: Key, current: Summed, sides: Sequence[tuple[list[Summed], Summed]]) -> Metric:
    against = []
    for spans, same in sides:
        value = _median([value_of(name, each.get(key)) for each in spans])
        held = value_of(name, same.get(key))
        change = (held / value - 1) * 100 if held is not None and value else None
        against.append(Against(value, change))
    return Metric(name, value_of(name, current.get(key)), tuple(against))


def value_of(name: str, sums: Mapping[str, float] | None) -> float | None:
    """A metric of summed rows: a sum (0 without any row), or a ratio of two sums; None over zero."""
    if name not in RATIOS:
        return 0.0 if sums is None else sums[name]
    top, bottom, factor = RATIOS[name]
    above, below = (sums or {}).get(top), (sums or {}).get(bottom)
    return above / below * factor if above is not None and below else None


def _median(values: Sequence[float | None]) -> float | None:
    """Median of the known values: a week without results has no cost, and counts as zero results."""
    known = [v for v in values if v is not None]
    middle = pl.Series(known, dtype=pl.Float64).median()
    return middle if isinstance(middle, float) else None


def _unanalysed(span: Span, totals: Totals) -> tuple[str, ...]:
    """Accounts of whose spend more than a hundredth stands in no family: their results are not computed yet."""
    told = {key: s["spend"] for key, s in _sums(totals.outcome, span, ["account_id"]).items()}
    spent = {key: s["spend"] for key, s in _sums(totals.delivery, span, ["account_id"]).items()}
    return tuple(sorted(k[0] for k, whole in spent.items() if told.get(k, 0.0) < MOST * whole))


def shortened(found: Comparison, most: int) -> Comparison:
    """The comparison with the blocks of at most so many accounts, those with the most spend in their currency first."""
    places: dict[str, int] = {}
    ranked = []
    for block in (b for b in found.accounts if b.family is None):
        places[block.currency] = places.get(block.currency, 0) + 1
        ranked.append((places[block.currency], block.currency, block.account_id))
    chosen = {account_id for _, _, account_id in sorted(ranked)[:most]}
    return replace(found, accounts=tuple(b for b in found.accounts if b.account_id in chosen))
