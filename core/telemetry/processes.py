"""
Heartbeats of the recording processes, and detection of killed ones, whose rows in memory are gone.

1. Each flush updates its process's row: when it was seen, and which of its tasks run.
2. A process that stops gracefully sets the end with its last flush.
3. Each process, at its start and once a minute, looks for rows without an end: of this host those whose pid is gone, of
   others those that were silent for two minutes.
4. One of them claims the row (a conditional update) and records that rows may be missing, and each task as lost.

A process that was only silent, because its store was away or its machine slept, is alive again with its next flush.
"""

import os
import socket
import uuid
from contextlib import suppress
from typing import Any

import orjson
import psutil
from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.telemetry import running_processes
from core.telemetry.queues import now_us
from core.telemetry.tables import event_log, process_run, request_log

SILENT_US = 120 * 1_000_000  # a flush comes every ten seconds, or a beat with the measures every fifteen
MAX_MISSING_S = 30.0  # what a process has in memory is no older, while its store takes it
FORGET_AFTER_US = 30 * 86_400_000_000  # a month, as long as the errors that may refer to it
MAX_START_SKEW_S = 2.0  # between a process's start by the kernel and by its own clock
ENDED, LOST = "process", "lost"


class ProcessRun:
    """This process's row in process_run."""

    def __init__(self, service: str, release: str) -> None:
        self.id = uuid.uuid4().hex
        self.service, self.release = service, release
        self.host, self.pid = socket.gethostname(), os.getpid()
        self.began_us = now_us()

    def beat(self, connection: Connection, *, is_last: bool = False) -> None:
        """Upsert the heartbeat: seen now, with the tasks that run; is_last: ended."""
        at_us = now_us()
        values = {
            "id": self.id,
            "service": self.service,
            "release": self.release,
            "host": self.host,
            "pid": self.pid,
            "began_us": self.began_us,
            "seen_us": at_us,
            "ended_us": at_us if is_last else 0,
            "tasks": "[]" if is_last else orjson.dumps(running_processes.tasks()).decode(),
        }
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(process_run).values(values)
        changed = {name: statement.excluded[name] for name in ("seen_us", "ended_us", "tasks")}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))

    def record_lost(self, connection: Connection) -> int:
        """Steps 3 and 4: find killed processes and record them. How many this process claimed."""
        at_us = now_us()
        query = select(process_run).where(
            process_run.c.ended_us == 0,
            process_run.c.id != self.id,
            or_(process_run.c.host == self.host, process_run.c.seen_us < at_us - SILENT_US),
        )
        gone = [row for row in connection.execute(query).all() if self._is_gone(row, at_us)]
        return sum(_record(connection, row, at_us) for row in gone)

    def _is_gone(self, row: Row[Any], at_us: int) -> bool:
        if row.host != self.host:
            return bool(row.seen_us < at_us - SILENT_US)
        if row.pid == self.pid:
            return True  # in a container that was started again everybody has the pid of before
        with suppress(psutil.Error):
            began_s = psutil.Process(row.pid).create_time()
            return bool(began_s > row.began_us / 1e6 + MAX_START_SKEW_S)  # another one has its pid now
        return True


def _record(connection: Connection, row: Row[Any], at_us: int) -> bool:
    """Step 4. Whether this process claimed it."""
    won = connection.execute(
        update(process_run)
        .where(process_run.c.id == row.id, process_run.c.ended_us == 0, process_run.c.seen_us == row.seen_us)
        .values(ended_us=at_us)
    )
    if won.rowcount != 1:
        return False  # another process records it, or it is alive again
    missing_s = min(MAX_MISSING_S, max(1.0, (at_us - row.seen_us) / 1e6))
    connection.execute(
        insert(event_log).values(
            at_us=at_us,
            service=row.service,
            kind=ENDED,
            name=LOST,
            value=missing_s,
            subject_id=row.pid,
            detail=f"ended without stopping; up to {missing_s:.0f} s of rows may be missing",
        )
    )
    tasks = orjson.loads(row.tasks or "[]")
    if tasks:
        lost = [_task_row(task, row) for task in tasks]
        connection.execute(insert(request_log), lost)
    return True


def _task_row(task: dict[str, Any], row: Row[Any]) -> dict[str, Any]:
    known = {name: value for name, value in task.items() if name in request_log.c}
    return known | {
        "service": row.service,
        "release": row.release,
        "outcome": LOST,
        "duration_us": max(0, row.seen_us - int(task.get("at_us", row.seen_us))),
    }


def forget_old(connection: Connection, *, now_us: int) -> None:
    """Delete processes that ended more than FORGET_AFTER_US ago."""
    long_ago = now_us - FORGET_AFTER_US
    connection.execute(delete(process_run).where(process_run.c.ended_us > 0, process_run.c.ended_us < long_ago))
