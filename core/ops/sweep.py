"""
The sweep: one pass over everything that is due, which makes certain what nudges make prompt.

    keep_true   the database alone: expiry, daily summaries, retention; under a second
    deliver     the network: each lane of the outbox by senders of its own, bounded by time
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from core.bookings import expiry, request_limits, retention
from core.gym.models import the_gym
from core.images.rendition_jobs import make_due
from core.mail import daily_summary
from core.mail.delivery import Delivery, deliver_due, total
from core.ops import timetable
from core.ops.tidy_files import tidy_up_files
from core.outbox.lanes import ALL_LANES
from core.people import sessions, sign_in_throttle
from core.platform import clock
from core.platform.services import Services
from core.rehearsals import practice
from core.staff import old_links

PICTURES_WITHIN_S = 20
NETWORK_WITHIN_S = 20.0  # no mail is begun after this; one that is on its way may take 45 s more

PASSES = (timetable.SWEEP, *timetable.LANES, timetable.PICTURES)  # of the timetable; the others need DuckDB

log = structlog.get_logger()


def sweep(services: Services, *, pictures: bool = True) -> dict[str, int]:
    """
    Run each of PASSES once, renditions last and for a while: for machines without a worker. Idempotent, safe in parallel.

    Args:
        pictures: False where another thread makes them.

    Returns:
        How many requests expired, mails were sent, dropped, retried and given up, and pictures were made.
    """
    expired = keep_true(services)
    delivery = deliver(services)
    return {"expired": expired, **counts(delivery), "pictures": make_pictures(services) if pictures else 0}


def keep_true(services: Services) -> int:
    """Database pass: expiry, summaries, retention. How many requests expired."""
    expired = expire_requests(services)
    write_summaries(services)
    tidy_up_files(services, names_left=services.database.transact(lambda tx: _tidy_up(tx.session, now=tx.now)) > 0)
    return expired


def deliver(services: Services, *, within_s: float = NETWORK_WITHIN_S) -> Delivery:
    """Network pass: deliver every lane of the outbox in parallel, so that none waits for another."""
    stop_at = time.monotonic() + within_s
    with ThreadPoolExecutor(len(ALL_LANES), thread_name_prefix="lane") as senders:
        passes = [
            senders.submit(deliver_due, services, (lane,), enough=lambda: time.monotonic() > stop_at)
            for lane in ALL_LANES
        ]
    return total(done.result() for done in passes)


def make_pictures(services: Services) -> int:
    """Rendition pass, bounded by time; its failure stops nothing else. How many images were made."""
    stop_at = time.monotonic() + PICTURES_WITHIN_S
    try:
        return make_due(services, until=lambda: time.monotonic() > stop_at).made
    except Exception:  # expiry and mail are through already; the next pass tries again
        log.exception("pictures failed")
        return 0


def counts(delivery: Delivery) -> dict[str, int]:
    """A delivery's outcome as a dictionary of counts."""
    return {"sent": delivery.sent, "dropped": delivery.dropped, "retried": delivery.retried, "dead": delivery.dead}


def expire_requests(services: Services) -> int:
    """Expire every request that is past its time, a transaction a coach. Returns how many."""
    with services.database.read() as session:
        overdue = expiry.coaches_with_overdue_requests(session, now=clock.now())
    return sum(
        len(services.database.transact(lambda tx: expiry.expire_overdue(tx.session, tx.coach, now=tx.now), coach=coach))
        for coach in overdue
    )


def write_summaries(services: Services) -> None:
    """Queue the daily summary of each coach whose morning has come, once a day."""
    with services.database.read() as session:
        due = daily_summary.coaches_without_todays(session, now=clock.now())
    for coach_id in due:
        _write_summary(services, coach_id)


def _write_summary(services: Services, coach_id: int) -> None:
    services.database.transact(lambda tx: daily_summary.write_summary(tx.session, coach_id, now=tx.now))


def _tidy_up(session: Session, *, now: datetime) -> int:
    """Returns how many bookings were anonymised."""
    sessions.forget_old_sessions(session, now=now)
    sign_in_throttle.forget_old_tries(session, now=now)
    old_links.forget_old_links(session, now=now)
    practice.clean_up(session, now=now)
    request_limits.forget_old(session, now=now)
    the_gym(session).last_swept_at = now
    return retention.anonymise_finished(session, now=now)
