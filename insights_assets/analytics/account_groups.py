"""Accounts in groups that fit into memory, for what is computed account by account anyway."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

GROUPS_AT_ONCE = 2
"""numpy and polars let go of the interpreter in large operations, and few of them fill two processors by themselves."""


def account_groups(sizes: pl.DataFrame, most: int) -> Iterator[list[str]]:
    """Split accounts, in order, into groups of at most so many rows; an account that is larger is a group alone.

    Args:
        sizes: (account_id, rows), distinct by account.
        most: rows of a group.
    """
    group: list[str] = []
    size = 0
    for account_id, rows in sizes.sort("account_id").iter_rows():
        if group and size + rows > most:
            yield group
            group, size = [], 0
        group.append(account_id)
        size += rows
    if group:
        yield group


def by_account_group(
    frames: Sequence[pl.DataFrame], most: int, compute: Callable[..., pl.DataFrame]
) -> list[pl.DataFrame]:
    """Compute group by group, two at a time.

    Args:
        frames: frames with `account_id`; the rows of the first say how large an account is.
        most: rows of the first frame in a group.
        compute: takes the frames of one group, in any thread.

    Returns:
        What was computed, in the order of the accounts.
    """
    groups = list(account_groups(frames[0].group_by("account_id").len(), most))
    number = {account_id: n for n, group in enumerate(groups) for account_id in group}
    # Names are looked up once; to ask each row for each group whether it is among the names takes a hundred times that.
    numbers = [f["account_id"].replace_strict(number, default=None, return_dtype=pl.UInt32) for f in frames]

    def of_group(group: int) -> pl.DataFrame:
        return compute(*(frame.filter(of == group) for frame, of in zip(frames, numbers, strict=True)))

    with ThreadPoolExecutor(GROUPS_AT_ONCE) as threads:
        return list(threads.map(of_group, range(len(groups))))
