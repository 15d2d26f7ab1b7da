"""What each step is made from, read off the asset graph, so that a plan and the graph cannot disagree.

Belongs here: names of steps, their upstream steps and how far they look back. Does not belong here: what is stale
(`planning.py`).
"""

from collections.abc import Sequence
from datetime import timedelta
from graphlib import TopologicalSorter

import dagster as dg

from insights_assets.assets.declare import BULKY_TAG, FINAL_TAG, FLEETWIDE_TAG, POOLED_TAG
from insights_assets.partitions import WEEK
from insights_assets.planning import Lineage, Upstreams


def lineage_of(assets: Sequence[dg.AssetsDefinition], beside: Upstreams | None = None) -> Lineage:
    """Read the lineage of partitioned assets.

    Args:
        assets: the assets; what they read that is not among them is left out.
        beside: inputs that are no assets, by step.
    """
    above = {step: (*sources, *(beside or {}).get(step, ())) for step, sources in _upstreams(assets).items()}
    tags = {a.key.path[-1]: a.tags_by_key[a.key] for a in assets}
    pooled, fleetwide, bulky = (
        {step for step, told in tags.items() if tag in told} for tag in (POOLED_TAG, FLEETWIDE_TAG, BULKY_TAG)
    )
    return Lineage(
        above,
        pooled=_with_below(pooled, above),
        final_after={step: timedelta(days=int(told[FINAL_TAG])) for step, told in tags.items() if FINAL_TAG in told},
        fleetwide=frozenset(fleetwide),
        bulky=_with_below(bulky, above),
    )


def _upstreams(assets: Sequence[dg.AssetsDefinition]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Each asset's upstream steps and how many weeks it looks back on them; upstream steps come first."""
    by_key = {a.key: a.key.path[-1] for a in assets}
    edges = {
        by_key[spec.key]: tuple(
            (by_key[dep.asset_key], _lookback(dep.partition_mapping)) for dep in spec.deps if dep.asset_key in by_key
        )
        for a in assets
        for spec in a.specs
    }
    order = TopologicalSorter({step: [name for name, _ in above] for step, above in edges.items()})
    return {step: edges[step] for step in order.static_order()}


def _with_below(found: set[str], above: Upstreams) -> frozenset[str]:
    """With the steps that are made from them."""
    for step, sources in above.items():
        if any(name in found for name, _ in sources):
            found.add(step)
    return frozenset(found)


def _lookback(mapping: dg.PartitionMapping | None) -> int:
    """Weeks before its own that a partition reads."""
    if not isinstance(mapping, dg.MultiPartitionMapping):
        return 0
    window = mapping.downstream_mappings_by_upstream_dimension[WEEK].partition_mapping
    return -window.start_offset if isinstance(window, dg.TimeWindowPartitionMapping) else 0
