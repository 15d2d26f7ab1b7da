"""Deleting weeks of an account for a request: the command `insights delete`, in a process of its own.

It needs the whole graph (200 MB, three seconds), which the server never imports, and must not end with a request.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

# What the command is asked, its exit code, and what it said.
Erase = Callable[[str, date, date, str, bool], "Erased"]
_COMMAND: Final = "from insights_assets.cli import main; main()"
_LONGEST_S: Final = 3600


@dataclass(frozen=True)
class Erased:
    """How it ended: the command's exit code and what it said."""

    code: int
    told: str


def eraser(environment: Mapping[str, str]) -> Erase:
    """What deletes, on the home that the variables name."""

    def erase(account_id: str, since: date, until: date, by: str, dry_run: bool) -> Erased:  # noqa: FBT001
        asked = ["delete", account_id, "--since", str(since), "--until", str(until), f"--by={by}"]
        done = subprocess.run(  # noqa: S603 - a list of arguments, each checked; no shell
            [sys.executable, "-c", _COMMAND, *asked, "--dry-run" if dry_run else "--yes"],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
        return Erased(done.returncode, done.stdout if done.returncode == 0 else done.stderr)

    return erase
