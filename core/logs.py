"""
Logs: one line an event, as text or JSON, with the request's id and without personal data.

Whatever is bound by `structlog.contextvars` (request_id, booking_id) is on every line. Lines of libraries that use the
standard `logging` pass through the same processors. No process keeps an access log: addresses carry secrets.
"""

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.settings import Settings

HIDDEN = "…"
PERSONAL = {
    "address", "athlete_name", "authorization", "cookie", "customer_email", "customer_name", "customer_phone", "email",
    "handle", "name", "notes", "password", "phone", "reason", "recipient", "secret", "token",
}  # fmt: skip
MASKS = (
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)*"), HIDDEN + "@" + HIDDEN),
    (re.compile(r"(/(?:approvals|bookings|sign-in|calendar)/)[^/?\s\"'{]+"), r"\1" + HIDDEN),
    (re.compile(r"((?:token|password|secret|key)=)[^&\s\"']+", re.IGNORECASE), r"\1" + HIDDEN),
    (re.compile(r"(://)[^/\s\"']*@"), r"\1" + HIDDEN + "@"),
    (re.compile(r"(Bearer )\S+", re.IGNORECASE), r"\1" + HIDDEN),
    (re.compile(r"(DETAIL:).*"), r"\1 " + HIDDEN),  # where PostgreSQL tells the values of a row
)


def configure(settings: Settings) -> None:
    """Set this process's logging up. Call once, before the first line."""
    logging.config.dictConfig(standard_config(settings))


def standard_config(settings: Settings) -> dict[str, Any]:
    """
    The same as `configure`, in the form that `logging.config` and uvicorn take. uvicorn hands it to its workers.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"spirit": {"()": "core.logs.formatter", "style": settings.log}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "spirit"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "uvicorn": {"level": "INFO", "handlers": [], "propagate": True},  # Streamlit gives it a handler of its own
            "uvicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "uvicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": True},
            "huey": {"level": "WARNING"},
            "alembic": {"level": "WARNING"},
        },
    }


def formatter(style: str) -> logging.Formatter:
    """The one formatter of a process. Making it configures structlog too, so that a worker process needs no more."""
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


def without_personal_data(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Hide what names a person or opens something, wherever it stands."""
    return {key: HIDDEN if key in PERSONAL else masked(value) for key, value in event.items()}


def masked(value: Any) -> Any:
    """A value with e-mail addresses, tokens and passwords hidden, also inside lists and dictionaries."""
    if isinstance(value, str):
        for pattern, replacement in MASKS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {key: HIDDEN if key in PERSONAL else masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value if isinstance(value, int | float | None) else masked(str(value))


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
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]
