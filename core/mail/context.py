"""What goes into a mail (a letter, with everything read from the database) and what is made of it (its facts)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.alerts.notices import Notice
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
    """by: the name of who invites. teaches: parents can book lessons with who is invited."""

    by: str
    teaches: bool


@dataclass(frozen=True)
class Letter:
    """
    One mail to write, with all that it may say, read at `generated_at` (aware UTC).

    A booking comes with its coach, lesson and changed_by_account loaded. account: the member of staff it goes to,
    None for a parent. next_slots: other free times, for a request that expired. digest: for a mail about several things.
    notice: the incident that an alert is about. other_times: the path on the site that leads on from here; None: the lesson's.
    confirms: id and serial of the request to confirm.
    """

    message: OutboxMessage
    gym: Gym
    booking: Booking | None
    account: Account | None
    sign_in_link_id: int | None
    next_slots: Sequence[Slot]
    generated_at: datetime
    digest: Digest | None = None
    invitation: Invitation | None = None
    notice: Notice | None = None
    other_times: str | None = None
    confirms: tuple[int, int] | None = None

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


@dataclass(frozen=True)
class Action:
    """A button. Its address is written beneath it."""

    label: str
    address: str
    primary: bool = False


@dataclass(frozen=True)
class Item:
    """One of several: what it is, a line about it, and where to answer it."""

    title: str
    line: str
    answer: str | None = None


@dataclass(frozen=True)
class Section:
    """Several of a kind under a heading. more: a word about those that are left out."""

    title: str
    items: Sequence[Item]
    more: str = ""


@dataclass(frozen=True)
class Facts:
    """
    What one mail says beyond its sentences, the same in text and HTML.

    rows: the table, label and value. quote: somebody's own words, with a label. words: what the sentences name.
    note: a sentence above all others, on why this reader gets it. sections: lists. stop: where this kind of mail ends, also without opening a page (RFC 8058).
    """

    rows: Sequence[tuple[str, str]]
    actions: Sequence[Action] = ()
    quote: tuple[str, str] | None = None
    words: dict[str, object] = field(default_factory=dict)
    note: str = ""
    sections: Sequence[Section] = ()
    stop: Action | None = None


def when(letter: Letter) -> str:
    """The lesson's time."""
    return spoken_time(letter.about.starts_at, letter.about.ends_at, letter.zone)


def answer_by(letter: Letter) -> str:
    """Until when the request can be answered."""
    if letter.about.expires_at is None:
        raise ValueError("a lesson that was booked directly has no deadline")
    return spoken_instant(letter.about.expires_at, letter.zone)


def lesson(booking: Booking) -> str:
    """ "Private tumbling, 60 minutes, $85"."""
    minutes = (booking.ends_at - booking.starts_at) // timedelta(minutes=1)
    return f"{booking.lesson.name}, {minutes} minutes, {money(booking.price_cents)}"


def athlete(booking: Booking) -> str:
    """The child's first name, as it was typed."""
    return unlinked(booking.athlete_name)


def parent(booking: Booking) -> str:
    return unlinked(booking.customer_name)
