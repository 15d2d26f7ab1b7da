"""Result families as data: which action type counts, which family a goal asks for, how many results are enough.

Meta reports one conversion under several action types (`lead` = `lead_grouped` + `fb_pixel_lead` in 13 of 13 recorded
rows), so a family counts the first canonical type that is present and never adds. Types such as
`offsite_search_add_meta_leads` contain a money word without being an alias: counting them overstated leads five times.
"""

import polars as pl

CANONICAL: dict[str, tuple[str, ...]] = {
    "messages": (
        "onsite_conversion.total_messaging_connection",
        "onsite_conversion.messaging_conversation_started_7d",
    ),
    "leadgen_form": ("onsite_conversion.lead_grouped",),
    "website_lead": ("offsite_conversion.fb_pixel_lead",),
    "purchase": ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"),
    "registration": (
        "omni_complete_registration",
        "complete_registration",
        "offsite_conversion.fb_pixel_complete_registration",
    ),
    "click": ("link_click",),
    "video_view": ("video_view",),
    "app_install": ("omni_app_install", "mobile_app_install", "app_install"),
    "custom": ("offsite_conversion.fb_pixel_custom",),
}

GOAL_FAMILY: dict[str, str] = {
    "CONVERSATIONS": "messages",
    "REPLIES": "messages",
    "MESSAGING_PURCHASE_CONVERSION": "purchase",
    "LEAD_GENERATION": "leadgen_form",
    "QUALITY_LEAD": "leadgen_form",
    "APP_INSTALLS": "app_install",
    "APP_INSTALLS_AND_OFFSITE_CONVERSIONS": "app_install",
    "THRUPLAY": "video_view",
    "TWO_SECOND_CONTINUOUS_VIDEO_VIEWS": "video_view",
    "VIDEO_VIEWS": "video_view",
    "LINK_CLICKS": "click",
    "LANDING_PAGE_VIEWS": "click",
    "REACH": "click",
    "IMPRESSIONS": "click",
}

EVENT_GOALS = ("OFFSITE_CONVERSIONS", "VALUE", "ONSITE_CONVERSIONS")
"""Goals whose family is named by the promoted object's custom_event_type."""

EVENT_FAMILY: dict[str, str] = {
    "PURCHASE": "purchase",
    "LEAD": "website_lead",
    "COMPLETE_REGISTRATION": "registration",
}
"""Any other event (ADD_TO_CART, OTHER, ...) is counted as `custom`."""

NO_EVENT_FAMILY = "purchase"
"""VALUE optimises purchase value by definition; OFFSITE_CONVERSIONS without a promoted event was in practice a pixel
purchase campaign of an account that predates the field, so both read as purchase."""

NO_GOAL_FAMILY = "click"
"""Without a known goal the one result that every kind of ad has is the link click."""

MONEY_FAMILIES = ("messages", "leadgen_form", "website_lead", "purchase", "registration", "app_install", "custom")
"""Families that stand for business: all but clicks and video views."""

MINIMUM_RESULTS: dict[str, int] = {
    "messages": 5,
    "leadgen_form": 5,
    "website_lead": 5,
    "purchase": 3,
    "registration": 5,
    "click": 50,
    "video_view": 50,
    "app_install": 5,
    "custom": 5,
}
"""Results a week needs before its cost per result is worth a look (seed 000; 10 for the rest there)."""

KNOWN_ALIASES = frozenset(
    {
        "lead",
        "leadgen.other",
        "leadgen_grouped",
        "onsite_web_lead",
        "offsite_conversion.lead",
        "onsite_conversion.purchase",
        "onsite_web_purchase",
        "onsite_web_app_purchase",
        "onsite_app_purchase",
        "web_in_store_purchase",
        "web_app_in_store_purchase",
        "app_custom_event.fb_mobile_purchase",
        "commerce_event.purchase",
        "offsite_conversion.registration",
        "app_custom_event.fb_mobile_complete_registration",
        "offsite_complete_registration_add_meta_leads",
        "offsite_search_add_meta_leads",
        "offsite_content_view_add_meta_leads",
        "offsite_submit_application_add_meta_leads",
        "offsite_contact_website_add_meta_leads",
        "offsite_lead_add_20_s_calls",
        "offsite_purchase_add_20_s_calls",
        "offsite_complete_registration_add_20_s_calls",
        "onsite_conversion.messaging_first_reply",
        "onsite_conversion.messaging_user_depth_2_message_send",
        "onsite_conversion.messaging_user_depth_3_message_send",
        "onsite_conversion.messaging_user_depth_5_message_send",
        "onsite_conversion.messaging_block",
        "onsite_conversion.messaging_user_call_placed",
        "onsite_conversion.messaging_20s_call_connect",
        "onsite_conversion.messaging_60s_call_connect",
        "onsite_conversion.messaging_conversation_replied_7d",
        "onsite_conversion.messaging_welcome_message_view",
        "onsite_conversion.messaging_order_created_v2",
    }
)
"""Types that repeat or roll up conversions another type already counts: known, and deliberately not counted."""

MONEY_WORDS = "lead|purchase|registration|messaging|install"


def canonical_table() -> pl.DataFrame:
    """Return CANONICAL as rows (result_family, action_type, rank), rank 0 being preferred."""
    rows = [(f, a, rank) for f, types in CANONICAL.items() for rank, a in enumerate(types)]
    return pl.DataFrame(
        rows, schema={"result_family": pl.String, "action_type": pl.String, "rank": pl.Int64}, orient="row"
    )


def primary_family(goal: str = "optimization_goal", event: str = "custom_event_type") -> pl.Expr:
    """Return the expression for the family an entity is optimised for; never null."""
    event_name = pl.col(event).str.to_uppercase()
    by_event = (
        pl.when(event_name.is_null())
        .then(pl.lit(NO_EVENT_FAMILY))
        .otherwise(event_name.replace_strict(EVENT_FAMILY, default="custom", return_dtype=pl.String))
    )
    goal_name = pl.col(goal).str.to_uppercase()
    by_goal = goal_name.replace_strict(GOAL_FAMILY, default=NO_GOAL_FAMILY, return_dtype=pl.String)
    return pl.when(goal_name.is_in(EVENT_GOALS)).then(by_event).otherwise(by_goal.fill_null(NO_GOAL_FAMILY))


def minimum_results(family: str = "result_family") -> pl.Expr:
    """Return the expression for the results a week of that family needs."""
    return pl.col(family).replace_strict(MINIMUM_RESULTS, return_dtype=pl.Int64)


def unknown_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Find action types that sound like money and that nobody has classified, with what is at stake.

    Args:
        frame: insight rows with account_id, week, `actions` and `action_values`, lists of structs with `action_type`
            and `value`.

    Returns:
        account_id, week, action_type, rows (in how many rows it occurs), results and result_value (account currency)
        reported under it; empty when all is known. `offsite_conversion.custom.<id>` is inside `fb_pixel_custom` and so
        known.
    """
    known = [a for types in CANONICAL.values() for a in types] + sorted(KNOWN_ALIASES)
    name = pl.col("action_type")
    parts = [
        frame.select("account_id", "week", pl.col(source))
        .explode(source, empty_as_null=False, keep_nulls=False)
        .select(
            "account_id",
            "week",
            pl.col(source).struct.field("action_type").alias("action_type"),
            pl.col(source).struct.field("value").cast(pl.Float64).alias("value"),
            pl.lit(source == "actions").alias("is_count"),
        )
        for source in ("actions", "action_values")
    ]
    return (
        pl.concat(parts)
        .filter(
            name.str.contains(MONEY_WORDS) & ~name.is_in(known) & ~name.str.starts_with("offsite_conversion.custom.")
        )
        .group_by("account_id", "week", "action_type")
        .agg(
            pl.col("is_count").sum().cast(pl.Int64).alias("rows"),
            pl.col("value").filter(pl.col("is_count")).sum().alias("results"),
            pl.col("value").filter(~pl.col("is_count")).sum().alias("result_value"),
        )
        .sort("account_id", "week", "action_type")
    )
