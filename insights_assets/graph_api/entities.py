"""Ad accounts and the objects in them.

API page: https://developers.facebook.com/docs/marketing-api/reference/ad-account
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from insights_assets.graph_api.parsing import Fields

ACCOUNT_STATUS: Final = {
    1: "ACTIVE",
    2: "DISABLED",
    3: "UNSETTLED",
    7: "PENDING_RISK_REVIEW",
    8: "PENDING_SETTLEMENT",
    9: "IN_GRACE_PERIOD",
    100: "PENDING_CLOSURE",
    101: "CLOSED",
    201: "ANY_ACTIVE",
    202: "ANY_CLOSED",
}


@dataclass(frozen=True, slots=True)
class AdAccount:
    """An ad account. ``id`` has the ``act_`` prefix, ``account_id`` is its digits."""

    id: str
    account_id: str
    name: str
    business_id: str | None
    currency: str
    timezone_name: str
    status: str

    @classmethod
    def from_json(cls, source: object) -> Self:
        """Reads an account node.

        Raises:
            MalformedRecordError: The id, the currency or the time zone is missing, or a field has another shape.
        """
        read = Fields("AdAccount", source)
        digits = (read.text("account_id") or read.required("id")).removeprefix("act_")
        status = read.integer("account_status")
        # A status added after this list stays visible by its number instead of failing the account.
        name = "UNKNOWN" if status is None else ACCOUNT_STATUS.get(status, f"STATUS_{status}")
        return cls(
            id=f"act_{digits}",
            account_id=digits,
            name=read.text("name") or "",
            business_id=Fields("AdAccount", read.mapping("business")).text("id"),
            currency=read.required("currency"),
            timezone_name=read.required("timezone_name"),
            status=name,
        )


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign. Budgets in minor units of the account's currency; ``account_id`` is digits."""

    id: str
    account_id: str | None
    name: str
    status: str | None
    effective_status: str | None
    objective: str | None
    buying_type: str | None
    bid_strategy: str | None
    daily_budget: int | None
    lifetime_budget: int | None
    created_time: datetime | None
    updated_time: datetime | None
    start_time: datetime | None
    end_time: datetime | None

    @classmethod
    def from_json(cls, source: object) -> Self:
        """Reads a campaign node; its ``stop_time`` is our ``end_time``.

        Raises:
            MalformedRecordError: The id is missing or a field has another shape.
        """
        read = Fields("Campaign", source)
        return cls(
            id=read.required("id"),
            account_id=read.text("account_id"),
            name=read.text("name") or "",
            status=read.text("status"),
            effective_status=read.text("effective_status"),
            objective=read.text("objective"),
            buying_type=read.text("buying_type"),
            bid_strategy=read.text("bid_strategy"),
            daily_budget=read.integer("daily_budget"),
            lifetime_budget=read.integer("lifetime_budget"),
            created_time=read.instant("created_time"),
            updated_time=read.instant("updated_time"),
            start_time=read.instant("start_time"),
            end_time=read.instant("end_time") or read.instant("stop_time"),
        )


@dataclass(frozen=True, slots=True)
class AdSet:
    """An ad set. Budgets in minor units of the account's currency; ``targeting`` and ``promoted_object`` raw."""

    id: str
    account_id: str | None
    campaign_id: str | None
    name: str
    status: str | None
    effective_status: str | None
    optimization_goal: str | None
    bid_strategy: str | None
    daily_budget: int | None
    lifetime_budget: int | None
    created_time: datetime | None
    updated_time: datetime | None
    start_time: datetime | None
    end_time: datetime | None
    targeting: dict[str, Any]
    promoted_object: dict[str, Any]
    learning_stage: str | None

    @property
    def custom_event_type(self) -> str | None:
        """The conversion event that the ad set optimizes for, such as PURCHASE."""
        value = self.promoted_object.get("custom_event_type")
        return None if value is None else str(value)

    @classmethod
    def from_json(cls, source: object) -> Self:
        """Reads an ad set node.

        Raises:
            MalformedRecordError: The id is missing or a field has another shape.
        """
        read = Fields("AdSet", source)
        return cls(
            id=read.required("id"),
            account_id=read.text("account_id"),
            campaign_id=read.text("campaign_id"),
            name=read.text("name") or "",
            status=read.text("status"),
            effective_status=read.text("effective_status"),
            optimization_goal=read.text("optimization_goal"),
            bid_strategy=read.text("bid_strategy"),
            daily_budget=read.integer("daily_budget"),
            lifetime_budget=read.integer("lifetime_budget"),
            created_time=read.instant("created_time"),
            updated_time=read.instant("updated_time"),
            start_time=read.instant("start_time"),
            end_time=read.instant("end_time"),
            targeting=read.mapping("targeting"),
            promoted_object=read.mapping("promoted_object"),
            learning_stage=Fields("AdSet", read.mapping("learning_stage_info")).text("status"),
        )


@dataclass(frozen=True, slots=True)
class Ad:
    """An ad: a creative inside an ad set."""

    id: str
    account_id: str | None
    campaign_id: str | None
    adset_id: str | None
    name: str
    status: str | None
    effective_status: str | None
    creative_id: str | None
    created_time: datetime | None
    updated_time: datetime | None

    @classmethod
    def from_json(cls, source: object) -> Self:
        """Reads an ad node.

        Raises:
            MalformedRecordError: The id is missing or a field has another shape.
        """
        read = Fields("Ad", source)
        return cls(
            id=read.required("id"),
            account_id=read.text("account_id"),
            campaign_id=read.text("campaign_id"),
            adset_id=read.text("adset_id"),
            name=read.text("name") or "",
            status=read.text("status"),
            effective_status=read.text("effective_status"),
            creative_id=Fields("Ad", read.mapping("creative")).text("id"),
            created_time=read.instant("created_time"),
            updated_time=read.instant("updated_time"),
        )
