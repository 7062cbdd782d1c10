"""
Registry of the tasks that run in this process, so that a killed process leaves their names behind.

The recorder's heartbeat writes them (core/telemetry/processes.py); another process records them as lost.
"""

from collections.abc import Hashable
from typing import Any

_tasks: dict[Hashable, dict[str, Any]] = {}


def begin(key: Hashable, task: dict[str, Any]) -> None:
    """Register a task. task: columns of request_log as far as they are known when it begins."""
    _tasks[key] = task


def finish(key: Hashable) -> None:
    """Unregister a task; unknown keys are ignored."""
    _tasks.pop(key, None)


def tasks() -> list[dict[str, Any]]:
    """The registered tasks, oldest first."""
    return list(_tasks.values())
