"""A mail is sent only while it is true; what is no longer true says why."""

from datetime import timedelta

import pytest

from core.bookings.mail_status import state_of
from core.bookings.models import Booking, Status
from core.mail.validity import why_untrue
from core.outbox.kinds import Audience, MessageKind
from core.outbox.models import OutboxMessage
from core.people.models import SignInLink
from tests.support.mail_samples import TOGETHER, digest
from tests.support.people import NOW

HOUR = timedelta(hours=1)
THE_REQUEST_WAS = "the request was {} before this mail was sent"
THE_BOOKING_WAS = "the booking was {} before this mail was sent"
TRUE_WHILE = {
    MessageKind.REQUEST: Status.PENDING,
    MessageKind.REMINDER: Status.PENDING,
    MessageKind.REQUEST_RECEIVED: Status.PENDING,
    MessageKind.CONFIRMED: Status.APPROVED,
    MessageKind.BOOKED_DIRECTLY: Status.APPROVED,
    MessageKind.DENIED: Status.DENIED,
    MessageKind.EXPIRED: Status.EXPIRED,
    MessageKind.REQUEST_EXPIRED: Status.EXPIRED,
    MessageKind.CANCELLED: Status.CANCELLED,
    MessageKind.LESSON_CANCELLED: Status.CANCELLED,
}
WORDS = {
    Status.PENDING: "waiting again",
    Status.APPROVED: "approved",
    Status.DENIED: "denied",
    Status.EXPIRED: "expired",
    Status.CANCELLED: "cancelled",
}


def message(kind: MessageKind, **columns: object) -> OutboxMessage:
    return OutboxMessage(kind=kind, booking_version=2, **columns)


def booking(status: Status) -> Booking:
    return Booking(status=status, version=2, expires_at=NOW + HOUR, starts_at=NOW + 5 * HOUR)


def test_one_kind_announces_each_state_of_a_booking_to_its_family() -> None:
    announcing = [kind for kind in MessageKind if kind.spec.announces]
    assert sorted(str(state_of(kind)) for kind in announcing) == sorted(Status)
    assert {kind.spec.audience for kind in announcing} == {Audience.PARENT}


def test_a_kinds_name_in_the_database_is_its_value_in_capitals() -> None:
    assert [kind.name for kind in MessageKind] == [kind.value.upper() for kind in MessageKind]


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("kind", list(TRUE_WHILE))
def test_a_mail_is_true_in_one_state_of_its_booking(kind: MessageKind, status: Status) -> None:
    reason = why_untrue(message(kind), booking(status), None, now=NOW)
    if status is TRUE_WHILE[kind]:
        assert reason is None
    elif TRUE_WHILE[kind] is Status.PENDING:
        assert reason == THE_REQUEST_WAS.format(WORDS[status])
    else:
        assert reason == THE_BOOKING_WAS.format(WORDS[status])


@pytest.mark.parametrize("kind", [MessageKind.REQUEST, MessageKind.REMINDER, MessageKind.REQUEST_RECEIVED])
def test_a_request_past_its_expiry_is_asked_about_no_more_although_no_sweep_has_run(kind: MessageKind) -> None:
    waiting = booking(Status.PENDING)
    assert why_untrue(message(kind), waiting, None, now=NOW + HOUR - timedelta(microseconds=1)) is None
    assert why_untrue(message(kind), waiting, None, now=NOW + HOUR) == THE_REQUEST_WAS.format("expired")


@pytest.mark.parametrize("status", [Status.APPROVED, Status.DENIED])
def test_what_an_admin_decided_is_told_until_the_booking_changes_again(status: Status) -> None:
    told = message(MessageKind.DECIDED_BY_ADMIN)
    assert why_untrue(told, booking(status), None, now=NOW) is None
    later = booking(Status.CANCELLED)
    later.version = 3
    assert why_untrue(told, later, None, now=NOW) == THE_BOOKING_WAS.format("cancelled")


@pytest.mark.parametrize("kind", list(MessageKind))
def test_no_mail_is_sent_from_the_instant_it_is_worth_nothing(kind: MessageKind) -> None:
    about = booking(TRUE_WHILE[kind]) if kind in TRUE_WHILE else None
    row = message(kind, not_after=NOW + HOUR)
    assert why_untrue(row, about, None, now=NOW + HOUR - timedelta(microseconds=1)) is None
    assert why_untrue(row, about, None, now=NOW + HOUR) == "it was too late to send it"


def test_a_link_that_was_used_is_not_mailed() -> None:
    fresh = SignInLink(used_at=None, expires_at=NOW + HOUR)
    used = SignInLink(used_at=NOW, expires_at=NOW + HOUR)
    replaced = SignInLink(used_at=None, expires_at=NOW)
    row = message(MessageKind.SIGN_IN, not_after=NOW + HOUR)
    assert why_untrue(row, None, fresh, now=NOW) is None
    assert why_untrue(row, None, used, now=NOW) == "the link was used before this mail was sent"
    assert why_untrue(row, None, replaced, now=NOW) == "the link was replaced before this mail was sent"


@pytest.mark.parametrize("kind", TOGETHER)
def test_several_things_are_told_while_there_are_some_and_their_coach_wants_to_hear(kind: MessageKind) -> None:
    nothing = {
        MessageKind.ROLL_UP: "all these requests were answered before this mail was sent",
        MessageKind.DAILY_SUMMARY: "nobody waited and no lesson was on that day",
    }
    some, none = digest(kind), digest(kind, waiting=0, lessons=0)
    for about in (some, none):
        about.coach.roll_up = about.coach.daily_summary = True
    assert why_untrue(message(kind), None, None, some, now=NOW) is None
    assert why_untrue(message(kind), None, None, none, now=NOW) == nothing[kind]
    setattr(some.coach, some.kind.preference, False)
    assert why_untrue(message(kind), None, None, some, now=NOW) == "its coach wants this mail no more"


def test_a_morning_with_lessons_alone_is_told() -> None:
    about = digest(MessageKind.DAILY_SUMMARY, waiting=0)
    about.coach.daily_summary = True
    assert why_untrue(message(MessageKind.DAILY_SUMMARY), None, None, about, now=NOW) is None
