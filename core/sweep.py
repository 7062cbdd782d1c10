"""One pass over everything that is due: the truth behind every nudge."""

from datetime import datetime

from sqlalchemy.orm import Session

from core import clock
from core.bookings import expiry, retention
from core.bootstrap import Services
from core.gym import the_gym
from core.mail.delivery import Delivery, deliver_due
from core.people import sessions, sign_in


def sweep(services: Services) -> dict[str, int]:
    """
    Expire, deliver, tidy up. Safe to run at any time, anywhere, any number of times.

    Returns:
        How many requests expired, and mails were sent, dropped, retried and given up.
    """
    expired = expire_requests(services)
    delivery = deliver_due(services)
    services.database.transact(_tidy_up)
    return {"expired": expired, **counts(delivery)}


def counts(delivery: Delivery) -> dict[str, int]:
    """A delivery as plain numbers."""
    return {"sent": delivery.sent, "dropped": delivery.dropped, "retried": delivery.retried, "dead": delivery.dead}


def expire_requests(services: Services) -> int:
    """Expire every request that is past its time, a transaction a coach. Returns how many."""
    with services.database.read() as session:
        overdue = expiry.coaches_with_overdue_requests(session, now=clock.now())
    return sum(len(services.database.transact(expiry.expire_overdue, coach=coach)) for coach in overdue)


def _tidy_up(session: Session, *, now: datetime) -> None:
    sessions.forget_old_sessions(session, now=now)
    sign_in.forget_old_tries(session, now=now)
    retention.anonymise_finished(session, now=now)
    the_gym(session).last_swept_at = now
