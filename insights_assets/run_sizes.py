"""How large a run is: blocks of missing partitions cut and grouped so that a worker's memory holds them.

Belongs here: sizes of runs, by measured memory; pure. Does not belong here: what is missing (`planning.py`).
"""

from collections.abc import Mapping, Sequence

from insights_assets.planning import Block

# A run's memory grows with its ads and weeks. 600 ads x 52 weeks took 1,400 MB in one run, 625 MB in runs of 4 weeks,
# 601 MB in runs of 2 (benchmarks/memory.py); 50 ads x 52 weeks are two runs and 70-odd requests.
MOST_AD_WEEKS = 1_700
# Until an account's ads are known, a run is no longer than this.
WEEKS_UNKNOWN = 13

# Account-weeks of a vectorised run: 20 accounts of a year, 4 of forecasts. 34 of 50 ads took 2.0 to 2.4 GB a worker. Of
# forecasts and their scores, with 1,650 rows a partition where others have 50, 34 took 4.5 GB, 8 took 1.9 and 4 took
# 1.3 with the same CPU an account (ADR 0020).
LARGEST_RUN, LARGEST_BULKY_RUN = 1_040, 208
# What learns from the whole fleet took 138 s of 174 accounts of a year in one run, and 2.6 GB with the command's own
# process; two runs would learn twice.
LARGEST_FLEETWIDE_RUN = 10_400
# After runs of as many a worker keeps 500 MB that nothing uses; a new one takes 5 s of CPU.
LARGE_RUN = 400


def sized(blocks: Sequence[Block], ads: Mapping[str, int]) -> list[Block]:
    """Cut blocks that would take too much memory; the newest weeks first, for they matter most.

    Args:
        blocks: blocks of one account each.
        ads: number of ads that run at the same time, by account; a missing account's is not known.
    """
    parts = []
    for block in blocks:
        known = ads.get(block.account_id)
        most = WEEKS_UNKNOWN if known is None else max(1, MOST_AD_WEEKS // max(1, known))
        count = -(-len(block.weeks) // most)
        size = -(-len(block.weeks) // count)
        cuts = [block.weeks[max(0, end - size) : end] for end in range(len(block.weeks), 0, -size)]
        parts += [Block(block.account_id, weeks, block.steps) for weeks in cuts]
    return parts


def accounts_a_run(blocks: Sequence[Block], workers: int, largest: int) -> int:
    """Most accounts of a vectorised run: shared among the workers, as long as it holds `largest` account-weeks."""
    weeks = max((len(b.weeks) for b in blocks), default=1)
    return max(1, min(-(-len(blocks) // max(1, workers)), largest // weeks))


def are_large(groups: Sequence[Sequence[Block]]) -> bool:
    """Whether a run of these groups leaves a worker with so much that it had better end."""
    return any(sum(len(block.weeks) for block in group) >= LARGE_RUN for group in groups)


def rectangles(blocks: Sequence[Block], order: Sequence[str], *, at_most: int) -> list[list[Block]]:
    """Group blocks with equal weeks whose accounts are neighbours in partition order: a range run is a rectangle."""
    position = {name: i for i, name in enumerate(order)}
    groups: list[list[Block]] = []
    for block in sorted(blocks, key=lambda b: (b.weeks, position[b.account_id])):
        last = groups[-1] if groups else []
        if (
            last
            and len(last) < at_most
            and last[-1].weeks == block.weeks
            and position[block.account_id] == position[last[-1].account_id] + 1
        ):
            last.append(block)
        else:
            groups.append([block])
    return groups
