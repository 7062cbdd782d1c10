"""A coach hears of twenty requests a day one by one, and of all others together, once an hour; nothing is lost or late."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from core.bookings import request_notifications
from core.bookings.decisions import Decision
from core.bookings.models import Booking
from core.outbox import messages
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.schedule.models import Coach
from core.schedule.preferences import Digest, stop_mail
from tests.outbox.conftest import NORAS, Post
from tests.support.people import NOW, at

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MAX_SINGLE = 2


@pytest.fixture(autouse=True)
def two_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert request_notifications.MAX_AT_ONCE == 20
    monkeypatch.setattr(request_notifications, "MAX_AT_ONCE", MAX_SINGLE)


def asked(post: Post, *starts: datetime) -> list[Booking]:
    """Each by a family of its own."""
    return [post.ask(start, customer_email=f"family{start:%d%H%M}@example.org") for start in starts]


def rows(post: Post, kind: MessageKind) -> list[OutboxMessage]:
    with post.services.database.read() as session:
        query = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)
        return list(session.scalars(query))


def mailed(post: Post, kind: MessageKind) -> list[Any]:
    return [mail for _, mail in post.server.taken if mail["X-Spirit-Mail"] == kind.value]


def change(post: Post, **columns: int) -> None:
    with post.services.database.write() as transaction:
        transaction.session.execute(update(Coach).where(Coach.id == post.nora).values(**columns))


TIMES = [at(day, hour) for day in (1, 2, 3, 4) for hour in (9, 11, 14)]


def test_above_a_days_most_they_come_together_at_the_next_full_hour(post: Post, clock: time_machine.Traveller) -> None:
    clock.shift(10 * MINUTE)
    bookings = asked(post, *TIMES[:4])
    assert [row.booking_id for row in rows(post, MessageKind.REQUEST)] == [
        booking.id for booking in bookings[:MAX_SINGLE]
    ]
    (together,) = rows(post, MessageKind.ROLL_UP)
    assert (together.recipient, together.due_at, together.booking_id) == (NORAS, NOW + HOUR, None)
    post.deliver()
    assert not mailed(post, MessageKind.ROLL_UP)
    clock.move_to(NOW + HOUR)
    post.deliver()
    (mail,) = mailed(post, MessageKind.ROLL_UP)
    assert mail["Subject"] == "2 more requests wait for your answer"
    assert len(rows(post, MessageKind.REQUEST_RECEIVED)) == 4, "every family has its receipt"


def test_what_was_answered_meanwhile_is_left_out_and_an_empty_one_is_not_sent(
    post: Post, clock: time_machine.Traveller
) -> None:
    bookings = asked(post, *TIMES[:4])
    post.answer(bookings[3], Decision.APPROVE)
    clock.move_to(NOW + HOUR)
    post.deliver()
    (mail,) = mailed(post, MessageKind.ROLL_UP)
    assert mail["Subject"] == "1 more request waits for your answer"
    for booking in (bookings[2], *asked(post, TIMES[4])):
        post.answer(booking, Decision.DENY)
    clock.move_to(NOW + 2 * HOUR)
    post.deliver()
    assert len(mailed(post, MessageKind.ROLL_UP)) == 1
    dropped = rows(post, MessageKind.ROLL_UP)[-1]
    assert dropped.state is MessageState.DROPPED
    assert dropped.last_error == "all these requests were answered before this mail was sent"


def test_there_is_one_an_hour_however_many_come(post: Post, clock: time_machine.Traveller) -> None:
    asked(post, *TIMES[:5])
    clock.shift(59 * MINUTE + timedelta(seconds=30))
    asked(post, TIMES[5])
    assert [row.due_at for row in rows(post, MessageKind.ROLL_UP)] == [NOW + HOUR, NOW + 2 * HOUR], (
        "within the last minute the next one takes it, for this one may be on its way already"
    )


def test_a_new_day_of_hers_begins_to_count_anew(post: Post, clock: time_machine.Traveller) -> None:
    asked(post, *TIMES[:2])
    clock.move_to(at(0, 23, 59))
    asked(post, TIMES[3])
    clock.move_to(at(1, 0, 0))
    (fresh,) = asked(post, TIMES[5])
    told = [row.booking_id for row in rows(post, MessageKind.REQUEST)]
    assert len(told) == MAX_SINGLE + 1 and told[-1] == fresh.id


def test_a_request_that_cannot_wait_for_the_hour_is_mailed_at_once(post: Post, clock: time_machine.Traveller) -> None:
    change(post, notice_min=60)
    asked(post, *TIMES[:3])
    clock.move_to(at(0, 10, 5))
    (urgent,) = asked(post, at(0, 12))
    assert urgent.expires_at == at(0, 11)
    assert rows(post, MessageKind.REQUEST)[-1].booking_id == urgent.id
    assert len(rows(post, MessageKind.ROLL_UP)) == 1


def test_another_coachs_requests_and_lessons_booked_directly_do_not_count(post: Post) -> None:
    for hour in (9, 10, 11, 12):
        post.book(at(1, hour), customer_email=f"family{hour}@example.org")
    asked(post, *TIMES[:2])
    assert len(rows(post, MessageKind.REQUEST)) == 2 and len(rows(post, MessageKind.BOOKED_DIRECTLY)) == 4


def test_outcomes_and_reminders_come_however_many_there_were(post: Post) -> None:
    bookings = asked(post, *TIMES[:5])
    for booking in bookings:
        post.answer(booking, Decision.APPROVE)
    assert len(rows(post, MessageKind.CONFIRMED)) == len(rows(post, MessageKind.REMINDER)) == 5


def test_who_wants_no_mail_of_requests_gets_none_and_the_family_its_receipt(post: Post) -> None:
    change(post, request_mails=False)
    asked(post, *TIMES[:4])
    assert not rows(post, MessageKind.REQUEST) and not rows(post, MessageKind.ROLL_UP)
    assert len(rows(post, MessageKind.REQUEST_RECEIVED)) == 4


def test_who_wants_none_together_hears_no_more_than_the_days_most(post: Post) -> None:
    change(post, roll_up=False)
    asked(post, *TIMES[:4])
    assert len(rows(post, MessageKind.REQUEST)) == MAX_SINGLE and not rows(post, MessageKind.ROLL_UP)


def test_one_that_was_stopped_after_it_was_written_does_not_leave(post: Post, clock: time_machine.Traveller) -> None:
    asked(post, *TIMES[:3])
    post.services.database.transact(
        lambda tx: stop_mail(tx.session, tx.coach, Digest.ROLL_UP, now=tx.now), coach=post.nora
    )
    clock.move_to(NOW + HOUR)
    post.deliver()
    (row,) = rows(post, MessageKind.ROLL_UP)
    assert (row.state, row.last_error) == (MessageState.DROPPED, "its coach wants this mail no more")


def test_one_that_an_admin_sent_early_leaves_the_next_hour_to_what_comes_after(
    post: Post, clock: time_machine.Traveller
) -> None:
    asked(post, *TIMES[:3])
    post.services.database.transact(
        lambda tx: messages.retry(tx.session, rows(post, MessageKind.ROLL_UP)[0].id, now=tx.now)
    )
    post.deliver()
    asked(post, TIMES[4])
    assert [row.state for row in rows(post, MessageKind.ROLL_UP)] == [MessageState.SENT, MessageState.QUEUED]
    clock.move_to(NOW + 2 * HOUR)
    post.deliver()
    assert len(mailed(post, MessageKind.ROLL_UP)) == 2
