"""Draws the entities of an account: campaigns, ad sets, creatives and the ads that follow each other."""

from datetime import date

import numpy as np

from insights_assets.sandbox.catalog import (
    AUDIENCES,
    BRANDS,
    CREATIVE_TYPES,
    CREATIVE_WEIGHTS,
    GOALS,
    HOOKS,
    MARKETS,
    Goal,
)
from insights_assets.sandbox.objects import Account, Ad, AdSet, Campaign, Creative
from insights_assets.sandbox.seeds import stable_id, stable_rng
from insights_assets.sandbox.world import HORIZON_DAYS, AccountWorld

QUIET_ACCOUNT = 1  # index of the account without planted anomalies; a world of one account has none
SMALL_ACCOUNT = 6
SLOTS_PER_ADSET = 3
BUDGET_CHANGE_WEEKLY = 0.07
MIN_PURCHASE_BUDGET_USD = 8.0
FATIGUE_SHARE = 0.4
SHARED_CREATIVE = 0.12
CBO_SHARE = 0.3
MIN_CAMPAIGNS_TO_END_ONE = 4
SINGLE_PAUSE = 0.35


def make_accounts(
    seed: int, count: int, ads_per_account: tuple[int, int] | int, *, all_quiet: bool
) -> tuple[Account, ...]:
    """The accounts a token sees, in a fixed order."""
    made = []
    exact = isinstance(ads_per_account, int)
    low, high = (ads_per_account, ads_per_account) if isinstance(ads_per_account, int) else ads_per_account
    for index in range(count):
        rng = stable_rng(seed, f"account:{index}")
        digits = stable_id(seed, f"account:{index}", "1", 15)
        brand = BRANDS[index % len(BRANDS)]
        small = index == SMALL_ACCOUNT and not exact
        market = MARKETS[index % len(MARKETS)]
        made.append(
            Account(
                id=f"act_{digits}",
                account_id=digits,
                name=f"{brand} {market.country}" if index < len(BRANDS) else f"{brand} {market.country} {index}",
                business_id=stable_id(seed, f"business:{index // 2}", "2", 15),
                business_name=f"{BRANDS[(index // 2) % len(BRANDS)]} Holding",
                market=market,
                account_status=1,
                size=0.35 if small else float(rng.uniform(0.8, 1.8)),
                slots=min(low, 4) if small else int(rng.integers(low, high + 1)),
                quiet=all_quiet or index == QUIET_ACCOUNT,
            )
        )
    return tuple(made)


def make_account_world(account: Account, start: date, seed: int, horizon_days: int = HORIZON_DAYS) -> AccountWorld:
    """Draws everything that exists in an account over the horizon."""
    rng = stable_rng(seed, account.id, "entities")
    campaigns, adsets = _structure(account, seed, rng, horizon_days)
    ads: list[Ad] = []
    creatives: list[Creative] = []
    for slot in range(account.slots):
        adset = adsets[slot % len(adsets)]
        ads.extend(_slot_ads(account, adset, slot, creatives, seed=seed, horizon_days=horizon_days))
    ads.sort(key=lambda ad: (ad.start, ad.id))
    used = {ad.creative.id for ad in ads}
    kept = tuple(creative for creative in creatives if creative.id in used)
    return AccountWorld(account, start, seed, campaigns, adsets, tuple(ads), kept, horizon_days)


def _structure(
    account: Account, seed: int, rng: np.random.Generator, horizon_days: int
) -> tuple[tuple[Campaign, ...], tuple[AdSet, ...]]:
    adset_count = max(2, round(account.slots / SLOTS_PER_ADSET))
    campaign_count = max(2, min(len(GOALS), round(adset_count * 0.75)))
    # Accounts begin at different goals, so that the world as a whole has every family.
    shift = int(account.account_id) % len(GOALS)
    campaigns, adsets = [], []
    for index in range(campaign_count):
        goal = GOALS[index] if index < MIN_CAMPAIGNS_TO_END_ONE else GOALS[(index + shift) % len(GOALS)]
        ends = index == campaign_count - 1 and campaign_count >= MIN_CAMPAIGNS_TO_END_ONE
        campaigns.append(
            Campaign(
                id=stable_id(seed, f"{account.id}:c{index}", "1202", 18),
                name=f"{goal.objective.removeprefix('OUTCOME_').title()} | {goal.family} | {account.market.country}",
                objective=goal.objective,
                created=-int(rng.integers(20, 200)),
                end=int(rng.integers(250, 600)) if ends else None,
                end_status=str(rng.choice(["ARCHIVED", "DELETED"])),
                cbo=bool(rng.random() < CBO_SHARE),
            )
        )
    for index in range(adset_count):
        position = index % campaign_count
        goal = GOALS[position] if position < MIN_CAMPAIGNS_TO_END_ONE else GOALS[(position + shift) % len(GOALS)]
        adsets.append(_adset(account, campaigns[position], goal, (index, horizon_days // 7), seed))
    return tuple(campaigns), tuple(adsets)


def _adset(account: Account, campaign: Campaign, goal: Goal, place: tuple[int, int], seed: int) -> AdSet:
    index, weeks = place
    rng = stable_rng(seed, account.id, f"adset:{index}")
    steps, factor = [(0, 1.0)], 1.0
    if not account.quiet:
        changes = np.flatnonzero(rng.random(weeks) < BUDGET_CHANGE_WEEKLY)
        for week in changes:
            # The factor stays in a band: a random walk over three years would starve or flood some ad sets.
            factor = float(np.clip(factor * rng.choice([0.8, 0.85, 1.15, 1.25]), 0.6, 1.7))
            steps.append((int(week) * 7 + int(rng.integers(0, 7)), round(factor, 4)))
    audience = AUDIENCES[int(rng.integers(len(AUDIENCES)))]
    return AdSet(
        id=stable_id(seed, f"{account.id}:s{index}", "1202", 18),
        campaign=campaign,
        name=f"{account.market.country} | {audience} | {index + 1}",
        goal=goal,
        country=account.market.country,
        audience_name=audience,
        created=campaign.created + int(rng.integers(0, 10)),
        budget_steps=tuple(steps),
    )


def _slot_ads(
    account: Account, adset: AdSet, slot: int, creatives: list[Creative], *, seed: int, horizon_days: int
) -> list[Ad]:
    """The ads that follow each other in one slot: when one ends, the next begins within two weeks."""
    rng = stable_rng(seed, account.id, f"slot:{slot}")
    last = min(horizon_days, adset.campaign.end or horizon_days)
    day = 0 if rng.random() < 0.7 else int(rng.integers(1, 70))  # noqa: PLR2004  most slots begin at once
    ads: list[Ad] = []
    while day < last:
        length = int(rng.integers(200, 500)) if account.quiet else int(rng.gamma(4.0, 55.0)) + 35
        end = min(day + length, last)
        name = f"{account.id}:a{slot}:{len(ads)}"
        creative = _creative(account, name, creatives, rng, seed)
        ads.append(_ad(account, adset, creative, name, days=(day, end), seed=seed))
        day = end + int(rng.integers(0, 14))
    return ads


def _creative(account: Account, name: str, creatives: list[Creative], rng: np.random.Generator, seed: int) -> Creative:
    if creatives and rng.random() < SHARED_CREATIVE:
        return creatives[-1]
    kind = str(rng.choice(CREATIVE_TYPES, p=CREATIVE_WEIGHTS))
    page = stable_id(seed, f"{account.id}:page", "3", 15)
    creative = Creative(
        id=stable_id(seed, f"{name}:creative", "1203", 18),
        name=f"{HOOKS[int(rng.integers(len(HOOKS)))]} {kind}",
        kind=kind,
        page_id=page,
        post_id=f"{page}_{stable_id(seed, f'{name}:post', '4', 15)}",
    )
    creatives.append(creative)
    return creative


def _pauses(rng: np.random.Generator, start: int, end: int) -> tuple[tuple[int, int], ...]:
    if rng.random() > SINGLE_PAUSE or end - start < 90:  # noqa: PLR2004  short-lived ads run through
        return ()
    first = start + int(rng.integers(30, end - start - 30))
    return ((first, first + int(rng.integers(2, 12))),)


def _ad(account: Account, adset: AdSet, creative: Creative, name: str, *, days: tuple[int, int], seed: int) -> Ad:
    rng = stable_rng(seed, name)
    goal = adset.goal
    start, end = days
    budget = max(MIN_PURCHASE_BUDGET_USD, float(rng.lognormal(np.log(55), 0.45)) * account.size)
    cpm = float(rng.lognormal(np.log(8.5), 0.25))
    ctr = float(np.clip(rng.lognormal(np.log(0.013), 0.3), 0.005, 0.035))
    weekly_impressions = budget * 7 / cpm * 1000
    wanted = goal.weekly_results * account.size * float(rng.lognormal(0, 0.6))
    rate = float(np.clip(wanted / (weekly_impressions * ctr), 0.008, 0.4))
    if goal.family == "video_view":
        rate = float(rng.uniform(0.12, 0.3))
    tires = not account.quiet and rng.random() < FATIGUE_SHARE
    return Ad(
        id=stable_id(seed, name, "1202", 18),
        name=f"{creative.name} | {adset.audience_name} | v{int(rng.integers(1, 9))}",
        adset=adset,
        creative=creative,
        start=start,
        end=end,
        end_status=str(rng.choice(["PAUSED", "ARCHIVED", "DELETED"], p=[0.5, 0.3, 0.2])),
        pauses=() if account.quiet else _pauses(rng, start, end),
        budget_usd=budget,
        cpm_usd=cpm,
        ctr=ctr,
        rate=rate,
        audience=weekly_impressions * float(rng.uniform(2, 8)),
        fatigue_rate=0.0 if account.quiet else float(rng.uniform(0.25, 0.75) if tires else rng.uniform(0, 0.04)),
        fatigue_from=float(rng.uniform(1.4, 2.4)),
        quality=float(rng.normal()),
    )
