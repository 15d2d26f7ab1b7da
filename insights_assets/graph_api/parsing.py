"""Reading single fields of a Graph API object, with errors that name the field.

Numbers arrive as strings, budgets as strings or floats, absent arrays mean zero.
"""

import math
import reprlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from insights_assets.graph_api.errors import MalformedRecordError


class Fields:
    """One object of a response, read field by field.

    Args:
        record: The kind of record, for error messages.
        source: The decoded JSON object.

    Raises:
        MalformedRecordError: The source is not a JSON object.
    """

    __slots__ = ("_record", "_source")

    def __init__(self, record: str, source: object) -> None:
        if not isinstance(source, Mapping):
            raise MalformedRecordError(record, "(row)", f"is not a JSON object but {type(source).__name__}")
        self._record = record
        self._source = source

    def _fail(self, field: str, problem: str) -> MalformedRecordError:
        return MalformedRecordError(self._record, field, problem)

    def required(self, field: str) -> str:
        """A text that must be there, such as an id."""
        value = self.text(field)
        if not value:
            raise self._fail(field, "is missing")
        return value

    def text(self, field: str) -> str | None:
        """A text or an id; None when absent."""
        value = self._source.get(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise self._fail(field, f"is not a text but {type(value).__name__}")
        return str(value)

    def decimal(self, field: str) -> Decimal | None:
        """A finite number, exactly as written; None when absent or empty."""
        value = self._source.get(field)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise self._fail(field, f"is not a number but {type(value).__name__}")
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise self._fail(field, f"is not a number: {reprlib.repr(value)}")
        return number

    def number(self, field: str) -> float | None:
        """A number as float; None when absent."""
        text = self._source.get(field)
        if type(text) is str:
            # Nearly all numbers are texts; a year of a large account has ten million of them.
            try:
                result = float(text)
            except ValueError:
                result = math.nan
            if math.isfinite(result):
                return result
        value = self.decimal(field)
        if value is None:
            return None
        result = float(value)
        if not math.isfinite(result):
            raise self._fail(field, "is too large")
        return result

    def integer(self, field: str) -> int | None:
        """A whole number; None when absent. ``600``, ``"600"`` and ``600.0`` are the same."""
        value = self.decimal(field)
        if value is None:
            return None
        if value != value.to_integral_value():
            raise self._fail(field, f"is not a whole number: {reprlib.repr(value)}")
        return int(value)

    def mapping(self, field: str) -> dict[str, Any]:
        """A nested object as it is; empty when absent."""
        value = self._source.get(field)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self._fail(field, f"is not an object but {type(value).__name__}")
        return dict(value)

    def rows(self, field: str) -> list[object]:
        """A nested array; empty when absent, which is how the API says zero."""
        value = self._source.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._fail(field, f"is not an array but {type(value).__name__}")
        return value

    def day(self, field: str) -> date:
        """A calendar day in the account's time zone."""
        value = self.required(field)
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise self._fail(field, f"is not a date: {reprlib.repr(value)}") from error

    def instant(self, field: str) -> datetime | None:
        """An instant with its offset; None when absent. Unix seconds are read too."""
        value = self._source.get(field)
        if value is None or value == "":
            return None
        try:
            if isinstance(value, int) and not isinstance(value, bool):
                return datetime.fromtimestamp(value, tz=UTC)
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError, OverflowError, OSError) as error:
            raise self._fail(field, f"is not a time: {reprlib.repr(value)}") from error
        # An offset is always sent; without one the account's zone is unknown here and UTC is the API's own default.
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def others(self, known: frozenset[str]) -> dict[str, Any]:
        """Every field that no attribute holds, so that nothing is lost."""
        return {str(key): value for key, value in self._source.items() if key not in known}
