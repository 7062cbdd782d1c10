"""Twenty families of one network ask two coaches at the same moment, from ten processes: six times are held, no more."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import text

from core.bookings import request_limits
from core.bookings.models import Booking, Hold
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.errors import TooMany
from core.outbox.models import OutboxMessage
from core.platform.actor import PARENT_ON_SITE
from core.platform.db import Database
from core.schedule.models import Coach
from tests.races.house import House
from tests.races.runners import RUNNERS, Runners, meet
from tests.support import people
from tests.support.people import NOW, at, sam_wants


def ask_from_here(database: Database, coach_id: int, starts_at: datetime, family: int) -> str:
    """What became of it. All twenty begin together, each in a transaction of its own."""
    meet()
    with suppress(TooMany), database.write(coach_id) as transaction:
        session, coach = transaction.session, transaction.coach
        assert coach is not None
        wanted = sam_wants(coach, coach.lessons[0], starts_at, customer_email=f"family{family}@example.org")
        made = request_limits.request_from(session, coach, wanted, by=PARENT_ON_SITE, network="here", now=NOW)
        if not database.is_sqlite:
            session.execute(text("SELECT pg_sleep(0.02)"))  # the time in which another would count without us
        return type(made).__name__
    return "TooMany"


def test_all_processes_together_hold_six_times_of_one_network(house: House, runners: Runners) -> None:
    with house.database.write() as transaction:
        omar = people.coach(
            transaction.session,
            "omar",
            "Omar Haddad",
            [people.first_lesson(transaction.session)],
            hours=(([1], 13, 17),),
        )
        coaches = (house.nora, omar.id)
    tries = [(ask_from_here, coaches[n % 2], at(1, 13 + (n // 2) % 4, 0), n) for n in range(RUNNERS)]
    starts = [(task, coach, start.replace(minute=30 * (n // 10 % 2)), n) for (task, coach, start, n) in tries]
    outcomes = runners.race(house.url, starts)
    held, waiting = house.count(Booking), house.count(UnconfirmedRequest)
    assert held == house.count(Hold) <= 6
    assert held + waiting <= 12 and held == 6
    with house.database.read() as session:
        to_families = session.query(OutboxMessage).where(OutboxMessage.account_id.is_(None)).count()
        assert session.get_one(Coach, coaches[1]).id == coaches[1]
    assert to_families == held + waiting
    assert {outcome.value for outcome in outcomes if outcome.value} >= {"Booking", "UnconfirmedRequest"}
