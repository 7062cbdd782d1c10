"""Who wants it gets one mail a morning, at seven where she is, however often the sweep runs; and only if there is news."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from core.bookings.decisions import Decision
from core.ops.sweep import sweep, write_summaries
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.people.models import Account
from core.schedule.models import Coach
from core.schedule.preferences import Digest, stop_mail
from tests.outbox.conftest import NORAS, TUESDAY_AT_FOUR, Post
from tests.support.people import at

MINUTE = timedelta(minutes=1)


@pytest.fixture
def wanted(post: Post) -> Post:
    change(post, daily_summary=True)
    return post


def change(post: Post, **columns: Any) -> None:
    with post.services.database.write() as transaction:
        transaction.session.execute(update(Coach).where(Coach.id == post.nora).values(**columns))


def rows(post: Post) -> list[OutboxMessage]:
    with post.services.database.read() as session:
        query = select(OutboxMessage).where(OutboxMessage.kind == MessageKind.DAILY_SUMMARY).order_by(OutboxMessage.id)
        return list(session.scalars(query))


def mails(post: Post) -> list[str]:
    return [
        str(mail["Subject"])
        for recipient, mail in post.server.taken
        if mail["X-Spirit-Mail"] == "daily_summary" and recipient == NORAS
    ]


def swept(post: Post, clock: time_machine.Traveller, at: datetime) -> list[str]:
    clock.move_to(at)
    sweep(post.services)
    sweep(post.services)
    return mails(post)


def test_it_leaves_at_seven_and_tells_what_is_so_then(wanted: Post, clock: time_machine.Traveller) -> None:
    wanted.answer(wanted.ask(TUESDAY_AT_FOUR, customer_email="one@example.org"), Decision.APPROVE)
    wanted.ask(at(2, 10), customer_email="two@example.org")
    assert swept(wanted, clock, at(1, 7) - MINUTE) == []
    assert swept(wanted, clock, at(1, 7)) == ["Tuesday, November 24: 1 lesson, 1 family waits"]
    assert swept(wanted, clock, at(1, 8)) == swept(wanted, clock, at(1, 11, 59)) == mails(wanted)
    assert len(mails(wanted)) == len(rows(wanted)) == 1


def test_the_next_morning_has_its_own(wanted: Post, clock: time_machine.Traveller) -> None:
    wanted.ask(at(3, 10))
    swept(wanted, clock, at(1, 7))
    assert swept(wanted, clock, at(2, 7)) == [
        "Tuesday, November 24: no lesson, 1 family waits",
        "Wednesday, November 25: no lesson, 1 family waits",
    ]


def test_nobody_gets_it_who_did_not_ask_for_it(post: Post, clock: time_machine.Traveller) -> None:
    post.ask(at(3, 10))
    assert swept(post, clock, at(1, 7)) == [] and not rows(post)


def test_a_worker_that_was_away_sends_it_late_but_not_in_the_afternoon(
    wanted: Post, clock: time_machine.Traveller
) -> None:
    clock.move_to(at(1, 12))
    wanted.ask(at(4, 10))
    assert swept(wanted, clock, at(1, 12)) == [] and not rows(wanted)
    assert len(swept(wanted, clock, at(2, 11, 59))) == 1


def test_a_day_without_news_says_why_nothing_was_sent(wanted: Post, clock: time_machine.Traveller) -> None:
    assert swept(wanted, clock, at(1, 7)) == []
    (row,) = rows(wanted)
    assert (row.state, row.last_error) == (MessageState.DROPPED, "nobody waited and no lesson was on that day")


def test_one_that_was_stopped_meanwhile_does_not_leave(wanted: Post, clock: time_machine.Traveller) -> None:
    wanted.ask(at(3, 10))
    clock.move_to(at(1, 7))
    write_summaries(wanted.services)
    wanted.services.database.transact(
        lambda tx: stop_mail(tx.session, tx.coach, Digest.DAILY_SUMMARY, now=tx.now), coach=wanted.nora
    )
    assert swept(wanted, clock, at(1, 7)) == []
    assert rows(wanted)[0].last_error == "its coach wants this mail no more"
    assert swept(wanted, clock, at(2, 7)) == [] and len(rows(wanted)) == 1


def test_seven_is_seven_where_she_is_also_when_the_clocks_change(wanted: Post, clock: time_machine.Traveller) -> None:
    change(wanted, timezone="Europe/Berlin")
    wanted.ask(at(4, 4))
    berlin = at(1, 7) - timedelta(hours=9)
    assert swept(wanted, clock, berlin - MINUTE) == [] and len(swept(wanted, clock, berlin)) == 1
    for day, utc in ((datetime.fromisoformat("2027-03-27"), "06:00"), (datetime.fromisoformat("2027-03-28"), "05:00")):
        seven = datetime.fromisoformat(f"{day:%Y-%m-%d}T{utc}+00:00")
        before = len(rows(wanted))
        swept(wanted, clock, seven - MINUTE)
        assert len(rows(wanted)) == before
        swept(wanted, clock, seven)
        assert len(rows(wanted)) == before + 1


def test_who_has_left_gets_none(wanted: Post, clock: time_machine.Traveller) -> None:
    wanted.ask(at(3, 10))
    with wanted.services.database.write() as transaction:
        account = transaction.session.get_one(Coach, wanted.nora).account_id
        transaction.session.get_one(Account, account).disabled_at = transaction.now
    assert swept(wanted, clock, at(1, 7)) == [] and not rows(wanted)


def test_two_sweeps_at_once_write_one(wanted: Post, clock: time_machine.Traveller) -> None:
    """The second finds the row only when it writes its own: the key decides."""
    from core.mail.daily_summary import write_summary

    clock.move_to(at(1, 7))
    for _ in range(2):
        wanted.services.database.transact(lambda tx: write_summary(tx.session, wanted.nora, now=tx.now))
    assert len(rows(wanted)) == 1
