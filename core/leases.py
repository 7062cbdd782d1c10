"""
Leases: who works on a row, and by which clock it ends.

Hosts disagree about the time, so on PostgreSQL a lease is set and compared by the database's own clock. SQLite's file
has one machine, and its clock is the one there is.
"""

import os
import secrets
import socket
import threading
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock
from core.orm import Instant

PROCESS = secrets.token_hex(4)  # two containers may have the same host name and process number


def lease_clock(session: Session) -> datetime:
    """Now, by the clock that all who lease from this database share. Aware UTC."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()
    return clock.now()


def worker_name() -> str:
    """Of this thread, for the leases that it takes: host, process, random part, thread."""
    return f"{socket.gethostname()}:{os.getpid()}:{PROCESS}:{threading.get_native_id()}"
