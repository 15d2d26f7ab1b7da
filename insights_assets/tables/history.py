"""What the schema of a table does not tell of its past, and how rows of an earlier release become rows of today's.

Belongs here: comparing a stored schema with a table's own, and the expressions that lead from one to the other.
Does not belong here: reading or writing files (`lake/migration.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64)


@dataclass(frozen=True)
class History:
    """A table's past: what a reader of its model cannot guess.

    New columns that may be null, and types that became wider, need no word here.

    Attributes:
        renamed: earlier name of a column -> its name today.
        dropped: columns of earlier releases that are gone.
        defaults: what rows of an earlier release have in a column they lacked: a value, or an expression over their
            own columns; needed where it must not be null.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)


class Modelled(Protocol):
    """What is needed of a table."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def schema(self) -> pl.Schema:
        """Column name to type, today."""

    @property
    def history(self) -> History:
        """Its past."""

    @property
    def required(self) -> frozenset[str]:
        """Columns that must not be null."""


class NewerError(ValueError):
    """The stored schema has what this release does not know; the message says what."""


class NoWayError(ValueError):
    """The stored schema is of an earlier release, and no way leads to the table's own; the message says why."""


@dataclass(frozen=True)
class Upgrade:
    """What has to change: columns that are added, renamed (earlier name -> today's), widened, dropped."""

    added: tuple[str, ...]
    renamed: Mapping[str, str]
    widened: Mapping[str, tuple[pl.DataType, pl.DataType]]
    dropped: tuple[str, ...]

    def __str__(self) -> str:
        parts = [
            f"adds {', '.join(self.added)}" if self.added else "",
            "renames " + ", ".join(f"{a} to {b}" for a, b in self.renamed.items()) if self.renamed else "",
            "widens " + ", ".join(f"{n} to {new}" for n, (_, new) in self.widened.items()) if self.widened else "",
            f"drops {', '.join(self.dropped)}" if self.dropped else "",
        ]
        return "; ".join(p for p in parts if p)


def upgrade_of(table: Modelled, stored: pl.Schema) -> Upgrade | None:
    """Tell what leads from a stored schema to the table's own; None when they are the same, whatever the order.

    Raises:
        NewerError: it has columns or types that this release does not know.
        NoWayError: a column changed to a type that is not wider, or one that must not be null has no default.
    """
    if dict(stored) == dict(table.schema):
        return None
    past = table.history
    renamed = {a: b for a, b in past.renamed.items() if a in stored and b not in stored and b in table.schema}
    dropped = tuple(c for c in stored if c not in table.schema and c in past.dropped)
    unknown = [c for c in stored if c not in table.schema and c not in renamed and c not in dropped]
    if unknown:
        raise NewerError(f"unknown: {', '.join(unknown)}")
    there = {renamed.get(c, c): t for c, t in stored.items() if c not in dropped}
    widened = {}
    for name, old in there.items():
        new = table.schema[name]
        if old == new:
            continue
        if not is_wider(old, new):
            problem = f"{name} is {old} there and {new} here"
            raise NewerError(problem) if is_wider(new, old) else NoWayError(problem)
        widened[name] = (old, new)
    added = tuple(c for c in table.schema if c not in there)
    if bare := [c for c in added if c in table.required and c not in past.defaults]:
        raise NoWayError(f"rows that lack {', '.join(bare)} have no default for it")
    return Upgrade(added, renamed, widened, dropped)


def upgraded(table: Modelled, upgrade: Upgrade, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of an earlier release as rows of today's, columns in the table's order."""
    before = {new: old for old, new in upgrade.renamed.items()}
    columns = []
    for name, dtype in table.schema.items():
        if name in upgrade.added:
            told = table.history.defaults.get(name)
            value = (told if isinstance(told, pl.Expr) else pl.lit(told)).cast(dtype)
        else:
            old = before.get(name, name)
            value = _widened(pl.col(old), rows.schema[old], dtype)
        columns.append(value.alias(name))
    return rows.select(columns)


def is_wider(old: pl.DataType, new: pl.DataType) -> bool:
    """Whether every value of the old type is one of the new; a struct may gain fields."""
    if old == new:
        return True
    if isinstance(old, pl.List) and isinstance(new, pl.List):
        return is_wider(_instance(old.inner), _instance(new.inner))
    if isinstance(old, pl.Struct) and isinstance(new, pl.Struct):
        fields = {f.name: _instance(f.dtype) for f in new.fields}
        return all(f.name in fields and is_wider(_instance(f.dtype), fields[f.name]) for f in old.fields)
    if new == pl.Float64:
        # A count is far below 2^53, up to which a float is exact.
        return old in {pl.Float32(), *(t() for t in _WHOLE)}
    return old in _WHOLE and new in _WHOLE and _WHOLE.index(type(old)) < _WHOLE.index(type(new))


def _widened(value: pl.Expr, old: pl.DataType, new: pl.DataType) -> pl.Expr:
    if old == new:
        return value
    if isinstance(old, pl.List) and isinstance(new, pl.List):
        return value.list.eval(_widened(pl.element(), _instance(old.inner), _instance(new.inner)))
    if isinstance(old, pl.Struct) and isinstance(new, pl.Struct):
        there = {f.name: _instance(f.dtype) for f in old.fields}
        fields = [
            (
                _widened(value.struct.field(f.name), there[f.name], _instance(f.dtype))
                if f.name in there
                else pl.lit(None, dtype=_instance(f.dtype))
            ).alias(f.name)
            for f in new.fields
        ]
        return pl.when(value.is_not_null()).then(pl.struct(fields))
    return value.cast(new)


def _instance(dtype: Any) -> pl.DataType:
    """Polars lets a nested type be given as a class."""
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return made
