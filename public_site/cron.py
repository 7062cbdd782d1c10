"""
The sweep as an HTTP endpoint, for hosts that have cron and no worker.

On threads of its own, so that a slow mail server never stalls pages or the readiness probe; the database's pass first,
then the network's, and an answer within half a minute in any case. What needs DuckDB (the archive, the alert rules) is
done by a process that ends: this one never loads it.
"""

import asyncio
import subprocess
import sys
from concurrent.futures import Future
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.alerts import liveness
from core.ops import duties
from core.ops.sweep import counts, deliver, keep_true, make_pictures
from core.platform import clock
from core.platform.deadline import begin
from core.platform.services import Services
from public_site.templating import orjson_response

ANSWER_WITHIN_S = 25.0  # hosted cron services give up after 30
DUTIES = [sys.executable, "-m", "core.ops.cli", "duties"]
UNFINISHED = {"sent": 0, "dropped": 0, "retried": 0, "dead": 0, "pictures": 0, "unfinished": True}


class Cron:
    """The sweeps of this process, with single-flight: a call while a pass runs waits for that pass."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._database_pass: Future[int] | None = None
        self._network_pass: Future[dict[str, int]] | None = None
        self._duties: Future[int] | None = None

    async def sweep(self) -> dict[str, int]:
        """
        Run one sweep, or join the running one.

        Returns:
            Counts of expired requests, mails by outcome, pictures; `unfinished` where the network took over ANSWER_WITHIN_S.
        """
        if self._database_pass is None or self._database_pass.done():
            self._database_pass = begin(lambda: keep_true(self._services))
        expired = await asyncio.wrap_future(self._database_pass)
        if self._network_pass is None or self._network_pass.done():
            self._network_pass = begin(self._use_network)
        sending = asyncio.wrap_future(self._network_pass)
        await asyncio.wait({sending}, timeout=ANSWER_WITHIN_S)
        return {"expired": expired, **(sending.result() if sending.done() else UNFINISHED)}

    def _use_network(self) -> dict[str, int]:
        delivery = deliver(self._services)
        self._start_duties()
        return {**counts(delivery), "pictures": make_pictures(self._services)}

    def _start_duties(self) -> None:
        """Start the duties in a process of their own, if any is due and that process does not run already."""
        if self._duties is not None and not self._duties.done():
            return
        with self._services.database.read() as session:
            is_due = anything_due(session, self._services, now=clock.now())
        if is_due:
            self._duties = begin(subprocess.Popen(DUTIES, stdin=subprocess.DEVNULL).wait)


def anything_due(session: Session, services: Services, *, now: datetime) -> bool:
    """Whether a periodic duty or the alert rules' minute has come."""
    return bool(duties.due(session, services.settings)) or liveness.evaluation_is_due(session, now=now)


async def notifications(request: Request) -> Response:
    """GET, POST /api/cron/notifications: one sweep. GET too, as hosted cron services call; the bearer token is the guard."""
    cron: Cron = request.app.state.cron
    return orjson_response(await cron.sweep())
