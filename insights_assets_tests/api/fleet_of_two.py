"""A tiny lake with a bit of everything of two accounts, figures small enough to add up by hand."""

from datetime import UTC, date, datetime, timedelta

from insights_assets.lake.store import Lake
from insights_assets.tables.registry import TABLES
from insights_assets_tests.analytics.creative_facts import action
from insights_assets_tests.tables.rows import frame_of, valid_row

NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)
WEEKS = [date(2026, 2, 9) + timedelta(weeks=n) for n in range(4)]  # the last is that of 2 March
NEWEST = WEEKS[-1]
HOSTILE = "<script>alert(1)</script>'; DROP TABLE ads; --"
# ad -> (ad set, campaign, spend of a week, results of a week)
ADS = {"11": ("s1", "c1", 100.0, 10.0), "12": ("s1", "c1", 300.0, 10.0), "13": ("s2", "c2", 50.0, 0.0)}
# What a day's purchases are worth, in euro; of ad 12 Meta reports no value.
WORTH = {"11": 250.0, "12": None, "13": 0.0}
VIDEO = {"video_id": "7", "video_url": "https://example.invalid/7.mp4?oe=69CB0E80", "thumbnail_url": None}
CARDS = [
    {"link": None, "name": HOSTILE, "description": None, "image_hash": None, "picture_url": None, **VIDEO},
]
FEED_VIDEOS = [VIDEO, {"video_id": "8", "video_url": None, "thumbnail_url": None}]
CURRENCY = {"act_1": "EUR", "act_2": "JPY"}


def entities(account):
    """(level, entity, parent, campaign, spend, results) of each entity of an account."""
    found = []
    for level in ("campaign", "adset", "ad"):
        rows = {}
        for ad, (adset, campaign, spend, results) in ADS.items():
            name, parent = {"campaign": (campaign, None), "adset": (adset, campaign), "ad": (ad, adset)}[level]
            own = rows.setdefault(name, [parent, campaign, 0.0, 0.0])
            own[2] += spend
            own[3] += results
        found += [(level, name, *values) for name, values in rows.items()]
    factor = 100 if account == "act_2" else 1
    return [(le, n, p, c, s * factor, r) for le, n, p, c, s, r in found]


def rows_of(account):
    """Rows by table."""
    out = {name: [] for name in TABLES}
    out["accounts"] = [
        valid_row(
            TABLES["accounts"],
            account_id=account,
            name=f"Shop {account}",
            currency=CURRENCY[account],
            timezone_name="Europe/Berlin",
            token_env=None,
            token_path=None,
        )
    ]
    for week in WEEKS:
        base = {"account_id": account, "week": week}
        for level, name, parent, campaign, spend, results in entities(account):
            entity = {**base, "level": level, "entity_id": name, "parent_id": parent, "campaign_id": campaign}
            figures = {"spend": spend, "impressions": int(spend * 10), "clicks": 20, "inline_link_clicks": 10}
            shared = {"currency": CURRENCY[account], "is_complete": True, "is_settled": week < WEEKS[1]}
            ids = {"adset_id": parent if level == "ad" else name, "ad_id": name}
            out[f"insights_weekly_{level}"].append({**entity, **figures, **shared, **ids})
            cost = spend / results if results else None
            bought = {"results": results, "result_value": 40 * results, "spend": spend, "cpr": cost, "is_primary": True}
            out["results_weekly"].append({**entity, **bought, "is_settled": False})
            out["features_" + level].append({**entity, **shared, "spend": spend, "results": results, "cpr": cost})
            named = {**base, f"{level}_id": name, "campaign_id": campaign, "adset_id": parent, "status": "ACTIVE"}
            out[f"{level}s"].append({**named, "name": HOSTILE if name == "11" else f"{level} {name}"})
            out[f"classifications_{level}"].append({**entity, "spend": spend, "results": results})
        for n, (ad, (adset, campaign, spend, results)) in enumerate(ADS.items()):
            day = {**base, "ad_id": ad, "adset_id": adset, "campaign_id": campaign, "date": week + timedelta(days=n)}
            factor = 100 if account == "act_2" else 1
            facts = {"spend": spend * factor, "impressions": int(spend * 10), "clicks": 20, "inline_link_clicks": 10}
            done = [action("link_click", 5.0), action("omni_purchase", results)] if results else []
            out["insights_daily"].append(
                {**day, **facts, "currency": CURRENCY[account], "is_settled": False, "actions": done}
            )
            sold = {"spend": spend * factor, "currency": CURRENCY[account], "offline_conversions": 0.0}
            worth = None if WORTH[ad] is None else WORTH[ad] * factor
            out["revenue_daily"].append(
                {**day, **sold, "level": "ad", "entity_id": ad, "purchases": results, "revenue": worth}
                | {"revenue_7d_click": 9.0 * factor, "offline_revenue": 0.0, "offline_unconverted": 0}
            )
            for level, name in (("campaign", campaign), ("adset", adset), ("ad", ad)):
                bought = {"level": level, "entity_id": name, "results": results, "spend": spend * factor}
                cost = {"cpr": spend * factor / results if results else None, "result_value": None, "is_primary": True}
                out["results_daily"].append({**day, **bought, **cost})
            out["creative_performance"].append(
                {**day, "creative_id": f"k{ad}", "spend": spend * factor, "currency": CURRENCY[account], "ad_ids": [ad]}
                | {"impressions": int(spend * 10), "clicks": 20, "status": "ACTIVE", "orders": results, "revenue": 1.0}
            )
            about = {"creative_id": f"k{ad}", "ad_id": ad, "name": f"Creative {ad}", "urls_expire_at": NOW}
            out["creatives"].append({**base, **about, "cards": CARDS, "feed_videos": FEED_VIDEOS})
            life = {**base, "creative_id": f"k{ad}"}
            out["creative_lifecycle"].append({**life, "cost_ratio": 1.0 + n, "status": "degraded" if n else "healthy"})
            out["creative_fatigue"].append({**life, "link_ctr_q": 0.1 * n, "fatigue": "fresh" if n else "fatigued"})
            out["burnout_predictions"].append({**base, "ad_id": ad, "risk_score": 0.1 * n, "risk_level": "low"})
        for step, status in (("ads", "ok"), ("insights_daily", "ok")):
            at = NOW - timedelta(hours=2 if step == "ads" else 1)
            out["sync_log"].append({**base, "step": step, "status": status, "finished_at": at, "error_type": None})
    outside = {"account_id": account, "week": NEWEST, "date": NEWEST, "level": "campaign", "entity_id": "c1"}
    outside |= {"campaign_id": "c1", "adset_id": None, "currency": CURRENCY[account], "spend": 0.0, "purchases": 0.0}
    outside |= {"revenue": 0.0, "revenue_7d_click": 0.0, "offline_conversions": 2.0, "offline_unconverted": 0}
    out["revenue_daily"].append({**outside, "offline_revenue": 5000.0 if account == "act_2" else 50.0})
    newest = {"account_id": account, "week": NEWEST, "level": "ad", "entity_id": "11"}
    out["anomalies_ad"] = [{**newest, "finding_id": "0" * 15 + str(n), "anomaly_score": 0.5} for n in range(7)]
    out["recommendations_ad"] = [newest]
    out["forecasts_campaign"] = [{**newest, "level": "campaign", "entity_id": "c1", "metric": "spend"}]
    out["prediction_scores"] = [{**newest, "level": "campaign", "metric": "spend"}]
    out["check_results"] = [{**newest, "passed": False}]
    out["alerts"] = [
        {"account_id": account, "alert_id": f"000000000000000{account[-1]}", "severity": "high", "opened_at": NOW}
        | {"evidence": "{}"}
    ]
    return out


def build(folder, accounts=("act_1", "act_2")):
    """Write the lake; all rows but the entities' own facts come from `valid_row`."""
    lake = Lake(str(folder))
    rows = [rows_of(account) for account in accounts]
    for name, table in TABLES.items():
        made = [
            valid_row(table, **{c: v for c, v in row.items() if c in table.schema}) for r in rows for row in r[name]
        ]
        if made:
            lake.append(table, frame_of(table, *made))
    return lake
