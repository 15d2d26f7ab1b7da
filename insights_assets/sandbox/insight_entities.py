"""The fields of an insights row that tell whose row it is."""

from insights_assets.sandbox.insights import Answer
from insights_assets.sandbox.objects import Ad, AdSet, Campaign
from insights_assets.sandbox.status import created_day, stamp, updated_day


def dated_value(answer: Answer, name: str, index: int, last: int) -> str | None:
    """A field that changes in an entity's life, as of a row's last day; None where the entity has none."""
    entity = answer.entities[index]
    if entity is None:
        return None
    day = created_day(entity) if name == "created_time" else updated_day(entity, last)
    return stamp(answer.made, day)[:10]


def entity_value(answer: Answer, name: str, index: int) -> str | None:
    """A field that an entity keeps for life; None where its level has none."""
    account, entity = answer.made.account, answer.entities[index]
    if name.startswith("account_"):
        values = {"account_id": account.account_id, "account_name": account.name}
        return values.get(name, account.market.currency)
    ad = entity if isinstance(entity, Ad) else None
    adset = ad.adset if ad else entity if isinstance(entity, AdSet) else None
    campaign = entity if isinstance(entity, Campaign) else adset.campaign if adset else None
    level, _, attribute = name.partition("_")
    owners = {"campaign": campaign, "adset": adset, "ad": ad}
    if level in owners:
        value: str | None = getattr(owners[level], attribute, None)
        return value
    if name == "objective":
        return campaign.objective if campaign else None
    if name == "buying_type":
        return "AUCTION" if entity else None
    if adset is None:
        return None
    return adset.goal.optimization_goal if name == "optimization_goal" else "7d_click_1d_view"
