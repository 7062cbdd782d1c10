"""
COMMIT, and what to say when its answer is lost.

A connection that breaks after COMMIT was sent leaves it open whether the transaction stands. PostgreSQL knows each
transaction by its number: a fresh connection asks for it (`pg_xact_status`). Committed is success, whatever happened to
the connection; aborted means that nothing was stored; and whom nobody can answer says so (OutcomeUnknown).
"""

import time
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.errors import OutcomeUnknown, Unavailable

LOOK_FOR_S, LOOK_EVERY_S = 5.0, 0.1
CONNECTION_LOST = ("08", "57P")  # classes of sqlstate that say nothing about the transaction


def on_sqlite(session: Session) -> None:
    """A disk that fails while it syncs may have kept the last page. Raises OutcomeUnknown, OperationalError."""
    try:
        session.commit()
    except OperationalError as error:
        if str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_IOERR"):
            raise OutcomeUnknown from error
        raise


def on_postgresql(session: Session, engine: Engine) -> None:
    """
    Raises:
        Unavailable: it was not committed. OutcomeUnknown: nobody could be asked.
        DBAPIError: what the server itself refused.
    """
    connection = session.connection()
    number = session.scalar(text("SELECT CAST(pg_current_xact_id_if_assigned() AS text)"))
    driver: Any = connection.connection.driver_connection
    base = engine.dialect.dbapi.Error  # type: ignore[union-attr]
    try:
        driver.commit()
    except base as error:
        if (state := getattr(error, "sqlstate", None)) and not state.startswith(CONNECTION_LOST):
            raise DBAPIError.instance("COMMIT", None, error, base) from error
        session.expunge_all()  # what the command returns stays as it is, whatever becomes of the session
        connection.invalidate()
        if number is not None:  # else there was nothing to store, and what was read stands
            _require_committed(engine, number, error)
        session.rollback()
        return
    session.commit()


def _require_committed(engine: Engine, number: str, lost: Exception) -> None:
    found = _status(engine, number)
    if found == "aborted":
        raise Unavailable from lost
    if found != "committed":
        raise OutcomeUnknown from lost


def _status(engine: Engine, number: str) -> str | None:
    """committed or aborted; None when it cannot be told. One that is still in progress is asked for again."""
    until = time.monotonic() + LOOK_FOR_S
    while True:
        try:
            with engine.connect() as fresh:
                found = fresh.scalar(text("SELECT pg_xact_status(CAST(:number AS xid8))"), {"number": number})
            if found != "in progress":
                return None if found is None else str(found)
        except (OperationalError, PoolTimeout):
            found = None  # away; it may come back while there is time
        if time.monotonic() > until:
            return None
        time.sleep(LOOK_EVERY_S)
