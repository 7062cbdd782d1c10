"""
How full the disk is: by what may still be written, which is less than what is free where some is kept for root.

A large disk is judged by its last 100 GB: four hundredths of 16 TB are room for years, of 20 GB for a week.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

LAST_BYTES = 100 * 10**9


@dataclass(frozen=True)
class Room:
    """Bytes that are used, and that may still be written by this program."""

    used_bytes: int
    free_bytes: int

    @property
    def used_share(self) -> float:
        """0.0 to 1.0."""
        counted = min(self.used_bytes + self.free_bytes, LAST_BYTES)
        return max(0.0, 1 - self.free_bytes / counted) if counted else 1.0


def room_at(folder: Path) -> Room:
    """Of the disk that holds this folder."""
    found = shutil.disk_usage(folder)
    return Room(found.used, found.free)
