"""The two kinds of error that a user can meet, and the exit codes that follow from them."""

from typing import Final

USAGE: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130


class InputError(ValueError):
    """What was asked for, or a setting, is wrong (exit code 2); the message is one sentence for the user."""


class FailedError(RuntimeError):
    """What was asked for is right and could not be done (exit code 3); the message is one sentence for the user."""


class PartlyFailedError(FailedError):
    """Some partitions failed and were shown already; the rest landed."""
