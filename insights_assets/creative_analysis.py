"""Storing the results of your own analysis of creatives, from an asset, a script or a notebook.

Belongs here: the one way in. Does not belong here: any analysis (`analytics/creative_text.py` is an example).
"""

from collections.abc import Collection

import polars as pl

from insights_assets.lake.deletion import barred, without
from insights_assets.lake.store import Lake, Partition
from insights_assets.problems import InputError
from insights_assets.tables.creative_analysis import CREATIVE_ANALYSIS
from insights_assets.tables.model import REASON


def save(lake: Lake, analysis: str, rows: pl.DataFrame, partitions: Collection[Partition]) -> int:
    """Replace one analysis's rows of some partitions; those of other analyses stay.

    Args:
        lake: the lake.
        analysis: its name.
        rows: rows of `creative_analysis`, all named so and in the partitions. Rows of deleted weeks are left out.
        partitions: (account, Monday) that were analysed, also those in which nothing was found.

    Returns:
        How many rows are stored.

    Raises:
        InputError: a row does not fit the table, or is of another analysis; nothing is stored.
    """
    other = rows.filter(pl.col("analysis") != analysis)
    if other.height:
        raise InputError(f"Rows of analysis {other['analysis'][0]!r} cannot be stored as {analysis!r}.")
    split = CREATIVE_ANALYSIS.split(rows)
    if split.bad.height:
        raise InputError(f"A row of analysis {analysis!r} does not fit: {split.bad[REASON][0]}.")
    accounts = {account for account, _ in partitions}
    allowed = without(split.good, barred(lake, accounts))
    with lake.lock(CREATIVE_ANALYSIS, accounts):
        lake.replace(CREATIVE_ANALYSIS, allowed, partitions, where={"analysis": [analysis]})
    return allowed.height
