"""Random generators and ids that are the same in every process and on every machine."""

from zlib import crc32

import numpy as np


def stable_rng(seed: int, *names: str) -> np.random.Generator:
    """A generator for (seed, names); crc32 because `hash()` of a string changes with each process."""
    return np.random.default_rng([seed, *(crc32(name.encode()) for name in names)])


def stable_id(seed: int, name: str, prefix: str, digits: int) -> str:
    """A decimal id of `digits` digits that begins with `prefix`."""
    free = digits - len(prefix)
    number = int(stable_rng(seed, "id", name).integers(0, 10**free))
    return f"{prefix}{number:0{free}d}"
