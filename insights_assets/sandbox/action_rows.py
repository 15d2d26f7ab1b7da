"""Action types of the API, with the alias rows and the roll-ups that trap whoever adds them up."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insights_assets.sandbox.restatement import OFFSITE, ONSITE

Ints = NDArray[np.int64]

WINDOWS: Final = ("1d_click", "7d_click", "28d_click", "1d_view", "1d_ev")

# Columns of one action type are added. Aliases repeat the same number under another name.
ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "link_click": ("link_clicks",),
    "landing_page_view": ("lpv",),
    "omni_landing_page_view": ("lpv",),
    "page_engagement": ("link_clicks", "video_view", "reactions", "comments", "shares", "saves"),
    "post_engagement": ("link_clicks", "video_view", "reactions", "comments", "shares", "saves"),
    "video_view": ("video_view",),
    "post_reaction": ("reactions",),
    "comment": ("comments",),
    "post": ("shares",),
    "post_interaction_gross": ("reactions", "comments", "shares"),
    "onsite_conversion.post_save": ("saves",),
    "onsite_conversion.post_net_save": ("saves",),
    "omni_purchase": ("purchases",),
    "purchase": ("purchases",),
    "offsite_conversion.fb_pixel_purchase": ("purchases",),
    "onsite_web_purchase": ("purchases",),
    "web_in_store_purchase": ("purchases",),
    "omni_add_to_cart": ("carts",),
    "add_to_cart": ("carts",),
    "offsite_conversion.fb_pixel_add_to_cart": ("carts",),
    "lead": ("leads_onsite", "leads_pixel"),
    "onsite_conversion.lead_grouped": ("leads_onsite",),
    "offsite_conversion.fb_pixel_lead": ("leads_pixel",),
    "onsite_web_lead": ("leads_pixel",),
    "offsite_complete_registration_add_meta_leads": ("registrations", "leads_onsite"),
    "offsite_search_add_meta_leads": ("leads_onsite",),
    "offsite_content_view_add_meta_leads": ("leads_onsite",),
    "offsite_lead_add_20_s_calls": ("leads_pixel",),
    "omni_complete_registration": ("registrations",),
    "complete_registration": ("registrations",),
    "offsite_conversion.fb_pixel_complete_registration": ("registrations",),
    "onsite_conversion.total_messaging_connection": ("msg_total",),
    "onsite_conversion.messaging_conversation_started_7d": ("msg_started",),
    "onsite_conversion.messaging_first_reply": ("msg_reply",),
    "omni_app_install": ("installs",),
    "mobile_app_install": ("installs",),
    "app_install": ("installs",),
}
CONVERSIONS: Final = ONSITE | OFFSITE


def split_windows(columns: Mapping[str, Ints], dither: NDArray[np.float64]) -> dict[str, Ints]:
    """Splits each conversion column over the attribution windows, cell by cell.

    The plain value is Meta's default setting, clicks of seven days and views of one. Every part grows with the value,
    so restatement stays monotone in each window as well.
    """
    result: dict[str, Ints] = {}
    for name in CONVERSIONS:
        value = columns[name]
        # On-Meta results follow a click on the spot; off-Meta ones may follow a view.
        click_share = 0.97 if name in ONSITE else 0.86
        week = np.minimum(np.floor(value * click_share + dither), value).astype(np.int64)
        day = np.minimum(np.floor(week * 0.78 + dither), week).astype(np.int64)
        month = week + np.floor(week * 0.12 + dither * 0.9).astype(np.int64)
        result |= {f"{name}@1d_click": day, f"{name}@7d_click": week, f"{name}@28d_click": month}
        result[f"{name}@1d_view"] = value - week
    return result


def action_items(
    types: Mapping[str, Sequence[str]], sums: Mapping[str, Ints], windows: Sequence[str], write: Callable[[int], str]
) -> list[list[str]]:
    """The items of an array of actions as JSON text: one list for each type, "" where nothing happened.

    Args:
        types: Action types with the columns that each adds up.
        sums: The columns, one entry for each row.
        windows: Attribution windows wanted beside the default.
        write: Writes a number.
    """
    # Aliases share their columns, and so all of their text but the name.
    shared = {columns: _values(columns, sums, windows, write) for columns in {tuple(c) for c in types.values()}}
    return [
        [f'{{"action_type":"{kind}",{text}}}' if text else "" for text in shared[tuple(columns)]]
        for kind, columns in types.items()
    ]


def joined(items: Sequence[Sequence[str]]) -> list[str]:
    """Arrays from items: one JSON array for each row, "" where it would be empty."""
    rows = (",".join(filter(None, row)) for row in zip(*items, strict=True))
    return [f"[{row}]" if row else "" for row in rows]


def _values(
    columns: Sequence[str], sums: Mapping[str, Ints], windows: Sequence[str], write: Callable[[int], str]
) -> list[str]:
    names = ("value", *windows)
    parts = [sum(sums[name] for name in columns), *(_window(sums, columns, window) for window in windows)]
    texts = []
    for row in zip(*(np.asarray(part).tolist() for part in parts), strict=True):
        if any(row):
            # The value is there whenever a window is; a window with nothing is absent.
            pairs = zip(names, row, strict=True)
            texts.append(",".join([f'"{name}":"{write(n)}"' for name, n in pairs if n or name == "value"]))
        else:
            texts.append("")
    return texts


def _window(sums: Mapping[str, Ints], columns: Sequence[str], window: str) -> Ints:
    total = np.zeros_like(sums[columns[0]])
    for name in columns:
        if name in CONVERSIONS:
            part = sums.get(f"{name}@{window}")
            total = total if part is None else total + part
        elif window.endswith("_click"):
            total = total + sums[name]
    return total
