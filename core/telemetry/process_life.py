"""
Process liveness, among its metrics: a marker of a graceful stop, and the lag of its event loop.

A process that hangs may record on, since its writer is a thread of its own; so the loop itself moves a mark every second,
and the writer samples the mark's age. It needs no request and no connection, so no visitor can cause or hide it.
"""

import asyncio
import time

STOPPED = "process.stopped"  # metric of a graceful stop
LOOP_SILENT = "loop.silent_s"  # metric of the loop's lag
TICK_S = 1.0  # a wake-up a second costs nothing, and a hang is an incident after a minute


class LoopLag:
    """Event-loop lag monitor of the loop that runs now; without one it measures nothing."""

    def __init__(self) -> None:
        self._moved_at = time.monotonic()
        self._ticks: asyncio.TimerHandle | None = None
        try:
            self._tick(asyncio.get_running_loop())
        except RuntimeError:  # the worker, and commands, have none
            return

    def measure(self) -> dict[str, float]:
        """{loop.silent_s: seconds}; {} where no loop runs."""
        if self._ticks is None:
            return {}
        return {LOOP_SILENT: max(0.0, time.monotonic() - self._moved_at - TICK_S)}

    def stop(self) -> None:
        """Cancel the timer."""
        if self._ticks is not None:
            self._ticks.cancel()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._moved_at = time.monotonic()
        self._ticks = loop.call_later(TICK_S, self._tick, loop)
