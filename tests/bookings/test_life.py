"""
A booking's life: every row of the table happens as written, and every other try is refused and changes nothing.

A situation is where a booking stands, an actor is who tries, a verb is what.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from core.bookings import cancellation, expiry
from core.bookings.decisions import Decision, decide
from core.bookings.models import Booking, Status
from core.errors import (
    AlreadyDecided,
    BookingCancelled,
    Invalid,
    NotAllowed,
    NotFound,
    NotPossible,
    RequestExpired,
    SpiritError,
    TooLate,
)
from core.outbox.models import MessageKind
from core.platform.actor import PARENT_ON_SITE, THE_CLOCK, Actor, ActorRole, Channel
from tests.bookings.conftest import TUESDAY_AT_FOUR, House
from tests.support.people import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + HOUR
EXPIRES = TUESDAY_AT_FOUR - HOUR
STARTS = TUESDAY_AT_FOUR
NORAS, SAMS = "nora@spirit.example", "sam@example.org"


def waiting(house: House) -> tuple[Booking, datetime]:
    return house.ask(), LATER


def past_its_expiry(house: House) -> tuple[Booking, datetime]:
    return house.ask(), EXPIRES


def approved(house: House) -> tuple[Booking, datetime]:
    booking = house.ask()
    return decide(house.session, house.nora, booking.id, Decision.APPROVE, by=house.by_nora, now=LATER), LATER


def under_way(house: House) -> tuple[Booking, datetime]:
    return approved(house)[0], STARTS


def denied(house: House) -> tuple[Booking, datetime]:
    booking = house.ask()
    return decide(house.session, house.nora, booking.id, Decision.DENY, by=house.by_nora, now=LATER), LATER


def expired(house: House) -> tuple[Booking, datetime]:
    booking = house.ask()
    expiry.expire_overdue(house.session, house.nora, now=EXPIRES)
    return booking, EXPIRES


def cancelled_by_sam(house: House) -> tuple[Booking, datetime]:
    booking = house.ask()
    return cancellation.cancel(house.session, house.nora, booking.id, by=PARENT_ON_SITE, now=LATER), LATER


def cancelled_by_nora(house: House) -> tuple[Booking, datetime]:
    booking, now = approved(house)
    return cancellation.cancel(house.session, house.nora, booking.id, by=house.by_nora, reason="Ill", now=now), now


def cancelled_by_ada(house: House) -> tuple[Booking, datetime]:
    booking, now = approved(house)
    return cancellation.cancel(house.session, house.nora, booking.id, by=house.by_ada, reason="Power cut", now=now), now


def sam(house: House) -> Actor:
    return PARENT_ON_SITE


def nora(house: House) -> Actor:
    return house.by_nora


def ada(house: House) -> Actor:
    return house.by_ada


def omar_her_team_mate(house: House) -> Actor:
    return Actor(house.omar.account_id, ActorRole.COACH, Channel.CONSOLE)


def omar_who_says_he_is_an_admin(house: House) -> Actor:
    return Actor(house.omar.account_id, ActorRole.ADMIN, Channel.CONSOLE)


def ada_who_says_she_is_the_coach(house: House) -> Actor:
    return Actor(house.ada.id, ActorRole.COACH, Channel.CONSOLE)


def a_stranger(house: House) -> Actor:
    return Actor(None, ActorRole.COACH, Channel.API)


def an_account_that_never_was(house: House) -> Actor:
    return Actor(999_999, ActorRole.ADMIN, Channel.API)


def nora_who_left(house: House) -> Actor:
    house.nora.account.disabled_at = NOW
    return house.by_nora


def ada_who_left(house: House) -> Actor:
    house.ada.disabled_at = NOW
    return house.by_ada


def the_clock(house: House) -> Actor:
    return THE_CLOCK


Situation = Callable[[House], tuple[Booking, datetime]]
Person = Callable[[House], Actor]
Verb = Callable[[House, Booking, Actor, datetime], Booking]

STAFF: list[Person] = [nora, ada]
NOBODYS_BUSINESS: list[Person] = [
    omar_her_team_mate,
    omar_who_says_he_is_an_admin,
    ada_who_says_she_is_the_coach,
    a_stranger,
    an_account_that_never_was,
    nora_who_left,
    ada_who_left,
    the_clock,
]


def approves(house: House, booking: Booking, by: Actor, now: datetime) -> Booking:
    return decide(house.session, house.nora, booking.id, Decision.APPROVE, by=by, reason="Nora rang", now=now)


def denies(house: House, booking: Booking, by: Actor, now: datetime) -> Booking:
    return decide(house.session, house.nora, booking.id, Decision.DENY, by=by, reason="Away that day", now=now)


def cancels(house: House, booking: Booking, by: Actor, now: datetime) -> Booking:
    return cancellation.cancel(house.session, house.nora, booking.id, by=by, reason="Nora is ill", now=now)


@pytest.mark.parametrize(
    ("situation", "person", "verb", "becomes", "told"),
    [
        (waiting, nora, approves, Status.APPROVED, [(MessageKind.CONFIRMED, SAMS)]),
        (waiting, nora, denies, Status.DENIED, [(MessageKind.DENIED, SAMS)]),
        (
            waiting,
            ada,
            approves,
            Status.APPROVED,
            [(MessageKind.CONFIRMED, SAMS), (MessageKind.DECIDED_BY_ADMIN, NORAS)],
        ),
        (waiting, ada, denies, Status.DENIED, [(MessageKind.DENIED, SAMS), (MessageKind.DECIDED_BY_ADMIN, NORAS)]),
        (
            waiting,
            sam,
            cancels,
            Status.CANCELLED,
            [(MessageKind.CANCELLED, SAMS), (MessageKind.LESSON_CANCELLED, NORAS)],
        ),
        (
            approved,
            sam,
            cancels,
            Status.CANCELLED,
            [(MessageKind.CANCELLED, SAMS), (MessageKind.LESSON_CANCELLED, NORAS)],
        ),
        (approved, nora, cancels, Status.CANCELLED, [(MessageKind.CANCELLED, SAMS)]),
        (
            approved,
            ada,
            cancels,
            Status.CANCELLED,
            [(MessageKind.CANCELLED, SAMS), (MessageKind.LESSON_CANCELLED, NORAS)],
        ),
    ],
)
def test_a_row_of_the_table_happens_as_written(
    house: House,
    situation: Situation,
    person: Person,
    verb: Verb,
    becomes: Status,
    told: list[tuple[MessageKind, str]],
) -> None:
    booking, now = situation(house)
    before, version, events, mails = booking.status, booking.version, house.events(booking), house.mails(booking)
    by = person(house)
    changed = verb(house, booking, by, now)
    house.session.refresh(changed)
    assert (changed.status, changed.version, changed.slot_version) == (becomes, version + 1, 1)
    assert (changed.changed_at, changed.changed_by, changed.channel) == (now, by.role, by.channel)
    assert changed.changed_by_account_id == by.account_id
    assert house.events(booking) == [*events, (before, becomes, by.role, by.account_id, by.channel, now)]
    assert house.mails(booking) == [*mails, *told]
    assert len(house.holds(booking)) == (1 if becomes is Status.APPROVED else 0)


def refusals() -> list[tuple[Situation, Person, Verb, type[SpiritError] | None]]:
    """Every try that the table does not have, and its error; None is the same answer again, which changes nothing."""
    answered: dict[Situation, dict[Verb, type[SpiritError] | None]] = {
        past_its_expiry: {approves: RequestExpired, denies: RequestExpired, cancels: RequestExpired},
        approved: {approves: None, denies: AlreadyDecided},
        under_way: {approves: None, denies: AlreadyDecided, cancels: TooLate},
        denied: {approves: AlreadyDecided, denies: None, cancels: NotPossible},
        expired: {approves: RequestExpired, denies: RequestExpired, cancels: RequestExpired},
        cancelled_by_sam: {approves: BookingCancelled, denies: BookingCancelled, cancels: BookingCancelled},
        cancelled_by_nora: {approves: BookingCancelled, denies: BookingCancelled},
        cancelled_by_ada: {approves: BookingCancelled, denies: BookingCancelled},
    }
    tries = [
        (situation, person, verb, error)
        for situation, verbs in answered.items()
        for verb, error in verbs.items()
        for person in STAFF
    ]
    tries += [(waiting, person, cancels, NotPossible) for person in STAFF]
    tries += [(cancelled_by_nora, nora, cancels, None), (cancelled_by_nora, ada, cancels, BookingCancelled)]
    tries += [(cancelled_by_ada, ada, cancels, None), (cancelled_by_ada, nora, cancels, BookingCancelled)]
    of_sam: list[tuple[Situation, type[SpiritError] | None]] = [
        (past_its_expiry, RequestExpired),
        (under_way, TooLate),
        (denied, NotPossible),
        (expired, RequestExpired),
        (cancelled_by_sam, None),
        (cancelled_by_nora, BookingCancelled),
        (cancelled_by_ada, BookingCancelled),
    ]
    tries += [(situation, sam, cancels, error) for situation, error in of_sam]
    everywhere: list[Situation] = [waiting, *answered]
    for situation in everywhere:
        tries += [(situation, sam, verb, NotAllowed) for verb in (approves, denies)]
    for situation in (waiting, approved, cancelled_by_sam):
        tries += [
            (situation, person, verb, NotAllowed) for person in NOBODYS_BUSINESS for verb in (approves, denies, cancels)
        ]
    return tries


def _named(value: object) -> str:
    return str(getattr(value, "__name__", value))


@pytest.mark.parametrize(("situation", "person", "verb", "error"), refusals(), ids=_named)
def test_whatever_is_not_in_the_table_is_refused_and_changes_nothing(
    house: House, situation: Situation, person: Person, verb: Verb, error: type[SpiritError] | None
) -> None:
    booking, now = situation(house)
    by = person(house)
    before = house.record(booking)
    if error is None:
        assert verb(house, booking, by, now) is booking
    else:
        with pytest.raises(error) as refusal:
            verb(house, booking, by, now)
        assert type(refusal.value) is error
        assert len(str(refusal.value)) > 20
    assert house.record(booking) == before


@pytest.mark.parametrize(("situation", "verb"), [(waiting, approves), (waiting, denies), (approved, cancels)])
@pytest.mark.parametrize("verb_without", ["", "   ", None])
def test_an_admin_needs_a_reason(house: House, situation: Situation, verb: Verb, verb_without: str | None) -> None:
    booking, now = situation(house)
    before = house.record(booking)
    with pytest.raises(Invalid) as refusal:
        _without_reason(house, booking, verb, house.by_ada, verb_without, now)
    assert refusal.value.fields == {"reason": "Please give a reason."}
    assert house.record(booking) == before


def _without_reason(house: House, booking: Booking, verb: Verb, by: Actor, reason: str | None, now: datetime) -> None:
    if verb is cancels:
        cancellation.cancel(house.session, house.nora, booking.id, by=by, reason=reason, now=now)
    else:
        decision = Decision.APPROVE if verb is approves else Decision.DENY
        decide(house.session, house.nora, booking.id, decision, by=by, reason=reason, now=now)


def test_a_coach_needs_a_reason_to_cancel_and_none_to_deny(house: House) -> None:
    booking, now = approved(house)
    with pytest.raises(Invalid):
        _without_reason(house, booking, cancels, house.by_nora, None, now)
    asked = house.ask(STARTS + DAY)
    _without_reason(house, asked, denies, house.by_nora, None, now)
    assert (asked.status, asked.denial_reason) == (Status.DENIED, None)


def test_an_overlong_reason_is_refused(house: House) -> None:
    booking, now = waiting(house)
    with pytest.raises(Invalid) as refusal:
        _without_reason(house, booking, denies, house.by_nora, "r" * 501, now)
    assert refusal.value.fields == {"reason": "Please shorten the reason to 500 characters."}
    _without_reason(house, booking, denies, house.by_nora, " " + "r" * 500 + "\x00 ", now)
    assert booking.denial_reason == "r" * 500


def test_a_reason_is_kept_where_it_is_shown(house: House) -> None:
    booking, now = waiting(house)
    denies(house, booking, house.by_nora, now)
    assert (booking.denial_reason, booking.override_reason, booking.cancel_reason) == ("Away that day", None, None)
    by_ada = house.ask(STARTS + DAY)
    denies(house, by_ada, house.by_ada, now)
    assert (by_ada.denial_reason, by_ada.override_reason) == ("Away that day", "Away that day")
    overridden = house.ask(STARTS + 2 * DAY)
    approves(house, overridden, house.by_ada, now)
    assert (overridden.denial_reason, overridden.override_reason) == (None, "Nora rang")
    cancels(house, overridden, house.by_nora, now)
    assert overridden.cancel_reason == "Nora is ill"


def test_stamps_tell_when(house: House) -> None:
    booking, now = approved(house)
    assert (booking.requested_at, booking.approved_at) == (NOW, now)
    cancels(house, booking, house.by_nora, now + HOUR)
    assert (booking.approved_at, booking.cancelled_at) == (now, now + HOUR)
    assert denied(house)[0].denied_at == LATER


def test_the_second_answer_learns_who_was_faster(house: House) -> None:
    booking, _ = approved(house)
    with pytest.raises(AlreadyDecided) as refusal:
        denies(house, booking, house.by_ada, LATER + HOUR)
    told = refusal.value
    assert str(told) == (
        "Nora Lindqvist has already approved this request, on Monday, November 23, 10:00 am (Pacific), from the mail. "
        "It was about Private tumbling for Ida, Tuesday, November 24, 4:00–5:00 pm (Pacific). Nothing was changed."
    )
    assert (told.how, told.at, told.by, told.channel) == ("APPROVED", LATER, "Nora Lindqvist", "MAIL")


def test_a_booking_of_another_coach_is_not_found(house: House) -> None:
    booking, now = waiting(house)
    before = house.record(booking)
    by_omar = Actor(house.omar.account_id, ActorRole.COACH, Channel.MAIL)
    with pytest.raises(NotFound):
        decide(house.session, house.omar, booking.id, Decision.APPROVE, by=by_omar, now=now)
    with pytest.raises(NotFound):
        cancellation.cancel(house.session, house.omar, booking.id, by=by_omar, reason="Not his", now=now)
    with pytest.raises(NotFound):
        decide(house.session, house.nora, 999_999, Decision.APPROVE, by=house.by_nora, now=now)
    assert house.record(booking) == before
