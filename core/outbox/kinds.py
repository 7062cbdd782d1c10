"""
Registry of the kinds of mail: one entry each says who reads it, what keeps it true, and until when it is worth sending.

A new kind needs its entry here, a template of the same name (core/mail/templates/) and a sample of it
(tests/support/mail_samples.py). The template gets the facts that all mails to its audience share; a function of its own
in core/mail/to_….py, marked `@facts_of(kind)`, gives it others. The database takes any kind, without a migration.
"""

import enum
from dataclasses import dataclass
from typing import Self

from core.schedule.preferences import Digest


class Audience(enum.Enum):
    """Who reads it. COACH: the coach of what it is about. STAFF: the account that it is about. ADMIN: whoever administers."""

    PARENT = enum.auto()
    COACH = enum.auto()
    STAFF = enum.auto()
    ADMIN = enum.auto()


class TrueWhile(enum.Enum):
    """
    What must still hold right before it is sent; otherwise it is dropped.

    PENDING to CANCELLED: its booking (or rehearsal) is in the state of that name (core.bookings.models.Status).
    UNCHANGED: its booking is as the change left it that caused the mail.
    UNCONFIRMED: its request waits for the family's click.
    ITS_CAUSE: what the mail is read from answers for itself: a link, a digest, an incident, a rehearsal.
    """

    PENDING = enum.auto()
    APPROVED = enum.auto()
    DENIED = enum.auto()
    EXPIRED = enum.auto()
    CANCELLED = enum.auto()
    UNCHANGED = enum.auto()
    UNCONFIRMED = enum.auto()
    ITS_CAUSE = enum.auto()


class DiesWith(enum.Enum):
    """
    The instant from which it is not worth sending any more (`OutboxMessage.not_after`).

    REQUEST: when its booking's request expires. LESSON: when the lesson starts. NOTHING: late is better than never.
    ITS_CAUSE: whoever writes it says when: a link's end, a digest's hour.
    """

    REQUEST = enum.auto()
    LESSON = enum.auto()
    NOTHING = enum.auto()
    ITS_CAUSE = enum.auto()


class CalendarMethod(enum.StrEnum):
    """What a calendar program shall do with an entry (RFC 5546). In a mail it stands in the part's MIME type too."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"  # of files and feeds, never of a mail


@dataclass(frozen=True)
class KindSpec:
    """What the program knows of one kind of mail."""

    audience: Audience
    true_while: TrueWhile
    dies_with: DiesWith
    announces: bool = False  # it is how the family learns of the state in true_while; one kind for each state
    admins_instead: bool = False  # where the coach does not work here any more, every admin gets it
    offers_times: bool = False  # it names the next free times of the same coach and lesson
    calendar: CalendarMethod | None = None  # of the entry that comes with it, once the lesson was confirmed
    digest: Digest | None = None  # for a mail about several things: which
    urgent: bool = False  # it has senders of its own, so that it never waits behind other mail (core/outbox/lanes.py)


class MessageKind(enum.StrEnum):
    """What a mail is for. Its value names its template and is in the mail's headers; its name is in the database."""

    spec: KindSpec

    def __new__(cls, value: str, spec: KindSpec) -> Self:
        kind = str.__new__(cls, value)
        kind._value_, kind.spec = value, spec
        return kind

    @property
    def label(self) -> str:
        """For lists that people read: "request received"."""
        return self.value.replace("_", " ")

    # To the coach
    REQUEST = "request", KindSpec(Audience.COACH, TrueWhile.PENDING, DiesWith.REQUEST, admins_instead=True)
    BOOKED_DIRECTLY = (
        "booked_directly",
        KindSpec(Audience.COACH, TrueWhile.APPROVED, DiesWith.LESSON, admins_instead=True),
    )
    REMINDER = "reminder", KindSpec(Audience.COACH, TrueWhile.PENDING, DiesWith.REQUEST, admins_instead=True)
    DECIDED_BY_ADMIN = "decided_by_admin", KindSpec(Audience.COACH, TrueWhile.UNCHANGED, DiesWith.NOTHING)
    LESSON_CANCELLED = (
        "lesson_cancelled",
        KindSpec(Audience.COACH, TrueWhile.CANCELLED, DiesWith.NOTHING, admins_instead=True),
    )
    REQUEST_EXPIRED = (
        "request_expired",
        KindSpec(Audience.COACH, TrueWhile.EXPIRED, DiesWith.NOTHING, admins_instead=True),
    )
    ROLL_UP = "roll_up", KindSpec(Audience.COACH, TrueWhile.ITS_CAUSE, DiesWith.ITS_CAUSE, digest=Digest.ROLL_UP)
    DAILY_SUMMARY = (
        "daily_summary",
        KindSpec(Audience.COACH, TrueWhile.ITS_CAUSE, DiesWith.ITS_CAUSE, digest=Digest.DAILY_SUMMARY),
    )
    REHEARSAL = "rehearsal", KindSpec(Audience.COACH, TrueWhile.PENDING, DiesWith.ITS_CAUSE)
    REHEARSAL_ANSWERED = "rehearsal_answered", KindSpec(Audience.COACH, TrueWhile.ITS_CAUSE, DiesWith.ITS_CAUSE)

    # To the parent
    REQUEST_RECEIVED = (
        "request_received",
        KindSpec(Audience.PARENT, TrueWhile.PENDING, DiesWith.REQUEST, announces=True),
    )
    CONFIRMED = (
        "confirmed",
        KindSpec(Audience.PARENT, TrueWhile.APPROVED, DiesWith.LESSON, announces=True, calendar=CalendarMethod.REQUEST),
    )
    DENIED = "denied", KindSpec(Audience.PARENT, TrueWhile.DENIED, DiesWith.NOTHING, announces=True)
    EXPIRED = (
        "expired",
        KindSpec(Audience.PARENT, TrueWhile.EXPIRED, DiesWith.NOTHING, announces=True, offers_times=True),
    )
    CONFIRM_REQUEST = "confirm_request", KindSpec(Audience.PARENT, TrueWhile.UNCONFIRMED, DiesWith.ITS_CAUSE)
    CANCELLED = (
        "cancelled",
        KindSpec(
            Audience.PARENT, TrueWhile.CANCELLED, DiesWith.NOTHING, announces=True, calendar=CalendarMethod.CANCEL
        ),
    )

    # To whoever has an account, about signing in
    SIGN_IN = "sign_in", KindSpec(Audience.STAFF, TrueWhile.ITS_CAUSE, DiesWith.ITS_CAUSE)
    INVITATION = "invitation", KindSpec(Audience.STAFF, TrueWhile.ITS_CAUSE, DiesWith.ITS_CAUSE)

    # To admins
    ALERT = "alert", KindSpec(Audience.ADMIN, TrueWhile.ITS_CAUSE, DiesWith.NOTHING, urgent=True)
