"""
Signs of life of a process, among its measures: that it was stopped in good order, and how long its event loop has hung.

A process that hangs may record on, since its writer is a thread of its own; so the loop itself moves a mark every second,
and the writer says how old that is. It needs no request and no connection, so that no visitor can bring it about or hide it.
"""

import asyncio
import time

STOPPED = "process.stopped"
LOOP_SILENT = "loop.silent_s"
TICK_S = 1.0


class LoopMark:
    """Moved by the event loop that runs now; without one there is nothing to say."""

    def __init__(self) -> None:
        self._moved_at = time.monotonic()
        self._ticks: asyncio.TimerHandle | None = None
        try:
            self._tick(asyncio.get_running_loop())
        except RuntimeError:  # the worker, and commands, have none
            return

    def measure(self) -> dict[str, float]:
        """loop.silent_s; nothing where no loop runs."""
        if self._ticks is None:
            return {}
        return {LOOP_SILENT: max(0.0, time.monotonic() - self._moved_at - TICK_S)}

    def stop(self) -> None:
        if self._ticks is not None:
            self._ticks.cancel()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._moved_at = time.monotonic()
        self._ticks = loop.call_later(TICK_S, self._tick, loop)
