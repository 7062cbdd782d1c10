"""
The process-wide recorder: its lifetime, access to it, and events that are recorded after their commit.

    with recording(settings, "site"):     this process records in this block; at the end what is left is written
    active()                              the recorder, or None
    note(session, "business", …)          an event, once the session's transaction has been committed
"""

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType

import structlog
from sqlalchemy.orm import Session

from core.platform.db import AFTER_COMMIT
from core.platform.settings import Settings
from core.telemetry import host_metrics
from core.telemetry.log_rows import MetricRow
from core.telemetry.process_life import STOPPED, LoopLag
from core.telemetry.pseudonyms import Pseudonyms
from core.telemetry.queues import now_us
from core.telemetry.recorder import Recorder
from core.telemetry.release import release
from core.telemetry.store import store_for

NOTED = "telemetry_noted"

log = structlog.get_logger()
current: Recorder | None = None  # of this process; read it as `recording.current`, where a call would cost too much


def active() -> Recorder | None:
    """This process's recorder; None while it records nothing."""
    return current


@contextmanager
def recording(
    settings: Settings, service: str, *, samples: Callable[[], Mapping[str, float]] | None = None
) -> Iterator[Recorder | None]:
    """
    Context manager: record what this process does; at the end what is left is written within two seconds.

    Args:
        service: site, console, worker or command.
        samples: more metrics for every fifteen seconds, beside the process's own.

    Yields:
        The recorder; None where telemetry is turned off.
    """
    if not settings.telemetry:
        yield None
        return
    measured, mark = host_metrics.HostMetrics(settings.data_dir), LoopLag()
    recorder = Recorder(
        store_for(settings),
        service=service,
        release=release(),
        person=Pseudonyms(settings).of_context,
        keep_totals=bool(settings.metrics_token.get_secret_value()),
        samples=lambda: {**measured.measure(), **mark.measure(), **(samples() if samples is not None else {})},
    )
    with _in_charge(recorder):
        recorder.event("deploy", recorder.release)
        recorder.beat_now()
        yield recorder
        mark.stop()
        recorder.metrics.add(MetricRow(now_us(), os.getpid(), STOPPED, 1.0))


def note(
    session: Session,
    kind: str,
    name: str,
    *,
    value: float = 0.0,
    coach_id: int = 0,
    subject_id: int = 0,
    detail: str = "",
) -> None:
    """Buffer an event in the session; `record_noted` records it after the session's commit."""
    if current is not None:
        with current.unfailing():
            fact = {"value": value, "coach_id": coach_id, "subject_id": subject_id, "detail": detail}
            session.info.setdefault(NOTED, []).append((kind, name, fact))


def record_noted(session: Session) -> None:
    """After-commit hook: record the session's buffered events. Never raises: what is stored is stored."""
    recorder = current
    if recorder is None:
        return
    with recorder.unfailing():
        for kind, name, fact in session.info.pop(NOTED, ()):
            recorder.event(kind, name, **fact)


@contextmanager
def _in_charge(recorder: Recorder) -> Iterator[None]:
    """Install the recorder process-wide, with hooks that log uncaught exceptions, which records them."""
    global current  # noqa: PLW0603 (loggers and hooks are the process's too)
    before, current = current, recorder
    hooks = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = _uncaught, _uncaught_in_thread
    atexit.register(recorder.end)
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = hooks
        current = before
        recorder.end()
        atexit.unregister(recorder.end)


def _forked() -> None:
    if current is not None:
        current.forked()


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if current is None or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("the process ends by an error that nobody capture", exc_info=error)


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if current is None or args.exc_value is None:
        threading.__excepthook__(args)
    elif not isinstance(args.exc_value, SystemExit):
        log.critical("a thread ended by an error that nobody capture", exc_info=args.exc_value)


AFTER_COMMIT.append(record_noted)
os.register_at_fork(after_in_child=_forked)
