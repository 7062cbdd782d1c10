"""TTL cache with single-flight: concurrent callers of one key share one computation."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
TTL_S = 20.0  # a page that is reloaded shows nothing older than twice a recorder's flush
MAX_ENTRIES = 400  # about 20 MB of tables


@dataclass
class _Entry:
    expires_at: float = 0.0  # of time.monotonic()
    value: Any = None
    lock: threading.Lock = field(default_factory=threading.Lock)  # held by whoever computes


class TtlCache:
    """LRU cache of at most so many entries, each for so long. A computation that raises is not cached."""

    def __init__(self, *, ttl_s: float = TTL_S, max_entries: int = MAX_ENTRIES) -> None:
        self._ttl_s, self._max_entries = ttl_s, max_entries
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The cached value of a key, computed when there is none. Raises what `compute` raises."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        with entry.lock:
            if time.monotonic() >= entry.expires_at:
                entry.value = compute()
                entry.expires_at = time.monotonic() + self._ttl_s
            value: T = entry.value
            return value

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()
