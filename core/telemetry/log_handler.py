"""What the loggers say is seen here: warnings and errors become groups, everything else a step of the request's trail."""

import logging
import sys
from typing import Any

from core.telemetry import recording
from core.telemetry.context import current, unwatched

MADE_BY_LOGGING = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "_logger", "_name"}
NOT_EXTRA = frozenset(("event", "level", "timestamp", "exc_info", "logger", "stack_info", "exception", "request_id"))


class ErrorHandler(logging.Handler):
    """Beside the one that prints, on the root of the loggers. Takes no lock: it may be called from anywhere."""

    def handle(self, record: logging.LogRecord) -> bool:
        recorder = recording.active()
        if recorder is None or unwatched.get():
            return False
        with recorder.unfailing():
            message, error, extra = told(record)
            if record.levelno < logging.WARNING:
                if (work := current.get()) is not None:
                    work.crumb("log", message)
                return False
            recorder.catch(error, source=record.name, message=message, level=record.levelname, extra=extra)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        self.handle(record)


def told(record: logging.LogRecord) -> tuple[str, BaseException | None, dict[str, Any]]:
    """The message, the exception if there is one, and what else was said; of our own lines and of libraries'."""
    if isinstance(record.msg, dict):
        said = record.msg
        extra = {key: value for key, value in said.items() if key not in NOT_EXTRA}
        return str(said.get("event", "")), _exception(said.get("exc_info")), extra
    extra = {key: value for key, value in vars(record).items() if key not in MADE_BY_LOGGING}
    return record.getMessage(), _exception(record.exc_info), extra


def _exception(exc_info: Any) -> BaseException | None:
    """Whatever was given as exc_info: an exception, a triple, True for the one being handled."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None
