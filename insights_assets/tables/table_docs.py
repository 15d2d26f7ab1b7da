"""The tables as a page: ``python -m insights_assets.tables.table_docs`` writes `docs/tables.md`."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES

PATH: Final = Path(__file__).parents[2] / "docs" / "tables.md"

_INTRODUCTION: Final = """\
# Tables

Made from `insights_assets/tables/` by `make docs`; a test holds the two together. What a query sees are the views in
`sql/`, whose headers say the same of their columns; tables of several levels are one view. Layers are folders of the
lake and groups in the UI. *null*: the value may be missing.

| table | layer | key | one row is |
|---|---|---|---|
"""


def as_markdown() -> str:
    """The page, ending in a line break: an index, then the columns of each model."""
    groups = [list(tables) for _, tables in groupby(TABLES.values(), key=lambda table: table.model)]
    index = "".join(_line(tables) for tables in groups)
    return _INTRODUCTION + index + "".join(_section(tables) for tables in groups)


def _title(tables: Sequence[Table]) -> str:
    return ", ".join(table.name for table in tables)


def _line(tables: Sequence[Table]) -> str:
    first = tables[0]
    what = first.description.splitlines()[0]
    return f"| {_title(tables)} | {first.layer} | {', '.join(first.key)} | {_cell(what)} |\n"


def _section(tables: Sequence[Table]) -> str:
    first = tables[0]
    rows = "".join(
        f"| {name} | {_cell(_type(dtype))} | {'null' if nullable else ''} | {_cell(text)} |\n"
        for name, dtype, text, nullable in first.documentation()
    )
    header = "| column | type | | meaning |\n|---|---|---|---|\n"
    return f"\n## {_title(tables)}\n\n{first.description}\n\n{header}{rows}"


def _type(dtype: str) -> str:
    return "UTC instant" if dtype.startswith("Datetime") else dtype


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    PATH.write_text(as_markdown(), encoding="utf-8")
