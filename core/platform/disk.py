"""How full a disk is for us."""

import shutil
from dataclasses import dataclass
from pathlib import Path

MIN_FREE_BYTES = 1024 * 1024  # less, and a database cannot write its next pages


@dataclass(frozen=True)
class DiskUse:
    """
    How full the disk is for us. used_share: used ÷ (used + free), 0.0 to 1.0, as `df` says it: what is reserved for
    root is neither. free_bytes: what we may still write.
    """

    used_share: float
    free_bytes: int


def disk_use(folder: Path) -> DiskUse:
    """Of the disk that this folder lies on."""
    found = shutil.disk_usage(folder)
    reachable = found.used + found.free
    return DiskUse(found.used / reachable if reachable else 1.0, found.free)


def is_full(folder: Path) -> bool:
    """Whether nothing can be written there."""
    return disk_use(folder).free_bytes < MIN_FREE_BYTES
