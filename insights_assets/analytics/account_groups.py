"""Accounts in groups that fit into memory, for what is computed account by account anyway."""

from collections.abc import Iterator

import polars as pl


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
