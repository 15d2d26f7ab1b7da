"""How every asset of the graph is declared: key, group, kinds, owners, description and column schema from its table.

Belongs here: what all assets share. Does not belong here: any computing.
https://docs.dagster.io/guides/build/assets/metadata-and-tags
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from insights_assets.lake.io_manager import COLUMNS
from insights_assets.partitions import account_weeks
from insights_assets.tables.model import Table

OWNERS = ["team:insights"]
POOLED_TAG = "insights/pooled"  # on assets that read the partitions of every account
FLEETWIDE_TAG = "insights/fleetwide"  # on assets that learn from all accounts before they tell of one
BULKY_TAG = "insights/bulky"  # on assets whose partitions have thousands of rows
FINAL_TAG = "insights/final_after_days"  # on assets that know nothing later than that after their week's Monday


def key_of(table: Table) -> dg.AssetKey:
    """The asset key of a table: its layer and its name."""
    return dg.AssetKey([table.layer, table.name])


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns as the UI shows them: type, description with unit, nullability."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, dtype, description, constraints=dg.TableColumnConstraints(nullable=nullable))
            for name, dtype, description, nullable in table.documentation()
        ]
    )


def table_asset(
    table: Table,
    how: str,
    *,
    kinds: set[str],
    ins: Mapping[str, dg.AssetIn] | None = None,
    deps: Sequence[dg.AssetDep] = (),
    resources: set[str] | None = None,
    pooled: bool = False,
    fleetwide: bool = False,
    bulky: bool = False,
    final_after_days: int | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate the function that computes a partitioned table.

    Args:
        table: the table that the asset is.
        how: one or two sentences on how it is made, appended to the table's own description.
        kinds: what it is made with, for the UI.
        ins: upstream tables by argument name.
        deps: upstream tables that the function reads from the lake by itself.
        resources: resource keys that the function takes from its context.
        pooled: it reads every account's partitions, so it runs once theirs are there.
        fleetwide: it learns from every account before it tells one, so a backfill makes all accounts in one run.
        bulky: its partitions have thousands of rows, so a backfill makes fewer of them in a run.
        final_after_days: days after its week's Monday from which on nothing new can enter it.
    """
    traits = {POOLED_TAG: pooled or fleetwide, FLEETWIDE_TAG: fleetwide, BULKY_TAG: bulky}
    tags = {tag: "" for tag, told in traits.items() if told}
    if final_after_days is not None:
        tags[FINAL_TAG] = str(final_after_days)
    return dg.asset(
        key=key_of(table),
        partitions_def=account_weeks,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=table.layer,
        kinds={*kinds, "deltalake"},
        owners=OWNERS,
        tags=tags,
        description=f"{table.description}\n\n{how}",
        metadata={"dagster/column_schema": column_schema(table), "primary_key": list(table.key)},
        io_manager_key="lake_io",
        ins=dict(ins or {}),
        deps=list(deps),
        required_resource_keys=resources or set(),
    )


def upstream(
    table: Table, *, mapping: dg.PartitionMapping | None = None, columns: Sequence[str] | None = None
) -> dg.AssetIn:
    """An input read from a table, for the same partition or by a mapping; only `columns` and the key where given."""
    unknown = set(columns or ()) - set(table.schema)
    if unknown:
        raise ValueError(f"table {table.name} has no column {', '.join(sorted(unknown))}")
    metadata = {COLUMNS: list(columns)} if columns is not None else None
    return dg.AssetIn(key=key_of(table), partition_mapping=mapping, metadata=metadata)
