"""One booking as people would tell of it: what it is, who changed it when, and which mails are right about it."""

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.bookings.models import Status
from core.outbox.models import MessageKind
from core.platform.actor import ActorRole, Channel

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LESSONS = {"first-lesson-30": (30, 0), "tumbling-60": (60, 15), "strength-45": (45, 10)}  # minutes, kept free after

SAYS = {
    MessageKind.REQUEST: (Status.PENDING,),
    MessageKind.REMINDER: (Status.PENDING,),
    MessageKind.REQUEST_RECEIVED: (Status.PENDING,),
    MessageKind.CONFIRMED: (Status.APPROVED,),
    MessageKind.BOOKED_DIRECTLY: (Status.APPROVED,),
    MessageKind.DECIDED_BY_ADMIN: (Status.APPROVED, Status.DENIED),
    MessageKind.DENIED: (Status.DENIED,),
    MessageKind.EXPIRED: (Status.EXPIRED,),
    MessageKind.REQUEST_EXPIRED: (Status.EXPIRED,),
    MessageKind.CANCELLED: (Status.CANCELLED,),
    MessageKind.LESSON_CANCELLED: (Status.CANCELLED,),
}
FOR_A_LESSON_TO_COME = (MessageKind.CONFIRMED, MessageKind.BOOKED_DIRECTLY)
BAD_NEWS = [kind for kind, states in SAYS.items() if states[0] in (Status.DENIED, Status.EXPIRED, Status.CANCELLED)]


class Who(enum.Enum):
    PARENT = (ActorRole.PARENT, Channel.SITE)
    COACH_BY_LINK = (ActorRole.COACH, Channel.MAIL)
    COACH = (ActorRole.COACH, Channel.CONSOLE)
    TEAM_MATE = (ActorRole.COACH, Channel.API)
    ADMIN = (ActorRole.ADMIN, Channel.CONSOLE)
    CLOCK = (ActorRole.CLOCK, Channel.CLOCK)

    @property
    def role(self) -> ActorRole:
        return self.value[0]


@dataclass
class Booking:
    """`mails`: what has been written about it. `history`: from, to, by whom, when; the last one tells the state."""

    coach: str
    lesson: str
    parent: str
    starts_at: datetime
    requested_at: datetime
    expires_at: datetime | None
    late: bool = False
    mails: list[MessageKind] = field(default_factory=list)
    history: list[tuple[Status | None, Status, Who, datetime]] = field(default_factory=list)

    @property
    def stored(self) -> Status:
        return self.history[-1][1]

    @property
    def taken(self) -> tuple[datetime, datetime]:
        """Its time, with what is kept free after it."""
        return self.starts_at, self.starts_at + sum(LESSONS[self.lesson]) * MINUTE

    def status(self, now: datetime) -> Status:
        expired = self.stored is Status.PENDING and self.expires_at is not None and now >= self.expires_at
        return Status.EXPIRED if expired else self.stored

    def is_told_truly_by(self, kind: MessageKind, now: datetime) -> bool:
        """Whether a mail of this kind is right, and not too late to be worth reading."""
        if kind in FOR_A_LESSON_TO_COME and now >= self.starts_at:
            return False
        if kind is MessageKind.DECIDED_BY_ADMIN and self.history[-1][2] is not Who.ADMIN:
            return False
        return self.status(now) in SAYS[kind]

    def happened(self, change: "Change", now: datetime) -> None:
        self.history.append((self.stored, change.to, change.who, now))
        self.mails += change.mails
        self.late = change.late


@dataclass(frozen=True)
class Change:
    to: Status
    who: Who
    mails: tuple[MessageKind, ...]
    late: bool = False


EXPIRY = Change(Status.EXPIRED, Who.CLOCK, (MessageKind.EXPIRED, MessageKind.REQUEST_EXPIRED))
