"""A blocked app, told from process to process through one small file.

The file is there only while the app is blocked, so that a call of an app that is not costs one look at the folder
(2 us). Blocks of accounts stay in memory: an account is read in one process at a time.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from insights_assets.graph_api.limiter import Block

logger = logging.getLogger(__name__)


@dataclass
class BlockFile:
    """The block of one app in a file that every process of the machine replaces in one step.

    Args:
        path: The file; its folder is made when there is something to tell.
    """

    path: Path

    def read(self) -> Block | None:
        """The block, or None; a file that cannot be read counts as none, for it must not stop a run."""
        try:
            return Block(**json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            logger.warning("%s cannot be read (%s); taken for no block", self.path, type(error).__name__)
            return None

    def write(self, block: Block | None) -> None:
        """Replaces the file, or removes it when the block is over."""
        try:
            if block is None:
                self.path.unlink(missing_ok=True)
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps(asdict(block)), encoding="utf-8")
            draft.replace(self.path)
        except OSError as error:
            logger.warning("%s cannot be written (%s); other processes are not told", self.path, type(error).__name__)
