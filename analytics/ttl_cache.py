"""Answers kept for some seconds, shared by all who ask the same: one reader computes, the others wait for her."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
KEEP_S = 20.0
MAX_ENTRIES = 400


@dataclass
class _Kept:
    until: float = 0.0
    answer: Any = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Answers:
    """At most so many, each for so long. An answer that failed is not kept."""

    def __init__(self, *, keep_s: float = KEEP_S, most: int = MAX_ENTRIES) -> None:
        self._keep_s, self._most = keep_s, most
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Hashable, ask: Callable[[], T]) -> T:
        """The answer to this question; asked anew when none is kept."""
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        with kept.lock:
            if time.monotonic() >= kept.until:
                kept.answer = ask()
                kept.until = time.monotonic() + self._keep_s
            answer: T = kept.answer
            return answer

    def forget(self) -> None:
        """Ask everything anew."""
        with self._lock:
            self._kept.clear()
