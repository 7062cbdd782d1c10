"""Liveness and readiness probes, for monitors and load balancers."""

import asyncio
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from core.errors import SetupError, Unavailable
from core.gym.models import Gym, note_probe, the_gym
from core.migrations import check_schema
from core.outbox import messages
from core.platform import clock
from core.platform.services import Services
from public_site.templating import orjson_response

SWEPT_WITHIN = timedelta(minutes=2)
MAIL_WITHIN, TROUBLE_WITHIN = timedelta(minutes=4), timedelta(minutes=2)  # an outage is seen within five minutes
TTL, WRITES_EVERY = timedelta(seconds=2), timedelta(seconds=10)
NEVER = datetime.min.replace(tzinfo=UTC)
NO_STORE = {"Cache-Control": "no-store"}


async def alive(request: Request) -> Response:
    """GET /healthz: liveness; touches no database."""
    return orjson_response({"status": "alive"}, headers=NO_STORE)


async def ready(request: Request) -> Response:
    """
    GET /readyz: readiness; 503 with the reasons when a family could not be served, or its request would go unnoticed.

    Slow mail is *degraded*, and 200: a load balancer that takes the site out of service would not mend a mail server.
    """
    probe: ReadinessProbe = request.app.state.readiness
    state = await asyncio.to_thread(probe.check)
    return orjson_response(
        {"status": state.status, "reasons": state.reasons}, 200 if state.serves else 503, headers=NO_STORE
    )


@dataclass(frozen=True)
class Readiness:
    """The result of a readiness check."""

    broken: list[str] = field(default_factory=list)  # sentences: why families cannot be served
    slow: list[str] = field(default_factory=list)  # sentences: what is late, though they can be

    @property
    def serves(self) -> bool:
        """Whether families can be served."""
        return not self.broken

    @property
    def status(self) -> str:
        """ "ready", "degraded" or "not ready"."""
        return "not ready" if self.broken else "degraded" if self.slow else "ready"

    @property
    def reasons(self) -> list[str]:
        """All sentences, the worst first."""
        return [*self.broken, *self.slow]


class ReadinessProbe:
    """
    TTL cache with single-flight around the readiness check: a flood of probes costs one check in two seconds.

    Failures are not cached, so that what is mended is in service at once. A full disk shows only when something is really
    written, so a row is, every ten seconds; after a failure at every check.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._latest, self._checked_at = Readiness(), NEVER
        self._wrote_at = NEVER

    def check(self) -> Readiness:
        """The readiness, at most TTL old. Blocks: call it on a thread."""
        with self._lock:
            now = clock.now()
            if self._latest.serves and timedelta(0) <= now - self._checked_at < TTL:
                return self._latest
            writes = not timedelta(0) <= now - self._wrote_at < WRITES_EVERY
            self._latest, self._checked_at = readiness(self._services, writes=writes), now
            if writes:
                self._wrote_at = now if self._latest.serves else NEVER
            return self._latest


def readiness(services: Services, *, writes: bool = True) -> Readiness:
    """Check schema, database, sweep and mail. writes: also whether a row can be written."""
    now = clock.now()
    try:
        check_schema(services.database)
        with services.database.read() as session:
            gym = the_gym(session)
            due_at = messages.oldest_due_at(session, now=now)
        if writes:
            services.database.transact(lambda tx: note_probe(tx.session, now=tx.now))
    except SetupError as error:
        return Readiness([str(error)])
    except (Unavailable, SQLAlchemyError):
        return Readiness(["The database does not answer, or cannot be written."])
    is_swept = gym.last_swept_at is not None and now - gym.last_swept_at <= SWEPT_WITHIN
    broken = [] if is_swept else ["No sweep within two minutes: start the worker, or let cron call."]
    return Readiness(broken, _slow(gym, due_at, now))


def _slow(gym: Gym, due_at: datetime | None, now: datetime) -> list[str]:
    slow = []
    if due_at is not None and now - due_at > MAIL_WITHIN:
        slow.append("Mail has been waiting for over four minutes.")
    if gym.mail_trouble_since is not None and now - gym.mail_trouble_since > TROUBLE_WITHIN:
        slow.append(f"Mail is not going out: {gym.mail_trouble}.")
    return slow
