"""
COMMIT, with a connection lost over it resolved: committed, aborted, or unknown.

A connection that breaks after COMMIT was sent leaves it open whether the transaction stands. PostgreSQL knows each
transaction by its number, so a fresh connection looks it up (`pg_xact_status`). Committed is success, whatever happened
to the connection; aborted is Unavailable, for nothing was stored; where no answer is to be had it is OutcomeUnknown.
"""

import time
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.errors import OutcomeUnknown, Unavailable

LOOK_FOR_S, LOOK_EVERY_S = 5.0, 0.1  # the caller waits meanwhile
CONNECTION_LOST = ("08", "57P")  # classes of sqlstate that say nothing about the transaction


def on_sqlite(session: Session) -> None:
    """
    COMMIT on SQLite.

    Raises:
        OutcomeUnknown: the disk failed while it synced, and may have kept the last page.
        OperationalError: what SQLite itself refused.
    """
    try:
        session.commit()
    except OperationalError as error:
        if str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_IOERR"):
            raise OutcomeUnknown from error
        raise


def on_postgresql(session: Session, engine: Engine) -> None:
    """
    COMMIT on PostgreSQL; a lost answer is looked up on a fresh connection.

    Raises:
        Unavailable: it was not committed. OutcomeUnknown: the server could not be asked in time.
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
            # the server answered: it refused, and nothing is in doubt
            raise DBAPIError.instance("COMMIT", None, error, base) from error
        session.expunge_all()  # what the command returns stays as it is, whatever becomes of the session
        connection.invalidate()
        if number is not None:  # else there was nothing to store, and what was read stands
            _require_committed(engine, number, error)
        session.rollback()
        return
    session.commit()


def _require_committed(engine: Engine, number: str, lost: Exception) -> None:
    status = _status(engine, number)
    if status == "aborted":
        raise Unavailable from lost
    if status != "committed":  # unknown, or still in progress when time was up
        raise OutcomeUnknown from lost


def _status(engine: Engine, number: str) -> str | None:
    """Poll the transaction's status: committed or aborted; None when it is in progress or unknown after LOOK_FOR_S."""
    until = time.monotonic() + LOOK_FOR_S
    while True:
        try:
            with engine.connect() as fresh:
                status = fresh.scalar(text("SELECT pg_xact_status(CAST(:number AS xid8))"), {"number": number})
            if status != "in progress":
                return None if status is None else str(status)
        except (OperationalError, PoolTimeout):
            status = None  # away; it may come back while there is time
        if time.monotonic() > until:
            return None
        time.sleep(LOOK_EVERY_S)
