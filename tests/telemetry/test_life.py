"""A process says that it was stopped in good order, and how long its event loop has hung; one that is killed says neither."""

import asyncio
import time

from core.alerts import liveness
from core.platform.settings import Settings
from core.telemetry.process_life import LOOP_SILENT, TICK_S, LoopLag
from core.telemetry.recording import recording
from tests.telemetry.conftest import Kept, run_program

KILLED = """
import os, signal
from core.platform.settings import load_settings
from core.telemetry.queues import now_us
from core.telemetry.recording import recording
from core.telemetry.log_rows import MetricRow
with recording(load_settings(_env_file=None).model_copy(update={"telemetry": True}), "site") as recorder:
    recorder.metrics.add(MetricRow(now_us(), os.getpid(), "process.memory_bytes", 1.0))
    recorder.flush_now()
    print("recorded", flush=True)
    os._exit(0)
"""


def test_a_process_that_ends_in_good_order_is_not_expected_any_more(watching: Settings, kept: Kept) -> None:
    with recording(watching, "site") as recorder:
        assert recorder is not None
    (sign,) = liveness.heartbeats(kept.store)
    assert (sign.service, sign.was_stopped, sign.is_expected) == ("site", True, False)


def test_a_process_that_is_cut_off_is_expected(watching: Settings, kept: Kept) -> None:
    assert run_program(KILLED, watching) == "recorded\n"
    (sign,) = liveness.heartbeats(kept.store)
    assert sign.is_expected


def test_a_loop_that_hangs_is_measured_from_outside() -> None:
    async def serve() -> tuple[float, float]:
        mark = LoopLag()
        await asyncio.sleep(0)
        turning = mark.measure()[LOOP_SILENT]
        time.sleep(TICK_S + 0.3)  # noqa: ASYNC251 (this is the hang)
        hung = mark.measure()[LOOP_SILENT]
        mark.stop()
        return turning, hung

    turning, hung = asyncio.run(serve())
    assert turning == 0.0 and hung > 0.2


def test_where_no_loop_runs_nothing_is_said_of_one() -> None:
    assert LoopLag().measure() == {}
