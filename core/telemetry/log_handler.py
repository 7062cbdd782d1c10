"""Root log handler: WARNING and above become error events, lower levels become breadcrumbs of the request."""

import logging
import sys
from typing import Any

from core.telemetry import recording
from core.telemetry.request_context import current, suppressed

# Keys of a log record that are no fields of the event: logging's own attributes, and structlog's.
MADE_BY_LOGGING = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "_logger", "_name"}
NOT_EXTRA = frozenset(("event", "level", "timestamp", "exc_info", "logger", "stack_info", "exception", "request_id"))


class ErrorHandler(logging.Handler):
    """The handler, on the root logger beside the one that prints. Takes no lock, so it may be called from anywhere."""

    def handle(self, record: logging.LogRecord) -> bool:
        recorder = recording.active()
        if recorder is None or suppressed.get():  # nothing records here, or the monitor itself logs
            return False
        with recorder.unfailing():
            message, error, extra = parts_of(record)
            if record.levelno < logging.WARNING:
                if (work := current.get()) is not None:
                    work.crumb("log", message)
                return False
            recorder.catch(error, source=record.name, message=message, level=record.levelname, extra=extra)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        self.handle(record)


def parts_of(record: logging.LogRecord) -> tuple[str, BaseException | None, dict[str, Any]]:
    """(message, exception or None, extra fields) of a log record, structlog's or the standard library's."""
    if isinstance(record.msg, dict):
        fields = record.msg
        extra = {key: value for key, value in fields.items() if key not in NOT_EXTRA}
        return str(fields.get("event", "")), _exception(fields.get("exc_info")), extra
    extra = {key: value for key, value in vars(record).items() if key not in MADE_BY_LOGGING}
    return record.getMessage(), _exception(record.exc_info), extra


def _exception(exc_info: Any) -> BaseException | None:
    """The exception of an exc_info: an exception, a triple, or True for the one being handled."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None
