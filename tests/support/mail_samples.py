"""
A sample of every kind of mail, built in memory: Sam Rivera asks Nora for Ida; Ada administers.

Screenshots and tests share them. `sample(kind)` makes one; keywords change its booking.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.alerts.default_rules import BY_KEY
from core.alerts.models import AlertChange, Incident
from core.alerts.notifications import Notice
from core.alerts.state_machine import State
from core.bookings.models import Booking, Status
from core.gym.models import Gym
from core.mail.digest import Digest
from core.mail.mail_context import Invitation, MailContext
from core.outbox.kinds import Audience, MessageKind
from core.outbox.models import OutboxMessage
from core.people.models import Account, Role
from core.platform.actor import ActorRole, Channel
from core.platform.settings import Settings
from core.platform.signed_tokens import Signer
from core.rehearsals.models import Rehearsal
from core.schedule.availability import Slot
from core.schedule.models import Asks, Coach, LessonType

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)  # Saturday, 10 am in California
STARTS_AT = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)  # Tuesday, 4 pm in California
HOUR = timedelta(hours=1)
HANDLE = "pQ3vJ7mVh2sYc9LkXa0TfA"

TO_PARENT = tuple(kind for kind in MessageKind if kind.spec.audience is Audience.PARENT)
TO_STAFF = tuple(kind for kind in MessageKind if kind.spec.audience is not Audience.PARENT)
TOGETHER = tuple(kind for kind in MessageKind if kind.spec.digest is not None)
WAYS_IN = tuple(kind for kind in MessageKind if kind.spec.audience is Audience.STAFF)
PRACTICE = (MessageKind.REHEARSAL, MessageKind.REHEARSAL_ANSWERED)
ABOUT_A_LESSON = tuple(kind for kind in MessageKind if kind not in (*TOGETHER, *WAYS_IN, *PRACTICE, MessageKind.ALERT))
WITH_CALENDAR = tuple(kind for kind in MessageKind if kind.spec.calendar is not None)

settings = Settings(
    _env_file=None,
    data_dir=Path("/nowhere"),
    base_url="https://lessons.spirit.example",
    console_url="https://desk.spirit.example",
    mail_from="Spirit Athletics <bookings@spirit.example>",
    secret_key="a-key-for-samples-of-some-length",
    timezone="America/Los_Angeles",
)
signer = Signer(["a-key-for-samples-of-some-length"])


def gym() -> Gym:
    return Gym(
        id=1,
        name="Spirit Athletics",
        email="hello@spirit.example",
        phone="(415) 555-0100",
        street="48 Harbor Street, Oakland",
        content_version=0,
        late_cancel_hours=24,
        cancellation_fee_text="A late cancellation costs half the lesson.",
        mail_held=False,
    )


def nora() -> Account:
    return Account(id=2, email="nora@spirit.example", name="Nora Lindqvist", role=Role.COACH, created_at=NOW)


def ada() -> Account:
    return Account(id=1, email="ada@spirit.example", name="Ada Brandt", role=Role.ADMIN, created_at=NOW)


def booking(**changes: Any) -> Booking:
    """A request that waits for Nora's answer, except for what `changes` says."""
    coach = Coach(id=7, account_id=2, account=nora(), slug="nora", timezone="America/Los_Angeles", asks=Asks.ALWAYS)
    lesson = LessonType(id=3, slug="tumbling-60", name="Private tumbling", minutes=60, price_cents=8500)
    values: dict[str, Any] = {
        "id": 41,
        "handle": HANDLE,
        "coach_id": 7,
        "coach": coach,
        "lesson_type_id": 3,
        "lesson": lesson,
        "status": Status.PENDING,
        "version": 1,
        "slot_version": 1,
        "starts_at": STARTS_AT,
        "ends_at": STARTS_AT + HOUR,
        "price_cents": 8500,
        "calendar_uid": "booking-41@spirit.example",
        "customer_name": "Sam Rivera",
        "customer_email": "sam.rivera@example.org",
        "customer_phone": "+1 415-555-0134",
        "athlete_name": "Ida",
        "notes": "Ida has her first cartwheel and would love to learn the round-off.\nShe is a little shy at first.",
        "requested_at": NOW,
        "expires_at": STARTS_AT - 25 * HOUR,
        "changed_at": NOW,
        "changed_by": ActorRole.PARENT,
        "channel": Channel.SITE,
        "cancelled_late": False,
    }
    return Booking(**{**values, **changes})


APPROVED: dict[str, Any] = {
    "status": Status.APPROVED,
    "version": 2,
    "approved_at": NOW + HOUR,
    "changed_at": NOW + HOUR,
}
BY_NORA: dict[str, Any] = {"changed_by": ActorRole.COACH, "changed_by_account_id": 2, "channel": Channel.MAIL}
BY_ADA: dict[str, Any] = {"changed_by": ActorRole.ADMIN, "changed_by_account_id": 1, "channel": Channel.CONSOLE}
DENIED: dict[str, Any] = {"status": Status.DENIED, "version": 2, "denied_at": NOW + HOUR, "changed_at": NOW + HOUR}
EXPIRED: dict[str, Any] = {
    "status": Status.EXPIRED,
    "version": 2,
    "expired_at": STARTS_AT - 25 * HOUR,
    "changed_at": STARTS_AT - 25 * HOUR,
    "changed_by": ActorRole.CLOCK,
    "channel": Channel.CLOCK,
}
CANCELLED: dict[str, Any] = {
    **APPROVED,
    "status": Status.CANCELLED,
    "version": 3,
    "cancelled_at": NOW + 9 * HOUR,
    "changed_at": NOW + 9 * HOUR,
}
LATE: dict[str, Any] = {
    "cancelled_late": True,
    "cancelled_at": STARTS_AT - 5 * HOUR,
    "changed_at": STARTS_AT - 5 * HOUR,
}


def changes(kind: MessageKind) -> dict[str, Any]:
    """How the booking of a sample differs from a request that waits."""
    different: dict[MessageKind, dict[str, Any]] = {
        MessageKind.BOOKED_DIRECTLY: {"status": Status.APPROVED, "approved_at": NOW, "expires_at": None},
        MessageKind.DECIDED_BY_ADMIN: {
            **APPROVED,
            **BY_ADA,
            "changed_by_account": ada(),
            "override_reason": "Nora is at a wedding and asked me to say yes to this one.",
        },
        MessageKind.LESSON_CANCELLED: {
            **CANCELLED,
            **LATE,
            "cancel_reason": "Ida has a fever.",
            "channel": Channel.SITE,
        },
        MessageKind.REQUEST_EXPIRED: EXPIRED,
        MessageKind.CONFIRMED: {**APPROVED, **BY_NORA, "changed_by_account": nora()},
        MessageKind.DENIED: {
            **DENIED,
            **BY_NORA,
            "changed_by_account": nora(),
            "denial_reason": "I am at a meet that afternoon. Wednesday after five would be lovely.",
        },
        MessageKind.EXPIRED: EXPIRED,
        MessageKind.CANCELLED: {
            **CANCELLED,
            **BY_NORA,
            "changed_by_account": nora(),
            "cancel_reason": "I sprained my ankle this morning and cannot spot safely. I am sorry!",
        },
    }
    return different.get(kind, {})


def sample(
    kind: MessageKind, *, at: datetime | None = None, next_slots: list[Slot] | None = None, **more: Any
) -> MailContext:
    """The sample of this kind, written at `at`; `more` changes its booking."""
    about = booking(**{**changes(kind), **more}) if kind in ABOUT_A_LESSON else None
    if kind in PRACTICE:
        about = practice(kind).as_booking()
    account = (ada() if kind is MessageKind.ALERT else nora()) if kind in TO_STAFF else None
    recipient = account.email if account else about.customer_email if about else ""
    written_at = at or (about.changed_at if about else NOW)
    if kind is MessageKind.REMINDER and at is None:
        written_at = STARTS_AT - 27 * HOUR
    message = OutboxMessage(
        id=100 + list(MessageKind).index(kind),
        kind=kind,
        booking_id=about.id if about else None,
        booking_version=about.version if about else None,
        account_id=account.id if account else None,
        sign_in_link_id=5 if kind in WAYS_IN else None,
        rehearsal_id=9 if kind in PRACTICE else None,
        recipient=recipient,
        created_at=written_at,
        due_at=written_at,
        not_after=None if about else NOW + (7 * 24 * HOUR if kind is MessageKind.INVITATION else timedelta(minutes=10)),
        message_id=f"5eed{list(MessageKind).index(kind):028x}",
    )
    return MailContext(
        message=message,
        gym=gym(),
        booking=about,
        account=account,
        sign_in_link_id=message.sign_in_link_id,
        gym_zone=settings.zone,
        next_slots=_slots(next_slots) if kind is MessageKind.EXPIRED else (),
        generated_at=written_at,
        digest=digest(kind, **more) if kind in TOGETHER else None,
        invitation=Invitation("Ada Brandt", teaches=True) if kind is MessageKind.INVITATION else None,
        notice=notice() if kind is MessageKind.ALERT else None,
        confirms=(3, 1) if kind is MessageKind.CONFIRM_REQUEST else None,
    )


def practice(kind: MessageKind) -> Rehearsal:
    """Nora's practice request: it waits, or she has denied it."""
    about = booking()
    answered = kind is MessageKind.REHEARSAL_ANSWERED
    return Rehearsal(
        id=9,
        coach_id=7,
        coach=about.coach,
        lesson_type_id=3,
        lesson=about.lesson,
        status=Status.DENIED if answered else Status.PENDING,
        starts_at=STARTS_AT,
        ends_at=STARTS_AT + HOUR,
        requested_at=NOW,
        expires_at=NOW + 24 * HOUR,
        answered_at=NOW + HOUR if answered else None,
        denial_reason="I am at a meet that afternoon." if answered else None,
    )


def notice(*, over: bool = False, **more: Any) -> Notice:
    """Many requests fail since a quarter of an hour; `more` changes the change."""
    opened_at = NOW - HOUR / 4
    incident = Incident(
        id=3,
        rule_key="errors-critical",
        title="Many requests fail",
        metric="requests.error_share",
        sentence=BY_KEY["errors-critical"].sentence,
        instance="",
        severity="critical",
        fire_at=0.05,
        worst=0.062,
        detail="31 of 500 requests",
        opened_at=opened_at,
        closed_at=NOW if over else None,
        told_change_id=11,
    )
    values: dict[str, Any] = {
        "id": 11,
        "rule_key": "errors-critical",
        "instance": "",
        "number": 1,
        "at": NOW,
        "before": State.RECOVERING if over else State.NORMAL,
        "after": State.NORMAL if over else State.FIRING,
        "value": 0.004 if over else 0.062,
        "fire_at": 0.05,
        "told": True,
    }
    return Notice(AlertChange(**{**values, **more}), incident)


def digest(kind: MessageKind, *, waiting: int = 2, lessons: int = 2, **more: Any) -> Digest:
    """Families that wait for Nora, and her lessons of the day; `more` changes each of their bookings."""
    later = [STARTS_AT + number * 25 * HOUR for number in range(waiting)]
    asked = [
        booking(id=41 + number, starts_at=start, ends_at=start + HOUR, expires_at=start - 25 * HOUR, **more)
        for number, start in enumerate(later)
    ]
    first = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    today = [
        booking(
            id=71 + number, starts_at=first + number * HOUR, ends_at=first + (number + 1) * HOUR, **APPROVED, **more
        )
        for number in range(lessons if kind is MessageKind.DAILY_SUMMARY else 0)
    ]
    assert kind.spec.digest is not None
    return Digest(kind.spec.digest, asked[0].coach if asked else booking().coach, NOW.date(), asked, today)


def _slots(given: list[Slot] | None) -> list[Slot]:
    if given is not None:
        return given
    starts = [datetime(2026, 11, 25, hour, 0, tzinfo=UTC) for hour in (18, 22)] + [
        datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
    ]
    return [Slot(start, start + HOUR, requires_approval=True) for start in starts]


SAMPLES = {kind: sample(kind) for kind in MessageKind}
