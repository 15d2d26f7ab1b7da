"""What an entity's status was on a day, and the times that go with it."""

from datetime import datetime, time

from insights_assets.sandbox.objects import Ad, AdSet, Campaign
from insights_assets.sandbox.world import AccountDays


def stamp(made: AccountDays, day: int, hour: int = 10) -> str:
    """An instant of a day in the account's zone, as the API writes it."""
    local = datetime.combine(made.date_of(day), time(hour), tzinfo=made.account.zone)
    return local.strftime("%Y-%m-%dT%H:%M:%S%z")


def campaign_status(campaign: Campaign, today: int) -> str:
    """The campaign's own status."""
    return campaign.end_status if campaign.end is not None and today >= campaign.end else "ACTIVE"


def adset_status(adset: AdSet, today: int) -> tuple[str, str]:
    """Own and effective status; archiving or deleting a campaign does the same to what is in it."""
    parent = campaign_status(adset.campaign, today)
    return (parent, parent) if parent != "ACTIVE" else ("ACTIVE", "ACTIVE")


def ad_status(ad: Ad, today: int) -> tuple[str, str]:
    """Own and effective status."""
    parent = campaign_status(ad.adset.campaign, today)
    if parent != "ACTIVE":
        return parent, parent
    if today >= ad.end:
        return ad.end_status, ad.end_status
    if any(first <= today < last for first, last in ad.pauses):
        return "PAUSED", "PAUSED"
    return "ACTIVE", "ACTIVE"


def effective_status(entity: Campaign | AdSet | Ad, today: int) -> str:
    """Effective status of any entity."""
    if isinstance(entity, Campaign):
        return campaign_status(entity, today)
    if isinstance(entity, AdSet):
        return adset_status(entity, today)[1]
    return ad_status(entity, today)[1]


def created_day(entity: Campaign | AdSet | Ad) -> int:
    """Day of creation; an ad is made the day before it first delivers."""
    return entity.start - 1 if isinstance(entity, Ad) else entity.created


def updated_day(entity: Campaign | AdSet | Ad, today: int) -> int:
    """Day of the last change that is not in the future."""
    changes = [created_day(entity)]
    if isinstance(entity, Ad):
        changes += [entity.end, *(day for pause in entity.pauses for day in pause)]
        owner: Campaign = entity.adset.campaign
    elif isinstance(entity, AdSet):
        changes += [day for day, _ in entity.budget_steps]
        owner = entity.campaign
    else:
        owner = entity
    if owner.end is not None:
        changes.append(owner.end)
    return max(day for day in changes if day <= max(today, created_day(entity)))
