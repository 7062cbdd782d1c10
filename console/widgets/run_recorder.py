"""
Recorder of page runs: one row of the request log for each run of a page's script: page, duration, statements, outcome.

A button's callback runs before the page and belongs to the same run; so a run begins with the first call of `services()`
in either.
"""

import secrets
from typing import Any

import structlog

from core.errors import SpiritError, Unavailable
from core.telemetry import recording, sql_statements
from core.telemetry.queues import now_us
from core.telemetry.request_context import RequestContext, current, new_request_id
from core.telemetry.traffic_categories import STAFF

REFERENCE = "_reference"

log = structlog.get_logger()


class Run(RequestContext):
    """One run of a page's script, from its first call of `services()`."""


def current_run() -> Run:
    """The current run of this thread; begins one where there is none."""
    work = current.get()
    if isinstance(work, Run):
        return work
    began_us = now_us()
    run = Run(new_request_id(began_us))
    run.name, run.began_us = "console", began_us
    current.set(run)
    return run


def show(page: Any, name: str, who: str) -> None:
    """Run the page and record the run, however it ends; a rerun ends it too. who: the pseudonym of the session."""
    run = current_run()
    run.name, run.who = name, who
    outcome = "ok"
    try:
        page.run()
    except SpiritError as refused:  # its words are shown by console.widgets.error_boundary, after this
        outcome = "error" if isinstance(refused, Unavailable) else "ok"
        raise
    except Exception as error:  # so is the reference of any other
        outcome = "error"
        reference_of(error, page=name)
        raise
    finally:
        _tell(run, outcome)
        current.set(None)


def reference_of(error: Exception, **about: str) -> str:
    """The reference of an unexpected error, eight hex digits, shown to the person; the first call logs the error with it."""
    reference: str | None = getattr(error, REFERENCE, None)
    if reference is None:
        reference = secrets.token_hex(4).upper()
        setattr(error, REFERENCE, reference)
        log.error("page failed", reference=reference, exc_info=error, **about)
    return reference


def _tell(run: Run, outcome: str) -> None:
    recorder = recording.active()
    if recorder is None:
        return
    sql_statements.keep_repeated(run)
    recorder.requests.add(run.row("script", outcome=outcome, duration_us=run.elapsed_us, category=STAFF))
