"""Users' word on tiers: said, taken back, and which weeks it makes stale.

Belongs here: reading and writing `classification_feedback`. Does not belong here: what it does to a tier
(`analytics/classifications.py`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from insights_assets.lake.store import Lake
from insights_assets.partitions import DAYS, monday
from insights_assets.problems import InputError
from insights_assets.tables.classification_feedback import CLASSIFICATION_FEEDBACK
from insights_assets.tables.classifications import CLASSIFICATIONS
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS

STEP = CLASSIFICATION_FEEDBACK.name
ENTITIES = {"campaign": CAMPAIGNS, "adset": ADSETS, "ad": ADS}
PREVIOUS_WEEKS = 4  # a tier is compared with the newest of the four weeks before
# What classifications are made from besides assets.
ABOVE = {table.name: ((STEP, PREVIOUS_WEEKS),) for table in CLASSIFICATIONS.values()}


@dataclass(frozen=True)
class Subject:
    """What feedback is about."""

    account_id: str
    level: str
    entity_id: str


def add(
    lake: Lake,
    about: Subject,
    tier: str,
    since: date,
    now: datetime,
    *,
    until: date | None = None,
    note: str | None = None,
) -> None:
    """Store a user's tier from the week of `since` on, to that of `until`; it replaces one of the same week.

    Raises:
        InputError: the lake knows no such entity, or `until` lies before `since`.
    """
    table = ENTITIES[about.level]
    name = f"{about.level}_id"
    known = lake.read(table, accounts=[about.account_id], columns=[name])
    if about.entity_id not in set(known[name]):
        raise InputError(
            f"There is no {about.level} {about.entity_id} in {about.account_id}; "
            f"the view {table.name} (`insights sql`) has those there are."
        )
    week, last = monday(since), monday(until) if until else None
    if last is not None and last < week:
        raise InputError(f"The last week {last} lies before the first, {week}.")
    row = {
        "account_id": about.account_id,
        "week": week,
        "level": about.level,
        "entity_id": about.entity_id,
        "tier": tier,
        "until": last,
        "note": note,
        "created_at": now,
        "removed_at": None,
    }
    _change(lake, about, week, pl.DataFrame([row], schema=CLASSIFICATION_FEEDBACK.schema))


def remove(lake: Lake, about: Subject, now: datetime, *, since: date | None = None) -> int:
    """Take back what was said of an entity, all of it or what holds from one week on; the rows stay, marked.

    Returns:
        How many.
    """
    said = _of(lake.read(CLASSIFICATION_FEEDBACK, accounts=[about.account_id]), about)
    said = said.filter(pl.col("removed_at").is_null())
    if since is not None:
        said = said.filter(pl.col("week") == monday(since))
    for (week,), rows in said.group_by("week"):
        assert isinstance(week, date)  # noqa: S101 - for the type checker: a group's key is any value
        marked = rows.with_columns(pl.lit(now).cast(CLASSIFICATION_FEEDBACK.schema["removed_at"]).alias("removed_at"))
        _change(lake, about, week, marked)
    return said.height


def changed_at(
    lake: Lake, accounts: Sequence[str], weeks: Collection[date]
) -> Mapping[tuple[str, str, date], datetime]:
    """When the feedback that concerns each account and week last changed, as planning wants to know it."""
    if not weeks:
        return {}
    found: dict[tuple[str, str, date], datetime] = {}
    said = lake.read(CLASSIFICATION_FEEDBACK, accounts=accounts)
    # Weeks further back than those asked for count for the tier before.
    spread = {w - timedelta(days=DAYS * n) for w in weeks for n in range(PREVIOUS_WEEKS + 1)}
    for row in said.iter_rows(named=True):
        at = max(row["created_at"], row["removed_at"] or row["created_at"])
        for week in spread:
            if row["week"] <= week:
                key = (STEP, row["account_id"], week)
                found[key] = max(at, found.get(key, at))
    return found


def _change(lake: Lake, about: Subject, week: date, rows: pl.DataFrame) -> None:
    with lake.lock(CLASSIFICATION_FEEDBACK, [about.account_id]):
        there = lake.read(CLASSIFICATION_FEEDBACK, accounts=[about.account_id], since=week, until=week)
        kept = there.join(rows, on=CLASSIFICATION_FEEDBACK.key, how="anti")
        lake.replace(CLASSIFICATION_FEEDBACK, pl.concat([kept, rows]), [(about.account_id, week)])


def _of(rows: pl.DataFrame, about: Subject) -> pl.DataFrame:
    return rows.filter(level=about.level, entity_id=about.entity_id)
