"""Writes rows of an insights answer the way the API does: numbers as strings, empty arrays absent.

A year of an account is tens of megabytes of JSON, so a page is written column by column as text and never passes
through a dictionary for each row.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from insights_assets.sandbox import insight_fields as known
from insights_assets.sandbox.action_rows import ACTIONS, action_items, joined
from insights_assets.sandbox.fatigue_labels import FATIGUE_FIELDS, serving
from insights_assets.sandbox.fatigue_labels import cell as fatigue_cell
from insights_assets.sandbox.insight_entities import dated_value, entity_value
from insights_assets.sandbox.insights import Answer

Ints = NDArray[np.int64]
Cells = list[str]  # one JSON value for each row, or "" where the row has none


@dataclass(frozen=True)
class RowChanges:
    """How the rows of an answer depart from the truth; nothing by default.

    Attributes:
        keyless: Positions of rows that lack the id of their level.
        action_types: Action types beside `ACTIONS`, with the columns they add up.
        repeats: A page begins with the last row of the page before it, and the first one ends with a row twice.
    """

    keyless: frozenset[int] = frozenset()
    action_types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    repeats: bool = False


class RowWriter:
    """Renders rows of one answer.

    Args:
        answer: The rows as arrays.
        fields: The fields asked for, all known.
        changes: Planted departures.
    """

    def __init__(self, answer: Answer, fields: Sequence[str], changes: RowChanges | None = None) -> None:
        self.answer = answer
        self.fields = tuple(dict.fromkeys(fields)) or known.DEFAULT_FIELDS
        self.changes = changes or RowChanges()
        self.decimals = answer.made.account.market.decimals
        self.scale = 10**self.decimals
        self._entity_texts: dict[tuple[str, int], str] = {}

    def __len__(self) -> int:
        return len(self.answer)

    def repeating(self) -> "RowWriter":
        """The same rows, with some told twice."""
        return RowWriter(self.answer, self.fields, replace(self.changes, repeats=True))

    def page(self, first: int, last: int) -> list[str]:
        """JSON text of the rows from one position up to another, with what is repeated by a planted fault."""
        rows = self.rows(first, last)
        if not self.changes.repeats:
            return rows
        return [*self.rows(first - 1, first), *rows] if first else [*rows, rows[len(rows) // 2]]

    def rows(self, first: int, last: int) -> list[str]:
        """JSON text of the rows from one position up to another."""
        part = _Part(self.answer, slice(first, last))
        columns = []
        for name in self.fields:
            cells = self._cells(name, part)
            if cells is not None:
                columns.append([f'"{name}":{cell}' if cell else "" for cell in cells])
        for name, days in (("date_start", part.first), ("date_stop", part.last)):
            columns.append([f'"{name}":"{self.answer.made.date_of(day)}"' for day in days])
        return [f"{{{','.join(filter(None, row))}}}" for row in zip(*columns, strict=True)]

    def money(self, minor: int) -> str:
        """An amount in major units, with as many decimals as the currency has."""
        return f"{minor / self.scale:.{self.decimals}f}"

    def _cells(self, name: str, part: "_Part") -> Cells | None:  # noqa: PLR0911  one line a kind
        if name in known.COUNT_FIELDS:
            return [f'"{count}"' for count in part.total(known.COUNT_FIELDS[name]).tolist()]
        if name == "spend":
            return [f'"{self.money(minor)}"' for minor in part.counts("spend")]
        if name in known.RATIO_FIELDS:
            return self._ratio(name, part)
        if name in known.VIDEO_FIELDS:
            return [_video(count) for count in part.counts(known.VIDEO_FIELDS[name])]
        if name in known.ENTITY_FIELDS:
            return self._entity_cells(name, part)
        if name in known.RANKINGS:
            return self._rankings(name, part)
        if name in FATIGUE_FIELDS:
            return self._fatigue(name, part)
        array = _ARRAYS.get(name)
        return array(self, part) if array else None

    def _ratio(self, name: str, part: "_Part") -> Cells:
        over, under, factor = known.RATIO_FIELDS[name]
        scale = self.scale if over == "spend" else 1
        return [
            f'"{_trimmed(above / scale / below * factor)}"' if below else ""
            for above, below in zip(part.counts(over), part.counts(under), strict=True)
        ]

    def _entity_cells(self, name: str, part: "_Part") -> Cells:
        if name in known.DATED_FIELDS:
            pairs = zip(part.entity, part.last, strict=True)
            return [_text(dated_value(self.answer, name, index, last)) for index, last in pairs]
        cells = [self._entity_text(name, index) for index in part.entity]
        if name == f"{self.answer.question.level}_id" and self.changes.keyless:
            return ["" if part.start + at in self.changes.keyless else cell for at, cell in enumerate(cells)]
        return cells

    def _entity_text(self, name: str, index: int) -> str:
        key = (name, index)
        if key not in self._entity_texts:
            self._entity_texts[key] = _text(entity_value(self.answer, name, index))
        return self._entity_texts[key]

    def _rankings(self, name: str, part: "_Part") -> Cells:
        if self.answer.question.level != "ad":
            return [""] * len(part.entity)
        shift = known.RANKINGS[name]
        entities: list[Any] = self.answer.entities
        rows = zip(part.entity, part.first, part.last, part.counts("impressions"), part.tired, strict=True)
        return [
            '"UNKNOWN"'
            if first == last or seen < known.MIN_RANKED_IMPRESSIONS
            else f'"{_rank(entities[index].quality + shift - 2.0 * tired)}"'
            for index, first, last, seen, tired in rows
        ]

    def _fatigue(self, name: str, part: "_Part") -> Cells:
        if self.answer.question.level != "ad" or serving(self.answer.made) != "served":
            return [""] * len(part.entity)
        ads: list[Any] = self.answer.entities
        rows = zip(part.entity, part.counts("impressions"), part.tired, strict=True)
        return [fatigue_cell(name, ads[index].id, seen, tired) for index, seen, tired in rows]

    def actions(self, part: "_Part") -> Cells:
        """The `actions` array."""
        types = {**ACTIONS, **self.changes.action_types}
        return joined(action_items(types, part.sums, self.answer.question.windows, str))

    def action_values(self, part: "_Part") -> Cells:
        """The `action_values` array: what purchases were worth."""
        types = {**ACTIONS, **self.changes.action_types}
        worth = {name: ("purchase_value",) for name, columns in types.items() if columns == ("purchases",)}
        return joined(action_items(worth, part.sums, self.answer.question.windows, self.money))

    def costs(self, part: "_Part") -> Cells:
        """The `cost_per_action_type` array."""
        spend = part.counts("spend")
        items = []
        for kind, columns in ACTIONS.items():
            pairs = zip(spend, part.total(columns).tolist(), strict=True)
            items.append([_item(kind, f"{minor / self.scale / count:.6f}") if count else "" for minor, count in pairs])
        return joined(items)

    def roas(self, part: "_Part") -> Cells:
        """The `purchase_roas` array."""
        pairs = zip(part.counts("purchase_value"), part.counts("spend"), strict=True)
        return [f"[{_item('omni_purchase', f'{v / s:.6f}')}]" if v and s else "" for v, s in pairs]


class _Part:
    """A stretch of an answer's rows as plain lists."""

    def __init__(self, answer: Answer, rows: slice) -> None:
        self.start = rows.start
        self.sums: dict[str, Ints] = {name: values[rows] for name, values in answer.sums.items()}
        self.entity: list[int] = answer.entity[rows].tolist()
        self.first: list[int] = answer.first[rows].tolist()
        self.last: list[int] = answer.last[rows].tolist()
        self.tired: list[float] = answer.tired[rows].tolist()

    def counts(self, column: str) -> list[int]:
        numbers: list[int] = self.sums[column].tolist()
        return numbers

    def total(self, columns: Sequence[str]) -> Ints:
        result: Ints = np.sum([self.sums[name] for name in columns], axis=0, dtype=np.int64)
        return result


def _text(value: str | None) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _trimmed(ratio: float) -> str:
    return f"{ratio:.6f}".rstrip("0").rstrip(".")


def _item(kind: str, value: str) -> str:
    return f'{{"action_type":"{kind}","value":"{value}"}}'


def _rank(score: float) -> str:
    return next((name for limit, name in known.RANK_STEPS if score < limit), "ABOVE_AVERAGE")


def _video(count: int) -> str:
    return f"[{_item('video_view', str(count))}]" if count else ""


def _watch_time(part: _Part) -> Cells:
    columns = [part.counts(name) for name in ("plays", "video_view", "p50", "p100")]
    return [
        f"[{_item('video_view', str(max(1, round((3 * views + 6 * half + 9 * whole) / plays))))}]" if plays else ""
        for plays, views, half, whole in zip(*columns, strict=True)
    ]


def _outbound(part: _Part) -> Cells:
    return [f"[{_item('outbound_click', str(clicks))}]" if clicks else "" for clicks in part.counts("link_clicks")]


_ARRAYS: Final[dict[str, Callable[[RowWriter, _Part], Cells]]] = {
    "actions": RowWriter.actions,
    "action_values": RowWriter.action_values,
    "cost_per_action_type": RowWriter.costs,
    "purchase_roas": RowWriter.roas,
    "website_purchase_roas": RowWriter.roas,
    "outbound_clicks": lambda _, part: _outbound(part),
    "video_avg_time_watched_actions": lambda _, part: _watch_time(part),
}
