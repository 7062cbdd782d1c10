"""
Structured logging: one line an event, as text or JSON, with the correlation id and without personal data.

The request that causes a line (core.telemetry.request_context) is on it, and whatever is bound by `structlog.contextvars`. Lines of
libraries that use the standard `logging` pass through the same processors. No process keeps an access log: addresses
carry secrets.
"""

import logging
import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.platform.settings import Settings
from core.telemetry.request_context import current
from core.telemetry.scrubbing import HIDDEN, is_secret, scrubbed, scrubbed_text

__all__ = ["HIDDEN", "as_text", "configure", "formatter", "masked", "standard_config", "without_personal_data"]


OUR_PACKAGES = ("core", "analytics", "public_site", "console", "tasks", "__main__")


def configure(settings: Settings) -> None:
    """Configure this process's logging; to be called once, before the first line."""
    logging.config.dictConfig(standard_config(settings))


def standard_config(settings: Settings) -> dict[str, Any]:
    """
    The configuration of `configure` as a dictionary for `logging.config` and uvicorn. uvicorn hands it to its workers.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"spirit": {"()": "core.ops.logs.formatter", "style": settings.log}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "spirit"},
            "errors": {"class": "core.telemetry.log_handler.ErrorHandler"},
        },
        "root": {
            "handlers": ["stderr", "errors"],
            "level": "WARNING",
        },  # an HTTP library's INFO names each address it asks
        "loggers": {
            **{name: {"level": "INFO"} for name in OUR_PACKAGES},
            "uvicorn": {"level": "INFO", "handlers": [], "propagate": True},  # Streamlit gives it a handler of its own
            "uvicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "uvicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": True},
        },
    }


def formatter(style: str) -> logging.Formatter:
    """Factory of a process's formatter. It configures structlog too, so that a worker process needs no more."""
    structlog.configure(
        processors=[*_common(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False) if style == "json" else as_text
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_common(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            without_personal_data,
            last,
        ],
    )


def with_request_id(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Processor: add the correlation id of the current request, page run or task."""
    if (work := current.get()) is not None:
        event.setdefault("request_id", work.request_id)
    return event


def without_personal_data(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Processor: redact secrets and personal data, by core/telemetry/scrubbing.py."""
    return {key: HIDDEN if is_secret(key) else scrubbed(value) for key, value in event.items()}


def masked(text: str) -> str:
    """A text with e-mail addresses, tokens and passwords redacted."""
    return scrubbed_text(text)


def as_text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """2026-11-23T17:00:00Z info  mail not sent  outbox_id=7 state=QUEUED; a traceback follows on its own lines."""
    head = f"{event.pop('timestamp')} {event.pop('level'):<7} {event.pop('event')}"
    traceback = event.pop("exception", None)
    rest = " ".join(f"{key}={item}" for key, item in event.items())
    line = f"{head}  {rest}".rstrip()
    return f"{line}\n{traceback}" if traceback else line


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        with_request_id,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]
