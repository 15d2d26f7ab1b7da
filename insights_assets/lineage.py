"""What each step is made from, read off the asset graph, so that a plan and the graph cannot disagree.

Belongs here: names of steps, their upstream steps and how far they look back. Does not belong here: what is stale
(`planning.py`).
"""

from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter

import dagster as dg

from insights_assets.assets.declare import POOLED_TAG
from insights_assets.partitions import WEEK
from insights_assets.planning import Upstreams


def upstreams(assets: Sequence[dg.AssetsDefinition]) -> dict[str, tuple[tuple[str, int], ...]]:
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


def pooled(assets: Iterable[dg.AssetsDefinition], above: Upstreams) -> frozenset[str]:
    """Steps that read other accounts' partitions too, and what is made from them."""
    found = {a.key.path[-1] for a in assets if POOLED_TAG in a.tags_by_key[a.key]}
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
