"""
The folders of a run lie on a memory file system where there is one with room: our databases wait for the disk at every commit,
which is right for a gym and nothing that a test of the rules is about.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
MIN_FREE_BYTES = 6 << 30  # a whole run leaves less than half of it


def work_in_memory() -> None:
    """For this process and those it starts, pytest's own folders included; TMPDIR keeps to another place."""
    if os.environ.get("TMPDIR") or not os.access(MEMORY, os.W_OK):
        return  # somebody chose a place; or there is no such file system
    if shutil.disk_usage(MEMORY).free < MIN_FREE_BYTES:
        return  # a container's is often 64 MB
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # it looks again
