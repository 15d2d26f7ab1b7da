"""The process of one run that was started by hand: an order on stdin, the run in the Dagster instance.

A process of its own, because the graph takes 200 MB and three seconds to import, and a run must outlive no request but
also hold none up. It takes the account's lock like a backfill does.
"""

import json
import sys
import time
from pathlib import Path
from typing import Final

from insights_assets import runs
from insights_assets.api.triggers import EVERYTHING, REASON_TAG, Order
from insights_assets.backfill import GRAPH
from insights_assets.definitions import PARTITIONED_ASSETS
from insights_assets.lake.locking import AccountLocks
from insights_assets.problems import FAILED

PATIENCE_S: Final = 600
PAUSE_S: Final = 1.0


def main() -> None:
    """Run the order."""
    order = Order.of(json.load(sys.stdin))
    runs.start_worker(order.environment)
    with AccountLocks(Path(order.environment["INSIGHTS_HOME"]) / "locks" / "accounts") as locks:
        for _ in range(PATIENCE_S):
            if not locks.take([order.account_id]):
                break
            time.sleep(PAUSE_S)
        else:
            sys.exit(FAILED)
        tags = {REASON_TAG: order.reason}
        failures = runs.run_partitions(
            steps_to_run(order), [order.account_id], order.weeks, order.business_id, run_id=order.run_id, tags=tags
        )
    sys.exit(FAILED if failures else 0)


def steps_to_run(order: Order) -> list[str]:
    """Table names; everything of the account leaves out what is pooled over all accounts."""
    names = [asset.key.path[-1] for asset in PARTITIONED_ASSETS]
    if order.steps == (EVERYTHING,):
        return [name for name in names if name not in GRAPH.pooled]
    return [name for name in names if name in order.steps]


if __name__ == "__main__":
    main()
