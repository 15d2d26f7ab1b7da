"""Accounts are worked off in groups: none is cut, none is lost, and the order is that of the accounts."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from insights_assets.analytics.account_groups import by_account_group

NAMES = st.lists(st.sampled_from(["act_1", "act_2", "act_3", "act_4"]), max_size=30)


def frame(names):
    return pl.DataFrame(
        {"account_id": names, "at": range(len(names))}, schema={"account_id": pl.String, "at": pl.Int64}
    )


@given(NAMES, NAMES, st.integers(1, 12))
def test_every_group_gets_the_rows_of_its_accounts_in_their_order(first, second, most):
    groups = []

    def compute(mine, theirs):
        groups.append(set(mine["account_id"]))
        assert set(theirs["account_id"]) <= set(mine["account_id"])
        assert mine.height <= most or mine["account_id"].n_unique() == 1
        return pl.concat([mine.with_columns(of=pl.lit(1)), theirs.with_columns(of=pl.lit(2))])

    made = by_account_group([frame(first), frame(second)], most, compute)
    for of, names in ((1, first), (2, [n for n in second if n in first])):
        rows = pl.concat([g.filter(pl.col("of") == of) for g in made] or [frame([])]).select("account_id", "at")
        whole = frame(first if of == 1 else second).filter(pl.col("account_id").is_in(names))
        assert rows.sort("at").equals(whole)
    assert [min(g["account_id"]) for g in made] == sorted(min(g["account_id"]) for g in made)
    assert sum(len(g) for g in groups) == len(set(first))
