"""What a table is: one Pandera model plus its place in the lake.

Belongs here: the base model, the column helper and the split of a frame into good and bad rows.
Does not belong here: any one table (a file each beside this one), storage (`lake/`), Dagster (`checks/`).
Pandera's polars backend: https://pandera.readthedocs.io/en/stable/polars.html
"""

from dataclasses import dataclass, field
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from insights_assets.tables.history import History

ROW = "__row__"
REASON = "__reason__"  # tables have columns of their own named reason


class TableModel(pa.DataFrameModel):
    """Base of every table's model: exactly the named columns, no silent cast."""

    class Config:
        """Unknown columns and wrong types are errors, not repairs."""

        strict = True
        coerce = False


def column(description: str, *, unit: str | None = None, **checks: Any) -> Any:
    """Describe one column, once.

    Args:
        description: what the value means; shown in the UI, the docs and the view headers.
        unit: the unit of the value (`percent`, `account currency, major units`, `days`, ...).
        **checks: Pandera's field checks (`ge`, `le`, `isin`, `nullable`, `dtype_kwargs`, ...).
    """
    return pa.Field(description=description, metadata={"unit": unit}, **checks)


@dataclass(frozen=True)
class Split:
    """A frame judged: `good` rows to store, `bad` rows with a last column `REASON` (their failed checks)."""

    good: pl.DataFrame
    bad: pl.DataFrame


@dataclass(frozen=True)
class Table:
    """A table of the lake: its model, layer (folder and key prefix) and primary key.

    `partitioned` tables carry `account_id` and `week` and are written by (account x week) partitions. `history` is what
    a lake of an earlier release needs to be brought to this model (docs/adr/0025).
    """

    name: str
    layer: str
    model: type[TableModel]
    key: tuple[str, ...]
    partitioned: bool = True
    history: History = field(default_factory=History, repr=False, hash=False, compare=False)
    _dtypes: dict[str, pl.DataType] = field(init=False, repr=False, hash=False, compare=False)

    def __post_init__(self) -> None:
        """Read the model's types once: asking Pandera costs milliseconds each time."""
        columns = self.model.to_schema().columns
        object.__setattr__(self, "_dtypes", {name: spec.dtype.type for name, spec in columns.items()})

    @property
    def schema(self) -> pl.Schema:
        """Column name to polars type, in stored order."""
        return pl.Schema(self._dtypes)

    @property
    def required(self) -> frozenset[str]:
        """Columns that must not be null."""
        return frozenset(name for name, spec in self.model.to_schema().columns.items() if not spec.nullable)

    @property
    def description(self) -> str:
        """The model's docstring: what one row is."""
        return (self.model.__doc__ or "").strip()

    def documentation(self) -> list[tuple[str, str, str, bool]]:
        """Return (name, type, description with unit, nullable) for each column."""
        rows = []
        for name, spec in self.model.to_schema().columns.items():
            unit = (spec.metadata or {}).get("unit")
            text = f"{spec.description} [{unit}]" if unit else str(spec.description)
            rows.append((name, str(self.schema[name]), text, bool(spec.nullable)))
        return rows

    def empty(self) -> pl.DataFrame:
        """An empty frame with this table's columns and types."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Order the columns as stored; raise TypeError when a column is missing, unknown or of another type."""
        missing = [c for c in self.schema if c not in frame.columns]
        extra = [c for c in frame.columns if c not in self.schema]
        wrong = [
            f"{c} is {frame.schema[c]}, not {t}"
            for c, t in self.schema.items()
            if c in frame.columns and frame.schema[c] != t
        ]
        if missing or extra or wrong:
            parts = [
                f"missing {', '.join(missing)}" if missing else "",
                f"unknown {', '.join(extra)}" if extra else "",
                "; ".join(wrong),
            ]
            raise TypeError(f"table {self.name}: " + "; ".join(p for p in parts if p))
        return frame.select(list(self.schema))

    def split(self, frame: pl.DataFrame) -> Split:
        """Judge every row of a conforming frame against the model; a repeated key makes its later rows bad."""
        frame = self.conform(frame)
        reasons = _duplicate_reasons(frame, self.key)
        try:
            self.model.validate(frame, lazy=True)
        except SchemaErrors as errors:
            reasons.extend(_pandera_reasons(errors))
        if not reasons:
            return Split(frame, frame.clear().with_columns(pl.lit("").alias(REASON)))
        by_row = (
            pl.DataFrame(reasons, schema={ROW: pl.UInt32, REASON: pl.String}, orient="row")
            .unique()
            .sort(ROW, REASON)
            .group_by(ROW, maintain_order=True)
            .agg(pl.col(REASON).str.join("; "))
        )
        judged = frame.with_row_index(ROW).join(by_row, on=ROW, how="left", maintain_order="left").drop(ROW)
        return Split(
            good=judged.filter(pl.col(REASON).is_null()).drop(REASON),
            bad=judged.filter(pl.col(REASON).is_not_null()),
        )


def _duplicate_reasons(frame: pl.DataFrame, key: tuple[str, ...]) -> list[tuple[int, str]]:
    later = frame.select(~pl.struct(key).is_first_distinct()).to_series()
    return [(row, f"duplicate key ({', '.join(key)})") for row in later.arg_true().to_list()]


def _pandera_reasons(errors: SchemaErrors) -> list[tuple[int, str]]:
    """Name the failed check of each row; a failure without a row (a type) is a bug of the caller, so it is raised."""
    cases = errors.failure_cases
    whole = cases.filter(pl.col("index").is_null())
    if whole.height:
        raise errors
    return [(int(c["index"]), f"{c['column']}: {c['check']}, got {c['failure_case']}") for c in cases.to_dicts()]
