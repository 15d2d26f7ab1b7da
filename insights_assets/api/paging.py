"""Pages, order, filters, periods and columns of a list: the one style of all lists.

`page` from 1, `size` up to 500, `sort=-spend,name` (minus: descending), filters named like their column, `since` and
`until` (days; a week counts when it contains one of them), `fields=spend,cpr`. Every name is from a closed list; a
value is only ever compared. Ties are broken by the key, so pages neither repeat nor lose a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from insights_assets.partitions import DAYS, monday
from insights_assets.problems import InputError

LARGEST_PAGE: Final = 500
USUAL_PAGE: Final = 50


@dataclass(frozen=True)
class Ask:
    """What of a list is wanted; see the module.

    `equal` are values by column (None: any); `least` and `most` bound a column by values; `contains` is text that a
    column holds, whatever its case.
    """

    page: int = 1
    size: int = USUAL_PAGE
    sort: str | None = None
    fields: str | None = None
    since: date | None = None
    until: date | None = None
    equal: Mapping[str, Any] = field(default_factory=dict)
    contains: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What a list allows.

    `key` breaks ties; `sorts` are columns to order by, `usual` the order when none is asked for; `time` is the column
    of the period: a Monday (`week`) or a day.
    """

    key: tuple[str, ...]
    sorts: tuple[str, ...]
    usual: str
    columns: tuple[str, ...]
    time: str | None = "week"


@dataclass(frozen=True)
class Page:
    """A page and how much there is; `whole` has the columns that are not shown, too."""

    rows: pl.DataFrame
    whole: pl.DataFrame
    page: int
    size: int
    total: int

    def told(self) -> dict[str, Any]:
        """The members that every list has beside its items."""
        return {"page": self.page, "size": self.size, "total": self.total, "pages": -(-self.total // self.size)}


def matching(rows: pl.DataFrame, ask: Ask, rules: Rules) -> pl.DataFrame:
    """Rows in the period that meet every filter."""
    conditions = [pl.col(name) == pl.lit(value) for name, value in ask.equal.items() if value is not None]
    conditions += [
        pl.col(name).str.to_lowercase().str.contains(text.lower(), literal=True)
        for name, text in ask.contains.items()
        if text
    ]
    conditions += period(rules.time, ask.since, ask.until)
    return rows.filter(*conditions) if conditions else rows


def period(time: str | None, since: date | None, until: date | None) -> list[pl.Expr]:
    """Conditions of a period on a column of days, or of Mondays.

    Raises:
        InputError: it ends before it begins.
    """
    if since is not None and until is not None and since > until:
        raise InputError(f"since {since} is after until {until}; swap them.")
    if time is None:
        return []
    first = monday(since) if since is not None and time == "week" and since >= date.min + timedelta(DAYS) else since
    found = [pl.col(time) >= first] if first is not None else []
    return [*found, pl.col(time) <= until] if until is not None else found


def last_day(since: date | None, until: date | None, newest: date) -> date:
    """Where a period ends: at the day asked for; else at the newest there is, or at a later day that it begins with."""
    return until or max(newest, since or newest)


def cut(rows: pl.DataFrame, ask: Ask, rules: Rules) -> Page:
    """One page of rows, in order.

    Raises:
        InputError: an unknown column to sort by or to show.
    """
    shown = _columns(ask.fields, rules)
    names, descending = _order(rules.usual if ask.sort is None else ask.sort, rules)
    first = (ask.page - 1) * ask.size
    total = rows.height
    if first >= total:
        return Page(rows.clear().select(shown), rows.clear(), ask.page, ask.size, total)
    order = rows.select(
        pl.arg_sort_by(names, descending=descending, nulls_last=True, maintain_order=True).slice(first, ask.size)
    ).to_series()
    whole = rows[order]
    return Page(whole.select(shown), whole, ask.page, ask.size, total)


def _order(sort: str, rules: Rules) -> tuple[list[str], list[bool]]:
    wanted: dict[str, bool] = {}
    for word in sort.split(","):
        name = word.strip().removeprefix("-")
        if name not in rules.sorts:
            raise InputError(f"sort names {name[:50]!r}; allowed are {', '.join(rules.sorts)}, with - for descending.")
        wanted.setdefault(name, word.strip().startswith("-"))
    wanted |= {name: False for name in rules.key if name not in wanted}
    return list(wanted), list(wanted.values())


def _columns(fields: str | None, rules: Rules) -> Sequence[str]:
    if fields is None:
        return rules.columns
    wanted = list(dict.fromkeys(name.strip() for name in fields.split(",")))
    if unknown := [name[:50] for name in wanted if name not in rules.columns]:
        raise InputError(f"fields names {unknown[0]!r}; allowed are {', '.join(rules.columns)}.")
    return wanted
