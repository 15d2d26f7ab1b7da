"""Figures of an account: sums and ratios of sums over its ads' primary families. Different families never meet."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import polars as pl

from insights_assets.serving.model import FamilyFigures

BASELINE_WEEKS = 4
WEEK = timedelta(weeks=1)


def complete_weeks(rows: pl.DataFrame, running: date) -> list[date]:
    """Weeks of one account that were over, by the calendar and when every one of their rows was read; oldest first.

    Args:
        rows: rows of `features_ad` of one account.
        running: Monday of the account's running week.
    """
    weeks = rows.filter(pl.col("week") < running).group_by("week").agg(pl.col("is_complete").all())
    return weeks.filter("is_complete")["week"].sort().to_list()


def family_figures(rows: pl.DataFrame, since: date, week: date | None) -> tuple[FamilyFigures, ...]:
    """Sum one account's ads by result family, the family with the most spend first.

    Args:
        rows: rows of `features_ad` of one account, with the 4 weeks before `week` where there are any.
        since: first week of the period.
        week: the week to compare with the pooled 4 calendar weeks before it.
    """
    column = pl.col("week")
    never = pl.lit(value=False)
    spans = {
        "": column >= since,
        "week_": column == week if week else never,
        "before_": column.is_between(week - BASELINE_WEEKS * WEEK, week - WEEK) if week else never,
    }
    sums = rows.group_by("result_family").agg(
        pl.col(name).filter(span).sum().alias(prefix + name)
        for prefix, span in spans.items()
        for name in ("spend", "results")
    )
    sums = sums.filter((pl.col("spend") > 0) | (pl.col("results") > 0))
    return tuple(_family(row) for row in sums.sort("spend", "result_family", descending=[True, False]).to_dicts())


def of_newest(rows: pl.DataFrame, newest: Mapping[str, date]) -> pl.DataFrame:
    """Rows of each account's newest complete week.

    Args:
        rows: rows with `account_id` and `week`, of any weeks.
        newest: the newest complete week by account.
    """
    wanted = pl.DataFrame(list(newest.items()), schema={"account_id": pl.String, "week": pl.Date}, orient="row")
    return rows.join(wanted, on=["account_id", "week"], how="semi")


def count_words(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Count equal words, the most frequent first."""
    counts = pl.Series("word", list(values), dtype=pl.String).value_counts(name="n")
    return tuple(counts.sort("n", "word", descending=[True, False]).iter_rows())


def ratio(total: float, count: float) -> float | None:
    """Cost of one, None of none."""
    return total / count if count > 0 else None


def _family(row: dict[str, float]) -> FamilyFigures:
    week_cpr = ratio(row["week_spend"], row["week_results"])
    before_cpr = ratio(row["before_spend"], row["before_results"])
    change = (week_cpr / before_cpr - 1) * 100 if week_cpr is not None and before_cpr else None
    return FamilyFigures(
        family=str(row["result_family"]),
        spend=row["spend"],
        results=row["results"],
        cpr=ratio(row["spend"], row["results"]),
        week_spend=row["week_spend"],
        week_results=row["week_results"],
        week_cpr=week_cpr,
        before_results=row["before_results"],
        before_cpr=before_cpr,
        change_pct=change,
    )
