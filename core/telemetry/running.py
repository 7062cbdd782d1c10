"""
Tasks that run in this process at this moment, so that a process that is killed leaves their names behind.

The recorder's beat writes them (core/telemetry/processes.py); whoever starts next records them as lost.
"""

from collections.abc import Hashable
from typing import Any

_tasks: dict[Hashable, dict[str, Any]] = {}


def begin(key: Hashable, task: dict[str, Any]) -> None:
    """task: columns of request_log as far as they are known when it begins."""
    _tasks[key] = task


def finish(key: Hashable) -> None:
    _tasks.pop(key, None)


def tasks() -> list[dict[str, Any]]:
    """The oldest first."""
    return list(_tasks.values())
