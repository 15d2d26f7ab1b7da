"""Scenarios by name: which faults a server plays, placed by a seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from insights_assets.sandbox.fault_catalog import CATALOG
from insights_assets.sandbox.fault_player import Storm
from insights_assets.sandbox.planting import PlantedFault, chance, fault, pick
from insights_assets.sandbox.usage import Budget
from insights_assets.sandbox.world import World

SLOW_LATENCY_S: Final = 3.0
FLAKY_PERCENT: Final = 8.0
STORM_PERCENT: Final = 12.0
STORM_WAIT_S: Final = 2.0
DEVELOPMENT_TIER: Final = Budget(calls=60, window_s=300, block_s=300)
# The trouble of a fleet, an account each.
FLEET: Final = ("token_expired", "permission_200", "account_block", "version_expired")

FOR_GOOD: Final[Mapping[str, dict[str, Any]]] = {"account_block": {"block_s": float("inf")}}

MIXED: Final[Mapping[str, str]] = {
    "default": "No fault.",
    "quiet": "No fault, and a world without anomalies and fatigue.",
    "flaky": f"{FLAKY_PERCENT:.0f} % of requests fail once with code 2.",
    "slow": f"Report runs take {SLOW_LATENCY_S:.0f} s.",
    "badtoken": "The token of the last account has expired (190 / 463).",
    "tight_budget": "Each account allows 60 points in 300 s, then blocks for 300 s; the usage headers rise before.",
    "storm": f"{STORM_PERCENT:.0f} % of requests meet one of all faults that pass, at most two in a row; some pages "
    "and reports are too large; one account is blocked for 2 s. A client that goes on gets every number.",
    "fleet_trouble": "One account's token has expired, one gives no permission, one is blocked for good, one says that "
    "the version has expired; the others are healthy.",
}
SCENARIOS: Final = (*MIXED, *CATALOG)


@dataclass(frozen=True)
class Plan:
    """What a scenario plants."""

    planted: tuple[PlantedFault, ...] = ()
    storm: Storm | None = None
    account_budget: Budget | None = None
    least_latency_s: float = 0.0


def about(name: str) -> str:
    """One sentence about a scenario.

    Raises:
        KeyError: No such scenario.
    """
    return MIXED.get(name) or CATALOG[name].about


def plan(name: str, world: World, seed: int) -> Plan:
    """What a scenario plants in a world.

    Args:
        name: One of `SCENARIOS`.
        world: The world.
        seed: Picks the accounts and the requests.

    Raises:
        ValueError: No such scenario.
    """
    if name not in SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}, not {name!r}")
    if name in CATALOG:
        return Plan((_alone(name, world, seed),))
    plans = {
        "flaky": lambda: Plan(storm=Storm(("unavailable",), FLAKY_PERCENT, seed, {})),
        "slow": lambda: Plan(least_latency_s=SLOW_LATENCY_S),
        "badtoken": lambda: Plan((fault("token_expired", account=world.accounts[-1].id, seed=seed),)),
        "tight_budget": lambda: Plan(account_budget=DEVELOPMENT_TIER),
        "storm": lambda: _storm(world, seed),
        "fleet_trouble": lambda: _fleet_trouble(world, seed),
    }
    return plans[name]() if name in plans else Plan()


def _alone(name: str, world: World, seed: int) -> PlantedFault:
    kind = CATALOG[name]
    account = world.accounts[pick(len(world.accounts), seed, name, "account")].id if kind.one_account else None
    return fault(name, account=account, share=kind.share, seed=seed)


def _storm(world: World, seed: int) -> Plan:
    names = tuple(kind.name for kind in CATALOG.values() if kind.in_storm)
    limits = {name: {"regain_min": 0} for name in names if CATALOG[name].effect == "lock"}
    blocked = world.accounts[pick(len(world.accounts), seed, "storm", "blocked")].id
    planted = (
        fault("account_block", account=blocked, block_s=STORM_WAIT_S, after=3, seed=seed),
        fault("reduce_entities", share=0.3, max_rows=20, seed=seed),
        fault("reduce_insights", share=0.3, seed=seed),
        fault("job_too_large", share=0.3, seed=seed),
        fault("duplicate_rows", share=0.3, seed=seed),
    )
    return Plan(planted, Storm(names, STORM_PERCENT, seed, {**limits, "timeout": {"hang_s": 1.0}}))


def _fleet_trouble(world: World, seed: int) -> Plan:
    order = sorted((item.id for item in world.accounts), key=lambda account: chance(seed, "fleet", account))
    pairs = zip(FLEET, order, strict=False)
    return Plan(tuple(fault(name, account=account, seed=seed, **FOR_GOOD.get(name, {})) for name, account in pairs))
