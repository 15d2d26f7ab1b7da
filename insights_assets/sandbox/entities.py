"""The JSON of accounts, campaigns, ad sets, ads and creatives, with the API's strictness about fields."""

from collections.abc import Callable
from typing import Any, Final

from insights_assets.sandbox.creatives import creative_json, video_json
from insights_assets.sandbox.errors import bad_parameter, no_field
from insights_assets.sandbox.objects import Ad, AdSet, Campaign, Creative, Video
from insights_assets.sandbox.status import ad_status, adset_status, campaign_status, created_day, stamp, updated_day
from insights_assets.sandbox.world import AccountDays, AccountWorld

Json = dict[str, Any]
LEARNING_DAYS: Final = 7
LEARNING_RESULTS: Final = 50


def split_fields(text: str) -> list[tuple[str, str]]:
    """Splits `a,b{c,d}` into (name, what is in the braces)."""
    parts: list[tuple[str, str]] = []
    depth, current = 0, ""
    for char in f"{text},":
        if char == "," and depth == 0:
            name, _, inner = current.strip().partition("{")
            if name:
                parts.append((name.split(".", 1)[0], inner.removesuffix("}")))
            current = ""
            continue
        depth += (char == "{") - (char == "}")
        if depth < 0:
            break
        current += char
    if depth:
        raise bad_parameter("Syntax error in field expansion: unbalanced braces")
    return parts


def choose(full: Json, fields: str, node: str) -> Json:
    """Only what was asked for, and `id`; an unknown field is an error."""
    result: Json = {}
    for name, inner in split_fields(fields):
        if name not in full:
            raise no_field(name, node)
        value = full[name]
        if inner and isinstance(value, dict):
            value = choose(value, inner, name.title())
        if value is not None:
            result[name] = value
    result["id"] = full["id"]
    return result


def account_json(days: AccountDays, fields: str, today: int, spent: Callable[[], int]) -> Json:
    """The asked fields of an ad account.

    Args:
        days: The account.
        fields: The fields asked for.
        today: Today's day number in the account's zone.
        spent: What it has spent so far, in minor units; called only when asked for.
    """
    account = days.account
    full = {
        "id": account.id,
        "account_id": account.account_id,
        "name": account.name,
        "account_status": account.account_status,
        "currency": account.market.currency,
        "timezone_name": account.market.zone,
        "timezone_offset_hours_utc": int(stamp(days, max(today, 0))[-5:-2]),
        "timezone_id": 1,
        "business": {"id": account.business_id, "name": account.business_name},
        "business_country_code": account.market.country,
        "business_name": account.business_name,
        "amount_spent": str(spent()) if "amount_spent" in fields else "",
        "balance": "0",
        "spend_cap": "0",
        "min_daily_budget": 100,
        "disable_reason": 0,
        "created_time": stamp(days, -400),
        "age": float(400 + today),
        "is_personal": 0,
        "owner": account.business_id,
        "funding_source": None,
    }
    return choose(full, fields, "AdAccount")


def budget_minor(made: AccountWorld, adset: AdSet, today: int) -> int:
    """The ad set's daily budget in minor units: that of its running ads."""
    running = [ad for ad in made.ads if ad.adset is adset and ad.start <= today < ad.end]
    base = sum(ad.budget_usd for ad in running) or 20.0
    factor = [value for day, value in adset.budget_steps if day <= max(today, 0)][-1]
    market = made.account.market
    scale: int = 10**market.decimals
    return round(base * factor * market.usd_rate * scale)


def campaign_json(made: AccountWorld, campaign: Campaign, today: int) -> Json:
    """All fields of a campaign."""
    status = campaign_status(campaign, today)
    budget = sum(budget_minor(made, adset, today) for adset in made.adsets if adset.campaign is campaign)
    created = stamp(made, campaign.created)
    ended = campaign.end is not None and campaign.end <= today
    return {
        "id": campaign.id,
        "account_id": made.account.account_id,
        "name": campaign.name,
        "objective": campaign.objective,
        "status": status,
        "configured_status": status,
        "effective_status": status,
        "buying_type": "AUCTION",
        "bid_strategy": "LOWEST_COST_WITHOUT_CAP" if campaign.cbo else None,
        "daily_budget": str(budget) if campaign.cbo else None,
        "lifetime_budget": None,
        "budget_remaining": "0",
        "special_ad_categories": [],
        "special_ad_category": "NONE",
        "smart_promotion_type": "GUIDED_CREATION",
        "created_time": created,
        "start_time": created,
        "stop_time": stamp(made, campaign.end) if ended and campaign.end is not None else None,
        "updated_time": stamp(made, updated_day(campaign, today)),
    }


def _promoted_object(made: AccountWorld, adset: AdSet) -> Json | None:
    goal = adset.goal
    if goal.event:
        return {"pixel_id": f"5{made.account.account_id[1:]}", "custom_event_type": goal.event}
    if goal.family in {"messages", "leadgen_form"}:
        return {"page_id": made.creatives[0].page_id}
    if goal.family == "app_install":
        return {"application_id": f"6{made.account.account_id[1:]}", "object_store_url": "https://example.invalid/app"}
    return None


def adset_json(made: AccountWorld, adset: AdSet, today: int) -> Json:
    """All fields of an ad set."""
    status, effective = adset_status(adset, today)
    created = stamp(made, adset.created)
    edited = max((day for day, _ in adset.budget_steps if day <= max(today, 0)), default=0)
    newest = max((ad.start for ad in made.ads if ad.adset is adset and ad.start <= today), default=adset.created)
    learning = today - max(newest, edited) < LEARNING_DAYS
    return {
        "id": adset.id,
        "account_id": made.account.account_id,
        "campaign_id": adset.campaign.id,
        "campaign": {"id": adset.campaign.id, "name": adset.campaign.name},
        "name": adset.name,
        "status": status,
        "configured_status": status,
        "effective_status": effective,
        "optimization_goal": adset.goal.optimization_goal,
        "billing_event": "IMPRESSIONS",
        "promoted_object": _promoted_object(made, adset),
        "destination_type": "MESSENGER" if adset.goal.family == "messages" else "UNDEFINED",
        "attribution_spec": [
            {"event_type": "CLICK_THROUGH", "window_days": 7},
            {"event_type": "VIEW_THROUGH", "window_days": 1},
        ],
        "bid_strategy": None if adset.campaign.cbo else "LOWEST_COST_WITHOUT_CAP",
        "bid_amount": None,
        "daily_budget": None if adset.campaign.cbo else str(budget_minor(made, adset, today)),
        "lifetime_budget": "0",
        "budget_remaining": "0",
        "targeting": {
            "age_min": 18,
            "age_max": 65,
            "geo_locations": {"countries": [adset.country], "location_types": ["home", "recent"]},
            "publisher_platforms": ["facebook", "instagram"],
            "targeting_automation": {"advantage_audience": int(adset.audience_name.startswith("Broad"))},
        },
        "learning_stage_info": {
            "status": "LEARNING" if learning else "SUCCESS",
            "conversions": 0 if learning else LEARNING_RESULTS,
            "last_sig_edit_ts": int((edited + made.start.toordinal() - 719163) * 86400),
        },
        "created_time": created,
        "start_time": created,
        "end_time": None,
        "updated_time": stamp(made, updated_day(adset, today)),
    }


def ad_json(made: AccountWorld, ad: Ad, today: int) -> Json:
    """All fields of an ad."""
    status, effective = ad_status(ad, today)
    return {
        "id": ad.id,
        "account_id": made.account.account_id,
        "campaign_id": ad.adset.campaign.id,
        "campaign": {"id": ad.adset.campaign.id, "name": ad.adset.campaign.name},
        "adset_id": ad.adset.id,
        "adset": {"id": ad.adset.id, "name": ad.adset.name},
        "name": ad.name,
        "status": status,
        "configured_status": status,
        "effective_status": effective,
        "creative": creative_json(made, ad.creative, today),
        "bid_type": "ABSOLUTE_OCPM",
        "conversion_domain": "example.invalid",
        "tracking_specs": [{"action.type": ["offsite_conversion"]}],
        "issues_info": None,
        "preview_shareable_link": "https://example.invalid/preview",
        "created_time": stamp(made, created_day(ad)),
        "updated_time": stamp(made, updated_day(ad, today)),
    }


Writer = Callable[[AccountWorld, Any, int], Json]
WRITERS: Final[dict[type, tuple[str, Writer]]] = {
    Campaign: ("Campaign", campaign_json),
    AdSet: ("AdSet", adset_json),
    Ad: ("Ad", ad_json),
    Creative: ("AdCreative", creative_json),
    Video: ("Video", video_json),
}


def entity_json(made: AccountWorld, entity: Campaign | AdSet | Ad | Creative | Video, fields: str, today: int) -> Json:
    """The asked fields of an entity."""
    node, writer = WRITERS[type(entity)]
    full = writer(made, entity, today)
    if isinstance(entity, Ad) and "creative" in {name for name, inner in split_fields(fields) if not inner}:
        # Without braces the API gives no more than the id of an edge.
        full["creative"] = {"id": entity.creative.id}
    for edge in ("campaign", "adset"):
        if edge in full and edge in {name for name, inner in split_fields(fields) if not inner}:
            full[edge] = {"id": full[edge]["id"]}
    return choose(full, fields, node)
