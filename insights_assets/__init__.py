"""Meta ad accounts as one Dagster asset graph."""

import warnings

# Used on purpose and pinned by Dagster's minor version (docs/adr/0003): each filter names one warning.
for _used in (
    "Parameter `backfill_policy` of function `asset` is currently in beta",
    "Parameter `allow_nonexistent_upstream_partitions` of initializer .* is currently in beta",
    "Class `MultiPartitionMapping` is currently in beta",
    "Parameter `include_sources` of function `AssetSelection.groups` is currently in beta",
    "Specifying a partitions_def on an AssetCheckSpec is currently in preview",
):
    warnings.filterwarnings("ignore", message=_used)
