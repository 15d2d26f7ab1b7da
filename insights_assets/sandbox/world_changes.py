"""Faults of the world itself: numbers that are told wrong or change late, each with a label that says so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

import numpy as np

from insights_assets.sandbox.insights import Answer
from insights_assets.sandbox.objects import Campaign
from insights_assets.sandbox.planting import PlantedFault, pick
from insights_assets.sandbox.restatement import Reported
from insights_assets.sandbox.world import AccountDays, AccountWorld, World

DAYS_OF_A_WEEK = 7
Days = TypeVar("Days", bound=AccountDays)


@dataclass(frozen=True, slots=True)
class FaultLabel:
    """What a fault of the world did.

    Attributes:
        fault: Name of the fault.
        account_id: The account.
        level: account, campaign or ad.
        entity_id: The entity; the account's id where it is about all of it.
        since: First day concerned.
        until: Last day concerned.
        metric: The metric, `rows`, an action type or `timezone_name`.
        factor: What the metric is multiplied by; None where it is not about a number.
    """

    fault: str
    account_id: str
    level: str
    entity_id: str
    since: date
    until: date
    metric: str
    factor: float | None


@dataclass(frozen=True)
class WorldChange:
    """One fault of the world in one account and week."""

    planted: PlantedFault
    label: FaultLabel

    def reported(self, made: AccountWorld, seen: Reported, today: int) -> Reported:
        """The cells as the API tells them: a late restatement changes old ones."""
        if self.planted.kind.name != "late_restatement":
            return seen
        first, last = self._days(made)
        old = (seen.day >= first) & (seen.day <= last) & (today - seen.day >= self.planted.options["from_age"])
        name = str(self.planted.options["metric"])
        values = seen.columns[name]
        changed = np.where(old, np.rint(values * self.planted.options["factor"]).astype(np.int64), values)
        return replace(seen, columns={**seen.columns, name: changed})

    def answered(self, answer: Answer) -> Answer:
        """The rows of an answer: a week without ads, or a campaign that says more than its ads."""
        first, last = self._days(answer.made)
        whole_week = (answer.first == first) & (answer.last == last)
        if self.planted.kind.name == "zero_rows" and answer.question.level == "ad":
            return answer.only(~((answer.first <= last) & (answer.last >= first)))
        if self.planted.kind.name == "parent_mismatch" and answer.question.level == "campaign":
            owner = np.array([entity is not None and entity.id == self.label.entity_id for entity in answer.entities])
            factor = np.where(owner[answer.entity] & whole_week, self.planted.options["factor"], 1.0)
            spend = np.rint(answer.sums["spend"] * factor).astype(np.int64)
            return replace(answer, sums={**answer.sums, "spend": spend})
        return answer

    def action_types(self) -> dict[str, tuple[str, ...]]:
        """Action types beside the usual ones, with the columns that they add up."""
        if self.planted.kind.name != "unknown_action_type":
            return {}
        return {str(self.planted.options["action_type"]): (str(self.planted.options["columns"]),)}

    def moved(self, days: Days, now: datetime) -> Days:
        """The account as it is at an instant: its zone may have changed; what it did on each day has not."""
        if self.planted.kind.name != "zone_change" or days.today(now) < days.day_of(self.label.since):
            return days
        market = replace(days.account.market, zone=str(self.planted.options["zone"]))
        moved = replace(days, account=replace(days.account, market=market))
        if isinstance(days, AccountWorld) and isinstance(moved, AccountWorld):
            moved.share_facts(days)
        return moved

    def _days(self, days: AccountDays) -> tuple[int, int]:
        return days.day_of(self.label.since), days.day_of(self.label.until)


def world_changes(planted: Sequence[PlantedFault], world: World, now: datetime) -> tuple[WorldChange, ...]:
    """The faults of the world among those planted, in each account that they concern.

    Args:
        planted: All planted faults.
        world: The world.
        now: The instant that `weeks_ago` counts from, where a fault names no `week`.
    """
    return tuple(
        WorldChange(one, _label(one, world, account.id, now))
        for one in planted
        if one.kind.effect == "world"
        for account in world.accounts
        if one.accounts is None or account.id in one.accounts
    )


def _label(planted: PlantedFault, world: World, account_id: str, now: datetime) -> FaultLabel:
    name, options = planted.kind.name, planted.options
    days = world.days(account_id)
    since = options["week"]
    if since is None:
        today = days.date_of(days.today(now))
        since = today - timedelta(days=today.weekday(), weeks=options.get("weeks_ago", 0))
    until = since + timedelta(days=DAYS_OF_A_WEEK - 1)
    level, entity, metric = "account", account_id, str(options.get("metric", ""))
    if name == "parent_mismatch":
        level, entity, metric = "campaign", _running_campaign(world.account(account_id), since, planted.seed), "spend"
    elif name == "zero_rows":
        level, metric = "ad", "rows"
    elif name in {"unknown_action_type", "zone_change"}:
        metric = str(options.get("action_type", "timezone_name"))
        until = days.date_of(world.horizon_days - 1)
        since = days.start if name == "unknown_action_type" else since
    return FaultLabel(name, account_id, level, entity, since, until, metric, options.get("factor"))


def _running_campaign(made: AccountWorld, monday: date, seed: int) -> str:
    first = made.day_of(monday)
    cells = made.facts.cells
    ads = np.unique(cells.ad[(cells.day >= first) & (cells.day < first + DAYS_OF_A_WEEK)])
    running: list[Campaign] = sorted({made.ads[ad].adset.campaign for ad in ads.tolist()}, key=lambda item: item.id)
    if not running:
        raise ValueError(f"no campaign of {made.account.id} delivers in the week of {monday}")
    return running[pick(len(running), seed, made.account.id, "campaign")].id
