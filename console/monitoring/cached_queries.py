"""Monitoring queries behind a TTL cache with single-flight; the key is query, arguments and archive watermark."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from analytics import manifest
from analytics.data_sources import Monitor, monitor_for
from analytics.ttl_cache import TtlCache
from console.widgets.session import services
from core.platform.services import Services

T = TypeVar("T")
CACHE = TtlCache()
MONITORS: dict[tuple[str, str], Monitor] = {}
MONITORS_LOCK = threading.Lock()


def monitor_of(services: Services) -> Monitor:
    """The handle of this gym's monitoring data; one per process and gym, since it holds connections."""
    settings = services.settings
    key = (str(settings.data_dir), settings.database_url)
    with MONITORS_LOCK:  # the threads of two tabs would make two, and one's connections would never be closed
        if key not in MONITORS:
            MONITORS[key] = monitor_for(settings)
        return MONITORS[key]


def close_monitors() -> None:
    """Close all handles' connections, at the end of the process or of a test."""
    while MONITORS:
        MONITORS.popitem()[1].store.dispose()


def monitor() -> Monitor:
    """The handle of the gym of this process."""
    return monitor_of(services())


def cached(question: Callable[..., T], *about: Any, **options: Any) -> T:
    """The cached result of `question(monitor, *about, **options)`; all arguments must be hashable. Raises what that raises."""
    where = monitor()
    key = (
        str(where.folder),
        question.__module__,
        question.__qualname__,
        about,
        tuple(sorted(options.items())),
        watermark(),
    )
    return CACHE.of(key, partial(question, where, *about, **options))


def cached_gym(question: Callable[..., T], *about: Any, **options: Any) -> T:
    """The cached result of `question(session, *about, **options)` on the gym's own database. Raises what that raises."""
    key = (
        str(services().database.url),
        question.__module__,
        question.__qualname__,
        about,
        tuple(sorted(options.items())),
    )

    def compute() -> T:
        with services().database.read() as session:
            return question(session, *about, **options)

    return CACHE.of(key, compute)


def watermark() -> int:
    """The archive's watermark: the highest archived request_log id. Part of each key, so archiving invalidates."""
    with monitor().store.read() as connection:
        return manifest.mark(connection, "request_log")
