"""Build the errors about bookings that have ended: which lesson, who ended it, when and through which channel."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.bookings.mail_status import family_status, said_to_staff
from core.bookings.models import Booking, Status
from core.bookings.sentences import actor_name
from core.errors import AlreadyDecided, BookingCancelled, LinkReplaced, RequestExpired
from core.platform.actor import ActorRole, Channel
from core.wording import spoken_instant, spoken_time

DOORS = {
    Channel.SITE: "on the site",
    Channel.MAIL: "from the mail",
    Channel.CONSOLE: "in the console",
    Channel.API: "by a program",
    Channel.CLOCK: "by the clock",
}


def already_decided(booking: Booking) -> AlreadyDecided:
    """The error for staff whose answer came second: the other answer was given."""
    how = "approved" if booking.status is Status.APPROVED else "denied"
    what = f"{actor_name(booking)} has already {how} this request, on {_changed(booking)}."
    return AlreadyDecided(
        f"{what} {_about(booking)} Nothing was changed.", how=booking.status.value, **_who_and_when(booking)
    )


def cancelled(booking: Booking, *, to_family: bool = False) -> BookingCancelled:
    """The error about a cancelled booking. to_family: an admin is "we" to them, and they know what it was."""
    by = actor_name(booking)
    if to_family:
        by = {ActorRole.PARENT: "You", ActorRole.COACH: booking.coach.name}.get(booking.changed_by, "We")
    what = f"{by} cancelled this {_noun(booking)} on {_changed(booking)}."
    rest = "" if to_family else f" {_about(booking)} There is nothing left to do."
    return BookingCancelled(what + rest, **_who_and_when(booking))


def expired(session: Session, booking: Booking, *, now: datetime) -> RequestExpired:
    """The error for staff about an expired request, with the delivery status of the mail to the family."""
    delivery = said_to_staff(family_status(session, booking, now=now), booking)
    what = f"{expired_sentence(booking)} {_about(booking)} Its time was free again then. {delivery}"
    return RequestExpired(what.rstrip(), at=booking.expires_at, by=None, channel=Channel.CLOCK.value)


def expired_sentence(booking: Booking) -> str:
    """The sentence about an expired request, with when it expired in the coach's zone."""
    assert booking.expires_at is not None  # only what waits for an answer expires
    return f"This request has expired, on {spoken_instant(booking.expires_at, booking.coach.zone)}, without an answer."


def denied_sentence(booking: Booking) -> str:
    """The sentence for the family about a denied request: by whom and when."""
    by = booking.coach.name if booking.changed_by is ActorRole.COACH else "We"
    return f"{by} declined this request on {_changed(booking)}."


def replaced(booking: Booking) -> LinkReplaced:
    """The error for staff about a link from before the request was moved."""
    when = spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)
    return LinkReplaced(
        f"This request was moved after that mail: it is for {when} now. Please use the link in the newest one."
    )


def _about(booking: Booking) -> str:
    when = spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)
    return f"It was about {booking.lesson.name} for {booking.athlete_name}, {when}."


def _noun(booking: Booking) -> str:
    return "request" if booking.approved_at is None else "lesson"


def _changed(booking: Booking) -> str:
    return f"{spoken_instant(booking.changed_at, booking.coach.zone)}, {DOORS[booking.channel]}"


def _who_and_when(booking: Booking) -> dict[str, Any]:
    return {"at": booking.changed_at, "by": actor_name(booking), "channel": booking.channel.value}
