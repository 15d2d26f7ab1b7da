"""Parameters of the routes: types that refuse what cannot be right before anything is read.

An id is letters, digits and underscores, so nothing in a path can climb out of a folder or end a statement; text to
compare with is bounded. An unknown parameter is an error, not ignored: a misspelt filter would show everything.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, create_model

from insights_assets.api.listing import Filter
from insights_assets.api.paging import LARGEST_PAGE, USUAL_PAGE, Ask

AccountId = Annotated[
    str, Path(pattern=r"^act_[0-9]{1,25}$", description="Ad account, with its prefix", examples=["act_1001"])
]
EntityId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_]{1,64}$", description="Campaign, ad set or ad", examples=["120210000000010001"])
]
EntityLevel = Literal["campaign", "adset", "ad"]
_TEXT: Final = 200
_LARGEST_PAGE_NUMBER: Final = 1_000_000


class Strict(BaseModel):
    """Parameters of which an unknown one is an error."""

    model_config = ConfigDict(extra="forbid")


class Period(Strict):
    """Days; a week counts when it contains one of them."""

    since: date | None = Field(None, description="First day; of weeks, the whole week counts", examples=["2026-10-01"])
    until: date | None = Field(None, description="Last day; of weeks, the whole week counts", examples=["2026-10-31"])


class Paging(Period):
    """Pages, order and columns of a list."""

    page: int = Field(1, ge=1, le=_LARGEST_PAGE_NUMBER, description="Page, from 1")
    size: int = Field(USUAL_PAGE, ge=1, le=LARGEST_PAGE, description="Items on a page")
    sort: str | None = Field(
        None, max_length=_TEXT, description="Columns to order by, - for descending", examples=["-spend"]
    )
    fields: str | None = Field(None, max_length=5_000, description="Columns to show; all when not given")

    def ask(self, *, equal: Mapping[str, Any] | None = None, contains: Mapping[str, str | None] | None = None) -> Ask:
        """What of the list is wanted."""
        return Ask(
            self.page,
            self.size,
            self.sort,
            self.fields,
            self.since,
            self.until,
            equal=equal or {},
            contains=contains or {},
        )


NAME_CONTAINS: Final = (str | None, Field(None, max_length=_TEXT, description="Only names with this text in them"))


def one_of(words: tuple[str, ...], about: str, usual: str | None = None) -> tuple[Any, Any]:
    """A parameter that takes one of some words."""
    return (Literal[words] if usual else Literal[words] | None, Field(usual, description=about))


def period_parameters(name: str, **own: tuple[Any, Any]) -> type[Period]:
    """The parameters of something over days: the period, and `own` as (type, field)."""
    fields: dict[str, Any] = own
    made: type[Period] = create_model(f"{name}Parameters", __base__=Period, **fields)
    return made


def list_parameters(
    name: str,
    filters: Mapping[str, Filter],
    sorts: tuple[str, ...],
    usual: str,
    levels: tuple[str, ...] | None,
    **more: tuple[Any, Any],
) -> type[Paging]:
    """The parameters of one list: paging, its filters, the level (campaign when not named), and `more`."""
    own: dict[str, Any] = {column: _filter(column, kind) for column, kind in filters.items()} | more
    if levels is not None:
        own["level"] = one_of(levels, "Level of the entities", "campaign")
    about = f"Columns to order by, - for descending; {usual} when not given. Allowed: {', '.join(sorts)}"
    own["sort"] = (str | None, Field(None, max_length=_TEXT, description=about, examples=[usual]))
    made: type[Paging] = create_model(f"{name}Parameters", __base__=Paging, **own)
    return made


def _filter(column: str, kind: Filter) -> tuple[Any, Any]:
    about = f"Only rows with this {column}"
    if isinstance(kind, tuple):
        return one_of(kind, about)
    if kind is str:
        return (str | None, Field(None, max_length=_TEXT, description=about))
    if kind is int:
        return (int | None, Field(None, ge=0, le=10_000, description=about))
    return (kind | None, Field(None, description=about))
