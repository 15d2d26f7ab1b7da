"""What a list is that is a view: its columns, and by what it may be filtered and ordered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from insights_assets.api.paging import Rules
from insights_assets.api.served_views import LEVELS, View

# What a filter takes: a closed list of words, or any value of a type.
Filter = tuple[str, ...] | type


@dataclass(frozen=True)
class Listing:
    """One list: `path` under an account, its view, and what is allowed.

    `levels` are the values of the parameter `level` (campaign when not given); None: the view has no levels.
    """

    path: str
    view: View
    summary: str
    key: tuple[str, ...]
    sorts: tuple[str, ...]
    usual: str
    filters: Mapping[str, Filter] = field(default_factory=dict, hash=False)
    levels: tuple[str, ...] | None = LEVELS
    time: str = "week"

    @cached_property
    def rules(self) -> Rules:
        """What the list allows."""
        sorts = tuple(dict.fromkeys((self.time, *self.sorts, *self.key)))
        return Rules(self.key, sorts, self.usual, tuple(self.view.columns), self.time)

    def of_level(self, rows: pl.DataFrame, level: str | None) -> pl.DataFrame:
        """Rows of a level, where one table holds them all."""
        if self.levels is None or level in self.view.tables:
            return rows
        return rows.filter(pl.col("level") == level)
