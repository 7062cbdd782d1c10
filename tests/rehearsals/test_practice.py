"""A coach practises: the whole way, to her alone, touching nothing, and gone by itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from core.bookings import slots
from core.bookings.access_scope import Everyone
from core.bookings.decisions import Decision
from core.bookings.models import Booking, BookingEvent, Hold, Status
from core.bookings.queries import count_awaiting_answer
from core.errors import Invalid, LinkReplaced, NotAllowed, NotFound, NotPossible, RequestExpired
from core.ops.sweep import sweep
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.people.models import Account
from core.platform.services import Services
from core.rehearsals import practice
from core.rehearsals.models import Rehearsal
from core.schedule.models import Coach
from tests.outbox.conftest import FakeServer
from tests.support import people
from tests.support.actors import as_staff
from tests.support.people import NOW

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass
class Gym:
    services: Services
    server: FakeServer
    nora: int
    omar: int
    ada: int

    def rehearse(self) -> Rehearsal:
        return self.services.database.transact(
            lambda tx: practice.rehearse(tx.session, tx.coach, by=as_staff(self.account(self.nora)), now=tx.now),
            coach=self.nora,
        )

    def answer(self, rehearsal: Rehearsal, decision: Decision, coach: int | None = None, **more: Any) -> Rehearsal:
        return self.services.database.transact(
            lambda tx: practice.answer(tx.session, tx.coach, rehearsal.id, decision, now=tx.now, **more),
            coach=coach or self.nora,
        )

    def account(self, coach: int) -> int:
        with self.services.database.read() as session:
            return session.get_one(Coach, coach).account_id

    def count(self, table: type[Any]) -> int:
        with self.services.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def mails(self) -> list[OutboxMessage]:
        with self.services.database.read() as session:
            return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for _, mail in self.server.taken]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def gym(services: Services, clock: time_machine.Traveller) -> Gym:
    server = FakeServer()
    with services.database.write() as transaction:
        session = transaction.session
        nora, omar, ada = people.nora(session), people.omar(session), people.ada(session)
        return Gym(replace(services, transport=server), server, nora.id, omar.id, ada.id)


def test_it_goes_the_whole_way_to_the_coach_alone(gym: Gym) -> None:
    rehearsal = gym.rehearse()
    sweep(gym.services)
    gym.answer(rehearsal, Decision.APPROVE)
    sweep(gym.services)
    assert gym.subjects() == [
        "Practice: Robin Example (practice) asks for Wednesday, November 25, 4:00–4:30 pm (Pacific)",
        "Practice: you approved Wednesday, November 25, 4:00–4:30 pm (Pacific)",
    ]
    assert {recipient for recipient, _ in gym.server.taken} == {"nora@spirit.example"}
    assert all("calendar" not in part.get_content_type() for _, mail in gym.server.taken for part in mail.walk())


def test_it_touches_no_slot_hold_booking_figure_or_family(gym: Gym) -> None:
    def free() -> list[Any]:
        with gym.services.database.read() as session:
            coach = session.get_one(Coach, gym.nora)
            return list(slots.next_free(session, coach, coach.lessons[0], now=NOW, count=60))

    before = free()
    rehearsal = gym.rehearse()
    assert rehearsal.starts_at in {slot.starts_at for slot in before}, "a time that could be asked for"
    gym.answer(rehearsal, Decision.APPROVE)
    assert free() == before
    assert [gym.count(table) for table in (Booking, BookingEvent, Hold)] == [0, 0, 0]
    assert {mail.recipient for mail in gym.mails()} == {"nora@spirit.example"}
    with gym.services.database.read() as session:
        assert count_awaiting_answer(session, whose=Everyone(), now=NOW) == (0, None)


def test_the_same_answer_again_changes_nothing_and_the_other_is_refused(gym: Gym) -> None:
    rehearsal = gym.rehearse()
    first = gym.answer(rehearsal, Decision.DENY, reason="  I am away. ")
    assert (first.status, first.denial_reason) == (Status.DENIED, "I am away.")
    assert gym.answer(rehearsal, Decision.DENY).answered_at == NOW
    with pytest.raises(NotPossible, match="already denied"):
        gym.answer(rehearsal, Decision.APPROVE)
    assert [mail.kind for mail in gym.mails()] == [MessageKind.REHEARSAL, MessageKind.REHEARSAL_ANSWERED]


def test_a_reason_that_is_too_long_loses_nothing(gym: Gym) -> None:
    rehearsal = gym.rehearse()
    with pytest.raises(Invalid):
        gym.answer(rehearsal, Decision.DENY, reason="a" * 501)
    assert gym.answer(rehearsal, Decision.APPROVE).status is Status.APPROVED


def test_only_the_coach_herself_practises_no_team_mate_and_no_admin(gym: Gym) -> None:
    rehearsal = gym.rehearse()
    for by in (gym.account(gym.omar), gym.ada, 999):
        with pytest.raises(NotAllowed):
            gym.services.database.transact(
                lambda tx: practice.rehearse(tx.session, tx.coach, by=as_staff(by), now=tx.now), coach=gym.nora
            )
        with pytest.raises(NotAllowed):
            gym.services.database.transact(
                lambda tx: practice.answer_in_console(
                    tx.session, tx.coach, rehearsal.id, Decision.APPROVE, by=as_staff(by), now=tx.now
                ),
                coach=gym.nora,
            )
    with pytest.raises(NotFound):
        gym.answer(rehearsal, Decision.APPROVE, coach=gym.omar)
    with gym.services.database.write() as transaction:
        transaction.session.get_one(Account, gym.account(gym.nora)).disabled_at = NOW
    with pytest.raises(NotAllowed):
        gym.rehearse()


def test_a_new_one_replaces_the_old_one_and_its_mails(gym: Gym) -> None:
    gym.rehearse()
    second = gym.rehearse()
    assert gym.count(Rehearsal) == 1 and [mail.rehearsal_id for mail in gym.mails()] == [second.id]
    sweep(gym.services)
    assert len(gym.subjects()) == 1


def test_a_mail_that_is_on_its_way_keeps_the_old_one_until_it_has_left(gym: Gym, clock: time_machine.Traveller) -> None:
    first = gym.rehearse()
    with gym.services.database.write() as transaction:
        row = transaction.session.scalars(select(OutboxMessage)).one()
        row.state, row.lease_until = MessageState.SENDING, NOW + MINUTE
    gym.rehearse()
    assert gym.count(Rehearsal) == 2
    with pytest.raises(LinkReplaced, match="newer practice request"):
        gym.answer(first, Decision.APPROVE)
    clock.move_to(NOW + DAY)
    sweep(gym.services)
    sweep(gym.services)
    assert (gym.count(Rehearsal), gym.mails()) == (0, [])


def test_after_a_day_it_is_over_and_leaves_nothing_behind(gym: Gym, clock: time_machine.Traveller) -> None:
    rehearsal = gym.rehearse()
    sweep(gym.services)
    clock.move_to(NOW + DAY - MINUTE)
    sweep(gym.services)
    assert gym.count(Rehearsal) == 1
    clock.move_to(NOW + DAY)
    with pytest.raises(RequestExpired):
        gym.answer(rehearsal, Decision.APPROVE)
    for _ in range(2):
        sweep(gym.services)
        assert (gym.count(Rehearsal), gym.mails()) == (0, [])
    with pytest.raises(NotFound, match="is over"):
        gym.answer(rehearsal, Decision.APPROVE)


def test_a_mail_that_was_answered_in_the_console_first_does_not_leave(gym: Gym) -> None:
    rehearsal = gym.rehearse()
    gym.services.database.transact(
        lambda tx: practice.answer_in_console(
            tx.session, tx.coach, rehearsal.id, Decision.APPROVE, by=as_staff(gym.account(gym.nora)), now=tx.now
        ),
        coach=gym.nora,
    )
    sweep(gym.services)
    asked = gym.mails()[0]
    assert (asked.state, asked.last_error) == (
        MessageState.DROPPED,
        "the request was approved before this mail was sent",
    )
    assert len(gym.subjects()) == 1


def test_a_coach_who_teaches_nothing_is_told_where_to_begin(gym: Gym) -> None:
    with gym.services.database.write() as transaction:
        transaction.session.get_one(Coach, gym.nora).lessons = []
    with pytest.raises(NotPossible, match="You teach no lesson yet"):
        gym.rehearse()
