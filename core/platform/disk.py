"""Free and used disk space."""

import shutil
from dataclasses import dataclass
from pathlib import Path

MIN_FREE_BYTES = 1024 * 1024  # less, and a database cannot write its next pages


@dataclass(frozen=True)
class DiskUse:
    """Disk usage as this user sees it: what is reserved for root is neither used nor free."""

    used_share: float  # used ÷ (used + free), 0.0 to 1.0, as `df` says it
    free_bytes: int  # what this user may still write


def disk_use(folder: Path) -> DiskUse:
    """The disk usage of the file system that this folder is on. Raises OSError."""
    found = shutil.disk_usage(folder)
    reachable = found.used + found.free
    return DiskUse(found.used / reachable if reachable else 1.0, found.free)


def is_full(folder: Path) -> bool:
    """Whether less than MIN_FREE_BYTES are free there. Raises OSError."""
    return disk_use(folder).free_bytes < MIN_FREE_BYTES
