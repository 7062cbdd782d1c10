"""Mail context: everything that one mail may say, read from the database once, before it is rendered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.alerts.notifications import Notice
from core.bookings.models import Booking
from core.gym.models import Gym
from core.mail.digest import Digest
from core.mail.links import unlinked
from core.outbox.models import OutboxMessage
from core.people.models import Account
from core.schedule.availability import Slot
from core.wording import money, spoken_instant, spoken_time


@dataclass(frozen=True)
class Invitation:
    by: str  # the name of who invites
    teaches: bool  # parents can book lessons with who is invited


@dataclass(frozen=True)
class MailContext:
    """Everything that one mail may say."""

    message: OutboxMessage
    gym: Gym
    # With its coach, lesson and changed_by_account loaded; of a rehearsal one that is in no table.
    booking: Booking | None
    account: Account | None  # the member of staff who reads it; None for a family
    sign_in_link_id: int | None
    next_slots: Sequence[Slot]  # other free times, for a kind that offers them
    gym_zone: ZoneInfo  # the gym's own, for mails that are not about a coach's lesson
    generated_at: datetime  # when all this was read; aware UTC
    digest: Digest | None = None  # of a mail about several things
    invitation: Invitation | None = None
    notice: Notice | None = None  # of an alert
    other_times: str | None = None  # the path on the site that leads to other times; None: the lesson's own
    confirms: tuple[int, int] | None = None  # id and serial of the request to confirm

    @property
    def about(self) -> Booking:
        """The booking it is about. A mail that needs one and has none cannot be written."""
        if self.booking is None:
            raise ValueError(f"a {self.message.kind.value} mail needs its booking")
        return self.booking

    @property
    def together(self) -> Digest:
        """The several things it is about."""
        if self.digest is None:
            raise ValueError(f"a {self.message.kind.value} mail needs its digest")
        return self.digest

    @property
    def stands_in(self) -> bool:
        """Whether it goes to somebody in the place of the booking's coach."""
        return self.account is not None and self.account.id != self.about.coach.account.id

    @property
    def answerer(self) -> str:
        """Who has to answer the request: its coach, or the gym where she does not work here any more."""
        coach = self.about.coach
        return coach.name if coach.account.disabled_at is None else self.gym.name

    @property
    def zone(self) -> ZoneInfo:
        """The coach's zone: lessons take place there."""
        return (self.digest or self.about).coach.zone


def when(context: MailContext) -> str:
    """The lesson's time."""
    return spoken_time(context.about.starts_at, context.about.ends_at, context.zone)


def answer_by(context: MailContext) -> str:
    """Until when the request can be answered."""
    if context.about.expires_at is None:
        raise ValueError("a lesson that was booked directly has no deadline")
    return spoken_instant(context.about.expires_at, context.zone)


def lesson(booking: Booking) -> str:
    """ "Private tumbling, 60 minutes, $85"."""
    minutes = (booking.ends_at - booking.starts_at) // timedelta(minutes=1)
    return f"{booking.lesson.name}, {minutes} minutes, {money(booking.price_cents)}"


def athlete(booking: Booking) -> str:
    """The child's first name, as it was typed."""
    return unlinked(booking.athlete_name)


def parent(booking: Booking) -> str:
    return unlinked(booking.customer_name)
