"""
A gym's bookings, told the plain way: a dictionary of bookings, each with its state, its times and who changed it.

Knows the table of a booking's life as people would tell it, and nothing of how core keeps it. `request`, `answer` and
`cancel` only say what ought to come of a try: an error's class, or what changes.

    PENDING  → APPROVED, DENIED   before it expires, by its coach, or an admin with a reason
    PENDING  → EXPIRED            by the clock
    PENDING  → CANCELLED          before it expires, by the parent
    APPROVED → CANCELLED          before the lesson, by the parent, or by coach or admin with a reason
"""

from collections.abc import Iterator
from datetime import date, datetime

from core.bookings.models import Status
from core.errors import (
    AlreadyDecided,
    BookingCancelled,
    Invalid,
    NotAllowed,
    NotPossible,
    RequestExpired,
    SlotUnavailable,
    SpiritError,
    TooLate,
    TooMany,
)
from core.outbox.models import MessageKind
from core.platform.actor import ActorRole
from tests.machine.booking import DAY, EXPIRY, HOUR, LESSONS, MINUTE, Booking, Change, Who
from tests.support.people import NOW, ZONE, at

TAUGHT_BY = {"nora": ("first-lesson-30", "tumbling-60"), "omar": ("first-lesson-30", "strength-45")}
HALF_HOURS = [(hour, minute) for hour in range(9, 18) for minute in (0, 30)]

Outcome = Booking | Change | type[SpiritError] | None


class Model:
    def __init__(self) -> None:
        self.bookings: dict[int, Booking] = {}

    def request(self, coach: str, lesson: str, parent: str, starts_at: datetime, now: datetime) -> Outcome:
        """What ought to come of a request: a booking, or why there is none."""
        own = [booking for booking in self.bookings.values() if booking.parent == parent]
        waiting = sum(booking.status(now) is Status.PENDING for booking in own)
        if waiting >= 3 or sum(booking.requested_at > now - DAY for booking in own) >= 6:
            return TooMany
        if starts_at not in self.free(coach, lesson, starts_at.astimezone(ZONE).date(), now):
            return SlotUnavailable
        if coach == "omar":
            booking = Booking(coach, lesson, parent, starts_at, now, None)
            booking.history.append((None, Status.APPROVED, Who.PARENT, now))
            booking.mails += [MessageKind.CONFIRMED, MessageKind.BOOKED_DIRECTLY]
            return booking
        expires_at = min(starts_at - HOUR, now + 6 * HOUR)
        booking = Booking(coach, lesson, parent, starts_at, now, expires_at)
        booking.history.append((None, Status.PENDING, Who.PARENT, now))
        booking.mails += [MessageKind.REQUEST_RECEIVED, MessageKind.REQUEST]
        if expires_at - 2 * HOUR >= now + 15 * MINUTE:
            booking.mails.append(MessageKind.REMINDER)
        return booking

    def add(self, number: int, booking: Booking) -> None:
        """A request comes in, and makes room by what has expired of the same coach."""
        self.expire(booking.requested_at, coach=booking.coach)
        self.bookings[number] = booking

    def answer(self, number: int, to: Status, who: Who, *, reason: bool, now: datetime) -> Outcome:
        """What ought to come of an approval or denial; None changes nothing."""
        status = self.bookings[number].status(now)
        if who in (Who.PARENT, Who.TEAM_MATE):
            return NotAllowed
        if status is to:
            return None
        if status is not Status.PENDING:
            return {Status.CANCELLED: BookingCancelled, Status.EXPIRED: RequestExpired}.get(status, AlreadyDecided)
        mail = MessageKind.CONFIRMED if to is Status.APPROVED else MessageKind.DENIED
        if who is not Who.ADMIN:
            return Change(to, who, (mail,))
        return Change(to, who, (mail, MessageKind.DECIDED_BY_ADMIN)) if reason else Invalid

    def cancel(self, number: int, who: Who, *, reason: bool, now: datetime) -> Outcome:
        """What ought to come of a cancellation; None changes nothing."""
        booking = self.bookings[number]
        status, parent = booking.status(now), who is Who.PARENT
        if who is Who.TEAM_MATE:
            return NotAllowed
        if status is Status.CANCELLED:
            return None if booking.history[-1][2].role is who.role else BookingCancelled
        if status is Status.EXPIRED:
            return RequestExpired
        if status is Status.DENIED or (status is Status.PENDING and not parent):
            return NotPossible
        if now >= booking.starts_at:
            return TooLate
        if not parent and not reason:
            return Invalid
        to_coach = () if who.role is ActorRole.COACH else (MessageKind.LESSON_CANCELLED,)
        late = parent and status is Status.APPROVED and now > booking.starts_at - DAY
        return Change(Status.CANCELLED, who, (MessageKind.CANCELLED, *to_coach), late)

    def overdue(self, now: datetime, *, coach: str | None = None) -> list[Booking]:
        """Requests that have expired and of which nobody has heard it."""
        mine = [booking for booking in self.bookings.values() if coach in (None, booking.coach)]
        return [booking for booking in mine if booking.stored is not booking.status(now)]

    def expire(self, now: datetime, *, coach: str | None = None) -> None:
        for booking in self.overdue(now, coach=coach):
            booking.happened(EXPIRY, now)

    def busy(self, coach: str, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        for booking in self.bookings.values():
            if booking.coach == coach and booking.status(now) in (Status.PENDING, Status.APPROVED):
                yield booking.taken

    def free(self, coach: str, lesson: str, day: date, now: datetime) -> list[datetime]:
        """The starts of this local day that can be booked: weekdays nine to six, two hours ahead."""
        if day.weekday() > 4:
            return []
        minutes, after = LESSONS[lesson]
        busy = list(self.busy(coach, now))
        days = (day - NOW.astimezone(ZONE).date()).days
        closes = at(days, 18)
        found = []
        for start in (at(days, hour, minute) for hour, minute in HALF_HOURS):
            ends = start + (minutes + after) * MINUTE
            apart = all(ends <= taken_from or taken_to <= start for taken_from, taken_to in busy)
            if apart and start + minutes * MINUTE <= closes and start >= now + 2 * HOUR:
                found.append(start)
        return found
