"""Which Dagster versions the batched event logs know; on any other the stock ones are used."""

import logging
from functools import cache
from typing import Final

import dagster

# Batching uses private methods; tests compare it with stock storage on these minor versions (docs/adr/0007, 0013).
KNOWN_MINORS: Final = ("1.13",)

logger = logging.getLogger(__name__)


def is_known(version: str = dagster.__version__) -> bool:
    """Whether batching was compared with stock storage on this Dagster; says so once when it was not."""
    known = ".".join(version.split(".")[:2]) in KNOWN_MINORS
    if not known:
        _warn(version)
    return known


@cache
def _warn(version: str) -> None:
    logger.warning(
        "Dagster %s is not among the versions whose event log can be written in batches (%s): the stock event log is "
        "used, which is right but takes about ten times the time for large backfills.",
        version,
        ", ".join(f"{minor}.x" for minor in KNOWN_MINORS),
    )
