"""Questions of the console, answered from what was just asked if it was: by question, window and archive's mark."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from analytics import manifest
from analytics.data_sources import Monitor, monitor_for
from analytics.ttl_cache import Answers
from console.widgets.session import services
from core.platform.services import Services

T = TypeVar("T")
ANSWERS = Answers()
MONITORS: dict[tuple[str, str], Monitor] = {}
MONITORS_LOCK = threading.Lock()


def monitor_of(services: Services) -> Monitor:
    """Where this gym's monitoring data lies; one a process and gym, for it keeps connections."""
    settings = services.settings
    key = (str(settings.data_dir), settings.database_url)
    with MONITORS_LOCK:  # the threads of two tabs would make two, and one's connections would never be closed
        if key not in MONITORS:
            MONITORS[key] = monitor_for(settings)
        return MONITORS[key]


def close_monitors() -> None:
    """At the end of the process, or of a test."""
    while MONITORS:
        MONITORS.popitem()[1].store.dispose()


def monitor() -> Monitor:
    return monitor_of(services())


def ask(question: Callable[..., T], *about: Any, **options: Any) -> T:
    """question(monitor, *about, **options). What it is about must be hashable."""
    where = monitor()
    key = (str(where.folder), question.__module__, question.__qualname__, about, tuple(sorted(options.items())), mark())
    return ANSWERS.of(key, partial(question, where, *about, **options))


def ask_gym(question: Callable[..., T], *about: Any, **options: Any) -> T:
    """question(session, *about, **options), of the gym's own database."""
    key = (
        str(services().database.url),
        question.__module__,
        question.__qualname__,
        about,
        tuple(sorted(options.items())),
    )

    def asked() -> T:
        with services().database.read() as session:
            return question(session, *about, **options)

    return ANSWERS.of(key, asked)


def mark() -> int:
    """Up to which request the archive goes: an answer from before it moved is not the answer now."""
    with monitor().store.read() as connection:
        return manifest.mark(connection, "request_log")
