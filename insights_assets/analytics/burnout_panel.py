"""Ad weeks side by side, and what was known of each at every week's close.

Results arrive late. A week's final count is known once its last day is 28 days old, that is four weeks later; until
then all that is known is the count as first reported, divided by the share that such counts turned out to be of their
final values in the weeks that have settled. Nothing here reads a row of a later week.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SETTLED_WEEKS = 4
"""Weeks after which a count is final: at the close of week t the last day of week t-4 is 28 days old."""

USUAL_COMPLETENESS = 0.9
USUAL_RESULTS = 50.0
"""Results at which an account's own completeness counts as much as the fleet's, and the fleet's as the usual one."""
MOST_CELLS = 400_000
"""Cells (weeks x ads) looked at together: forty arrays of them are 130 MB."""

COLUMNS = {
    "account_id": pl.String,
    "ad_id": pl.String,
    "week": pl.Date,
    "spend": pl.Float64,
    "impressions": pl.Float64,
    "reach": pl.Float64,
    "link_clicks": pl.Float64,
    "results": pl.Float64,
    "results_seen": pl.Float64,
    "creative_id": pl.String,
}


@dataclass(frozen=True)
class Panel:
    """Some accounts' ad weeks, each measure (weeks, ads) and 0 where an ad did not deliver.

    Attributes:
        account: (ads,) number of each ad's account, from 0 in each panel.
        there: whether the ad delivered.
        row: place of each cell in the ordered frame, -1 where there is none.
        creative: number of the creative, -1 where there is none.
        spend: money.
        impressions: count.
        reach: people.
        clicks: link clicks.
        results: final count.
        seen: count as first reported; nan where nobody looked.
        fleet_complete: (weeks,) the fleet's share of final results in the first reports, as known at each close.
    """

    account: Ints
    there: Bools
    row: Ints
    creative: Ints
    spend: Floats
    impressions: Floats
    reach: Floats
    clicks: Floats
    results: Floats
    seen: Floats
    fleet_complete: Floats
    _complete: list[Floats] = field(default_factory=list)

    @property
    def complete(self) -> Floats:
        """(weeks, ads) share of final results that a first report holds, as known at each week's close."""
        if not self._complete:
            looked = np.isfinite(self.seen)
            sums = (np.where(looked, x, 0.0) for x in (self.seen, self.results))
            seen, final = (settled_sums(self.of_accounts(x)) for x in sums)
            fleet = self.fleet_complete[:, None]
            share = (seen + USUAL_RESULTS * fleet) / (final + USUAL_RESULTS)
            self._complete.append(np.clip(share, 0.2, 1.2)[:, self.account])
        return self._complete[0]

    def of_accounts(self, values: Floats) -> Floats:
        """(weeks, accounts) sums of (weeks, ads)."""
        out = np.zeros((values.shape[0], int(self.account.max(initial=-1)) + 1))
        np.add.at(out.T, self.account, values.T)
        return out

    def known(self, back: int) -> Floats:
        """(weeks, ads) results of the week `back` weeks before, as known at each week's close."""
        if back >= SETTLED_WEEKS:
            return lagged(self.results, back)
        seen = lagged(self.seen, back)
        return np.where(np.isfinite(seen), seen / self.complete, lagged(self.results, back))


def ordered(ad_weeks: pl.DataFrame) -> pl.DataFrame:
    """Check and order the rows: by account, ad and week.

    Args:
        ad_weeks: the columns of `COLUMNS` in types that cast to them. A null `results_seen` is a week that nobody read
            when it closed: its `results` stand for it.

    Raises:
        ValueError: A column is missing, a key is null or there twice, a week is not a Monday, or a number is negative,
            null or not finite.
    """
    missing = [c for c in COLUMNS if c not in ad_weeks.columns]
    if missing:
        raise ValueError(f"burnout needs the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}.")
    frame = ad_weeks.select(pl.col(c).cast(t) for c, t in COLUMNS.items())
    keys, numbers = ["account_id", "ad_id", "week"], [c for c, t in COLUMNS.items() if t == pl.Float64]
    for name in keys:
        if frame[name].null_count():
            raise ValueError(f"burnout: {name} is null in {frame[name].null_count()} rows; leave them out.")
    if (frame["week"].dt.weekday() != 1).any():
        raise ValueError("burnout: week must be the Monday on which it begins.")
    frame = frame.with_columns(pl.col("reach").fill_null(0.0))  # a reach that could not be had
    told = frame.with_columns(pl.col("results_seen").fill_null(0.0))
    wrong = [c for c in numbers if not (told[c].is_not_null() & told[c].is_finite() & (told[c] >= 0)).all()]
    if wrong:
        raise ValueError(f"burnout: {', '.join(wrong)} must be numbers of at least 0.")
    frame = frame.sort(keys)
    if frame.select(pl.struct(keys).is_duplicated().any()).item():
        raise ValueError("burnout: an ad has more than one row in a week; add up its creatives first.")
    return frame


def panels(frame: pl.DataFrame, weeks: pl.Series) -> Iterator[Panel]:
    """Yield whole accounts' panels of at most `MOST_CELLS` cells (one account may have more).

    Args:
        frame: from `ordered`.
        weeks: every Monday from the first to the last.
    """
    fleet = fleet_completeness(frame, weeks)
    place = (frame["week"] - weeks[0]).dt.total_days().to_numpy() // 7
    ad = frame.select(pl.struct("account_id", "ad_id").rle_id()).to_series().to_numpy().astype(np.int64)
    account = frame["account_id"].rle_id().to_numpy().astype(np.int64)
    creative = frame["creative_id"].fill_null("").cast(pl.Categorical).to_physical().to_numpy().astype(np.int64)
    first_of_ad = np.flatnonzero(np.r_[True, ad[1:] != ad[:-1]]) if ad.size else np.zeros(0, dtype=np.int64)
    account_of_ad = account[first_of_ad]
    sizes = np.bincount(account_of_ad) * len(weeks)
    group = np.cumsum(sizes) // MOST_CELLS
    spend, impressions, reach, clicks, results = (
        frame[c].to_numpy() for c in ("spend", "impressions", "reach", "link_clicks", "results")
    )
    seen = frame["results_seen"].fill_null(np.nan).to_numpy()
    for g in np.unique(group):
        chosen = np.flatnonzero(group[account] == g)
        t, k = place[chosen], ad[chosen] - ad[chosen[0]]
        shape = (len(weeks), int(k[-1]) + 1)
        owners = account_of_ad[ad[chosen[0]] : ad[chosen[-1]] + 1]
        yield Panel(
            owners - owners[0],
            _filled(shape, t, k, True, False).astype(bool),  # noqa: FBT003  what stands in a cell
            _filled(shape, t, k, chosen, -1).astype(np.int64),
            _filled(shape, t, k, creative[chosen], -1).astype(np.int64),
            _filled(shape, t, k, spend[chosen], 0.0),
            _filled(shape, t, k, impressions[chosen], 0.0),
            _filled(shape, t, k, reach[chosen], 0.0),
            _filled(shape, t, k, clicks[chosen], 0.0),
            _filled(shape, t, k, results[chosen], 0.0),
            _filled(shape, t, k, seen[chosen], 0.0),
            fleet,
        )


def fleet_completeness(frame: pl.DataFrame, weeks: pl.Series) -> Floats:
    """(weeks,) seen over final results of all accounts' settled weeks, as known at each week's close."""
    sums = frame.drop_nulls("results_seen").group_by("week").agg(pl.col("results_seen", "results").sum())
    full = pl.DataFrame({"week": weeks}).join(sums, on="week", how="left").sort("week").fill_null(0.0)
    seen, final = (settled_sums(full[c].to_numpy()[:, None])[:, 0] for c in ("results_seen", "results"))
    return np.asarray((seen + USUAL_RESULTS * USUAL_COMPLETENESS) / (final + USUAL_RESULTS))


def settled_sums(values: Floats) -> Floats:
    """Sums of (weeks, anything) over the settled weeks of the half year before each week."""
    total = np.cumsum(values, axis=0)
    return lagged(total, SETTLED_WEEKS) - lagged(total, SETTLED_WEEKS + 26)


def lagged(values: Floats, back: int) -> Floats:
    """The values of `back` weeks before, 0 before the first week; a negative `back` looks ahead, for labels."""
    if back == 0:
        return values
    out = np.zeros_like(values)
    if back >= values.shape[0]:
        return out
    if back > 0:
        out[back:] = values[:-back]
    else:
        out[:back] = values[-back:]
    return out


def _filled(shape: tuple[int, int], t: Ints, k: Ints, values: object, empty: float) -> Floats:
    out = np.full(shape, float(empty))
    out[t, k] = values
    return out
