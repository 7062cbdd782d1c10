"""iCalendar entries of lessons: in mails to the parent who booked, as a file on her page, and as a coach's feed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

from icalendar import Calendar, Event, Timezone, vCalAddress

from core.bookings.models import Booking, Status
from core.bookings.sentences import first_names
from core.errors import NotFound
from core.gym.models import Gym
from core.mail.links import unlinked
from core.outbox.kinds import CalendarMethod
from core.platform.settings import Settings
from core.schedule.models import Coach


def calendar_file(booking: Booking, gym: Gym, *, settings: Settings, now: datetime) -> bytes:
    """
    The file behind `lesson.ics`: read by any calendar, answers nobody.

    Raises:
        NotFound: the lesson was never confirmed.
    """
    return calendar(booking, gym, CalendarMethod.PUBLISH, settings=settings, now=now)


def calendar(booking: Booking, gym: Gym, method: CalendarMethod, *, settings: Settings, now: datetime) -> bytes:
    """
    One lesson, in UTC. The UID is the same for life; SEQUENCE rises with the booking's version.

    A mail's copy names one attendee, its reader, of whom no reply is asked; a published file names none.

    Raises:
        NotFound: the lesson was never confirmed; nobody's calendar knows it.
    """
    if booking.approved_at is None:
        raise NotFound("There is a calendar entry once the lesson is confirmed.")
    file = Calendar()
    file.add("prodid", "-//Spirit Athletics//Private lessons//EN")
    file.add("version", "2.0")
    file.add("method", method.value)
    file.add_component(_event(booking, gym, method, settings=settings, now=now))
    text: bytes = file.to_ical()
    return text


def feed(coach: Coach, lessons: Iterable[Booking], *, settings: Settings, now: datetime) -> bytes:
    """
    A coach's lessons as one calendar, in UTC, with first names only: calendars are shared and synchronised.

    It names its time zone, also since a calendar without any component is none (RFC 5545) and she may have no lesson.
    """
    file = Calendar()
    file.add("prodid", "-//Spirit Athletics//Private lessons//EN")
    file.add("version", "2.0")
    file.add("method", CalendarMethod.PUBLISH.value)
    file.add("name", f"Lessons of {coach.name}")
    file.add("x-wr-calname", f"Lessons of {coach.name}")
    file.add("refresh-interval", timedelta(minutes=30), parameters={"VALUE": "DURATION"})
    file.add("x-wr-timezone", coach.timezone)
    file.add_component(_zone(coach.timezone, now.year))
    for booking in lessons:
        event = _entry(booking, now=now)
        event.add("status", "CONFIRMED")
        event.add("summary", f"{booking.lesson.name}: {unlinked(first_names(booking))}")
        event.add("description", settings.console_url)
        file.add_component(event)
    text: bytes = file.to_ical()
    return text


@lru_cache(maxsize=64)
def _zone(name: str, year: int) -> Timezone:
    """The zone's clock changes around this year."""
    return Timezone.from_tzid(name, first_date=date(year - 1, 1, 1), last_date=date(year + 3, 1, 1))


def mail_domain(settings: Settings) -> str:
    """The domain that our mails come from."""
    return settings.sender.domain


def _entry(booking: Booking, *, now: datetime) -> Event:
    """What every entry of this booking has, whoever reads it. Its UID is the booking's for life, and opens nothing."""
    event = Event()
    event.add("uid", booking.calendar_uid)
    event.add("sequence", booking.version)
    event.add("dtstamp", now)
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    return event


def _event(booking: Booking, gym: Gym, method: CalendarMethod, *, settings: Settings, now: datetime) -> Event:
    event = _entry(booking, now=now)
    event.add("status", "CANCELLED" if booking.status is Status.CANCELLED else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("summary", f"{booking.lesson.name} with {booking.coach.name}")
    event.add(
        "description", f"For {unlinked(first_names(booking))}. To cancel it, use the link in your mail from {gym.name}."
    )
    event.add("location", ", ".join(part for part in (gym.name, gym.street) if part))
    event.add("organizer", _organizer(gym, settings))
    if method is not CalendarMethod.PUBLISH:
        event.add("attendee", _attendee(booking))
    return event


def _organizer(gym: Gym, settings: Settings) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{settings.sender.addr_spec}")
    organizer.params["CN"] = gym.name
    return organizer


def _attendee(booking: Booking) -> vCalAddress:
    attendee = vCalAddress(f"mailto:{booking.customer_email}")
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "ACCEPTED"
    attendee.params["RSVP"] = "FALSE"
    return attendee
