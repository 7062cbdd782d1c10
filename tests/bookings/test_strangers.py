"""What one network asks for without a word from a family's mailbox is bounded; above that, the family confirms by mail."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings import request_limits
from core.bookings.models import Booking, Hold, Status
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.errors import IdempotencyMismatch, LinkExpired, SlotUnavailable, TooMany
from core.gym.models import the_gym
from core.outbox.models import MessageKind, OutboxMessage
from core.platform.actor import PARENT_ON_SITE
from core.schedule.models import Coach
from tests.support.people import NOW, at, nora, omar, sam_wants

HERE, ELSEWHERE = "here", "elsewhere"
HOUR = timedelta(hours=1)


@pytest.fixture
def coach(session: Session) -> Coach:
    return nora(session)


def ask(
    session: Session, coach: Coach, n: int, network: str = HERE, now: datetime = NOW, **more: Any
) -> Booking | UnconfirmedRequest:
    """The n-th family's request for the n-th time."""
    wanted = sam_wants(
        coach, coach.lessons[0], at(1 + n // 8, 9 + n % 8), **{"customer_email": f"family{n}@example.org", **more}
    )
    return request_limits.request_from(session, coach, wanted, by=PARENT_ON_SITE, network=network, now=now)


def waiting(session: Session, coach: Coach, n: int = 6) -> UnconfirmedRequest:
    """The first that has to be confirmed."""
    for earlier in range(6):
        ask(session, coach, earlier)
    made = ask(session, coach, n)
    assert isinstance(made, UnconfirmedRequest)
    return made


def count(session: Session, table: Any, *conditions: Any) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def to_families(session: Session) -> int:
    return count(session, OutboxMessage, OutboxMessage.account_id.is_(None))


def test_three_hundred_tries_of_one_network_hold_six_times_and_send_twelve_mails(
    session: Session, coach: Coach
) -> None:
    refused = 0
    for n in range(300):
        try:
            ask(session, coach, n % 40, customer_email=f"stranger{n}@example.org")
        except (TooMany, SlotUnavailable) as error:
            refused += isinstance(error, TooMany)
    assert count(session, Booking) == count(session, Hold) == 6
    assert count(session, UnconfirmedRequest) == 6 and to_families(session) == 12
    assert refused == 288


def test_lessons_that_are_booked_directly_count_too(session: Session) -> None:
    omars = omar(session)
    made = [ask(session, omars, n) for n in range(8)]
    assert [isinstance(one, Booking) for one in made] == [True] * 6 + [False] * 2


def test_another_network_is_not_asked_to_confirm(session: Session, coach: Coach) -> None:
    waiting(session, coach)
    assert isinstance(ask(session, coach, 7, ELSEWHERE), Booking)


def test_nobody_else_hears_of_a_request_that_waits_for_its_click(session: Session, coach: Coach) -> None:
    made = waiting(session, coach)
    about = session.scalars(select(OutboxMessage).where(OutboxMessage.unconfirmed_request_id == made.id)).all()
    assert [(mail.kind, mail.recipient) for mail in about] == [(MessageKind.CONFIRM_REQUEST, "family6@example.org")]
    assert count(session, OutboxMessage, OutboxMessage.kind == MessageKind.REQUEST) == 6


def test_on_the_click_the_time_is_held_and_the_coach_asked(session: Session, coach: Coach) -> None:
    made = waiting(session, coach)
    booking = request_limits.confirm(session, coach, made.id, made.serial, now=NOW + HOUR / 2)
    assert booking.status is Status.PENDING and count(session, Hold) == 7
    assert (booking.customer_email, booking.network_hash) == ("family6@example.org", None)
    assert request_limits.confirm(session, coach, made.id, made.serial, now=NOW + HOUR).id == booking.id
    assert made.wanted == "" and count(session, Booking) == 7


def test_a_click_gives_its_place_back_to_the_network(session: Session, coach: Coach) -> None:
    made = [waiting(session, coach), *(ask(session, coach, n) for n in range(7, 12))]
    with pytest.raises(TooMany):
        ask(session, coach, 12)
    for one in made:
        assert isinstance(one, UnconfirmedRequest)
        request_limits.confirm(session, coach, one.id, one.serial, now=NOW)
    assert isinstance(ask(session, coach, 12), UnconfirmedRequest)


def test_a_time_that_was_taken_meanwhile_is_refused_with_others_and_another_can_be_taken(
    session: Session, coach: Coach
) -> None:
    made = waiting(session, coach)
    ask(session, coach, 6, ELSEWHERE, customer_email="quicker@example.org")
    with pytest.raises(SlotUnavailable) as refusal:
        request_limits.confirm(session, coach, made.id, made.serial, now=NOW)
    booking = request_limits.confirm(
        session, coach, made.id, made.serial, starts_at=refusal.value.next_slots[0], now=NOW
    )
    assert booking.starts_at == refusal.value.next_slots[0]


def test_a_request_that_nobody_confirms_vanishes_with_its_mail(session: Session, coach: Coach) -> None:
    made = waiting(session, coach)
    with pytest.raises(LinkExpired, match="ask again"):
        request_limits.confirm(session, coach, made.id, made.serial, now=NOW + HOUR)
    request_limits.forget_old(session, now=NOW + HOUR)
    assert count(session, UnconfirmedRequest) == 0 and to_families(session) == 6
    with pytest.raises(LinkExpired):
        request_limits.get_unconfirmed(session, made.id, made.serial, now=NOW)


def test_a_link_does_not_open_a_later_request_with_the_same_id(session: Session, coach: Coach) -> None:
    made = waiting(session, coach)
    with pytest.raises(LinkExpired):
        request_limits.get_unconfirmed(session, made.id, made.serial + 1, now=NOW)


def test_the_hour_says_when_it_is_over(session: Session, coach: Coach) -> None:
    for n in range(12):
        ask(session, coach, n, now=NOW + n * timedelta(minutes=1))
    with pytest.raises(TooMany, match="from your network") as refusal:
        ask(session, coach, 12, now=NOW + timedelta(minutes=20))
    assert refusal.value.retry_after_s == 40 * 60
    assert isinstance(ask(session, coach, 12, now=NOW + HOUR), UnconfirmedRequest)


def test_one_address_is_not_asked_from_many_networks(session: Session, coach: Coach) -> None:
    the_gym(session).most_strangers_per_coach = 1
    ask(session, coach, 0)
    for n in range(1, 4):
        ask(session, coach, n, f"network{n}", customer_email="victim@example.org")
    with pytest.raises(TooMany, match="wait for a click"):
        ask(session, coach, 4, "network4", customer_email="victim@example.org")


def test_strangers_of_many_networks_do_not_fill_a_coachs_week(session: Session, coach: Coach) -> None:
    the_gym(session).most_strangers_per_coach = 4
    made = [ask(session, coach, n, f"network{n}") for n in range(6)]
    assert [isinstance(one, Booking) for one in made] == [True] * 4 + [False] * 2


def test_the_same_form_sent_twice_is_the_same_request(session: Session, coach: Coach) -> None:
    for n in range(6):
        ask(session, coach, n)
    key: dict[str, Any] = {"idempotency_key": "a-key-of-sixteen"}
    first, again = ask(session, coach, 6, **key), ask(session, coach, 6, **key)
    assert first is again and count(session, UnconfirmedRequest) == 1
    with pytest.raises(IdempotencyMismatch):
        ask(session, coach, 7, **key)
    assert isinstance(first, UnconfirmedRequest)
    booking = request_limits.confirm(session, coach, first.id, first.serial, now=NOW)
    assert ask(session, coach, 6, **key) is booking


def test_where_a_request_came_from_is_forgotten(session: Session, coach: Coach) -> None:
    made = ask(session, coach, 0)
    assert isinstance(made, Booking) and made.network_hash == HERE
    request_limits.forget_old(session, now=NOW + timedelta(hours=2))
    session.refresh(made)
    assert made.network_hash == HERE  # while it waits it counts
    request_limits.forget_old(session, now=NOW + timedelta(days=3))
    session.refresh(made)
    assert made.network_hash is None


def test_the_gym_says_how_many(session: Session, coach: Coach) -> None:
    gym = the_gym(session)
    gym.most_open_per_network, gym.most_new_per_network = 2, 3
    assert isinstance(ask(session, coach, 1), Booking)
    assert isinstance(ask(session, coach, 2), Booking)
    assert isinstance(ask(session, coach, 3), UnconfirmedRequest)
    with pytest.raises(TooMany):
        ask(session, coach, 4)
