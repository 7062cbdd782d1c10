"""Facts of mails to a coach about several bookings: the roll-up and the daily summary."""

from core.bookings.models import Booking
from core.mail.digest import Digest
from core.mail.facts import Action, Facts, Item, Section, facts_of
from core.mail.links import Links
from core.mail.mail_context import MailContext, athlete, parent
from core.outbox.kinds import MessageKind
from core.schedule.preferences import Digest as Kind
from core.wording import spoken_day, spoken_instant, spoken_time

MAX_LISTED = 20  # each has a link, and a mail above 100 kB is cut off


@facts_of(MessageKind.ROLL_UP)
def roll_up(context: MailContext, links: Links) -> Facts:
    """Requests above a day's most, together."""
    digest = context.together
    return Facts(
        rows=_waiting_rows(digest),
        actions=[Action("Open the console", links.console, primary=True)],
        words={"count": len(digest.waiting), "console": links.console},
        sections=[_waiting(digest, links)],
        stop=Action("Stop these hourly mails", links.stop_mail(digest.coach, Kind.ROLL_UP)),
    )


@facts_of(MessageKind.DAILY_SUMMARY)
def daily_summary(context: MailContext, links: Links) -> Facts:
    """The day ahead."""
    digest = context.together
    lessons = len(digest.lessons)
    sections = [_waiting(digest, links)] if digest.waiting else []
    if digest.lessons:
        items = [_lesson(booking) for booking in digest.lessons[:MAX_LISTED]]
        sections.append(Section("Today’s lessons", items, _more(lessons)))
    return Facts(
        rows=[*_waiting_rows(digest), ("Today", _count(lessons, "lesson") if lessons else "No lesson")],
        actions=[Action("Open the console", links.console, primary=not digest.waiting)],
        words={"count": len(digest.waiting), "lessons": lessons, "day": spoken_day(digest.on)},
        sections=sections,
        stop=Action("Stop this daily mail", links.stop_mail(digest.coach, Kind.DAILY_SUMMARY)),
    )


def _waiting_rows(digest: Digest) -> list[tuple[str, str]]:
    if not digest.waiting:
        return [("Waiting", "Nobody")]
    first = digest.waiting[0].expires_at
    assert first is not None  # it waits for an answer
    families = _count(len(digest.waiting), "request")
    return [("Waiting", families), ("First answer by", spoken_instant(first, digest.coach.zone))]


def _waiting(digest: Digest, links: Links) -> Section:
    items = [_request(booking, links) for booking in digest.waiting[:MAX_LISTED]]
    return Section("Waiting for your answer", items, _more(len(digest.waiting)))


def _request(booking: Booking, links: Links) -> Item:
    assert booking.expires_at is not None  # it waits for an answer
    by = spoken_instant(booking.expires_at, booking.coach.zone)
    line = f"{booking.lesson.name} for {athlete(booking)}, asked by {parent(booking)}. Answer by {by}."
    return Item(_when(booking), line, links.answer(booking, "approve"))


def _lesson(booking: Booking) -> Item:
    phone = f", {booking.customer_phone}" if booking.customer_phone else ""
    return Item(_when(booking), f"{booking.lesson.name} for {athlete(booking)} ({parent(booking)}{phone})")


def _when(booking: Booking) -> str:
    return spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _more(number: int) -> str:
    return f"And {number - MAX_LISTED} more, in the console." if number > MAX_LISTED else ""
