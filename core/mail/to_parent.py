"""What the mails to a parent say, a function a mail. Each carries the family's secret page."""

from core.bookings.models import Actor
from core.bookings.sentences import actor_name, overturned
from core.bookings.terms import terms_of
from core.mail.context import Action, Facts, Letter, answer_by, athlete, lesson, when
from core.mail.links import Links
from core.wording import spoken_instant, spoken_time


def request_received(letter: Letter, links: Links) -> Facts:
    """What happens next, and by when."""
    return Facts(
        rows=[*_lesson_rows(letter), ("Answer by", answer_by(letter))],
        actions=[Action("See or cancel your request", links.booking(letter.about), primary=True)],
        words={**_names(letter, links), "answer_by": answer_by(letter), "answerer": letter.answerer},
    )


def confirm_request(letter: Letter, links: Links) -> Facts:
    """A button that makes a request of it. Nothing is booked or held yet."""
    if letter.confirms is None:
        raise ValueError("a mail that asks for a confirmation needs its request")
    return Facts(
        rows=_lesson_rows(letter),
        actions=[Action("Confirm my request", links.confirm(*letter.confirms), primary=True)],
        words={"coach": letter.about.coach.name, "when": when(letter), "until": answer_by(letter)},
    )


def confirmed(letter: Letter, links: Links) -> Facts:
    """The lesson takes place; until when it can be cancelled freely."""
    booking = letter.about
    rows = _lesson_rows(letter)
    if letter.gym.street:
        rows.append(("Where", f"{letter.gym.name}, {letter.gym.street}"))
    terms, earlier = terms_of(booking, letter.gym), overturned(booking)
    is_free = letter.generated_at < terms.free_until(booking.starts_at)
    return Facts(
        rows=rows,
        actions=[Action("See or cancel your lesson", links.booking(booking), primary=True)],
        quote=(f"What {letter.gym.name} wrote", booking.after_all_reason) if booking.after_all_reason else None,
        words={
            **_names(letter, links),
            "earlier": earlier.outcome if earlier else None,
            "earlier_at": spoken_instant(earlier.at, letter.zone) if earlier else None,
            "coach_said_yes": booking.needed_asking and booking.changed_by is Actor.COACH,
            "free_until": spoken_instant(terms.free_until(booking.starts_at), letter.zone) if is_free else None,
            "late_hours": terms.late_hours,
            "fee": terms.fee,
        },
    )


def denied(letter: Letter, links: Links) -> Facts:
    """It does not fit, why, and where the other times are."""
    booking = letter.about
    return Facts(
        rows=_lesson_rows(letter),
        actions=[_other_times(letter, links)],
        quote=_quote(letter, booking.denial_reason),
        words={**_names(letter, links), "by_coach": booking.changed_by is Actor.COACH},
    )


def expired(letter: Letter, links: Links) -> Facts:
    """Sorry, and the next free times."""
    booking = letter.about
    offers = [
        Action(spoken_time(slot.starts_at, slot.ends_at, letter.zone), links.request_form(booking, slot.starts_at))
        for slot in letter.next_slots
    ]
    return Facts(
        rows=[*_lesson_rows(letter), ("Expired", answer_by(letter))],
        actions=[*offers, _other_times(letter, links)],
        words={**_names(letter, links), "offers": len(offers)},
    )


def cancelled(letter: Letter, links: Links) -> Facts:
    """It is off, by whom, and whether that was late."""
    booking = letter.about
    by_family, terms = booking.changed_by is Actor.PARENT, terms_of(booking, letter.gym)
    rows = [*_lesson_rows(letter), ("Cancelled", spoken_instant(booking.changed_at, letter.zone))]
    if booking.cancelled_late:
        rows.append(("Late", f"Less than {terms.late_hours} hours before the lesson"))
    return Facts(
        rows=rows,
        actions=[_other_times(letter, links)],
        quote=None if by_family else _quote(letter, booking.cancel_reason),
        words={
            **_names(letter, links),
            "by_family": by_family,
            "by_coach": booking.changed_by is Actor.COACH,
            "was_confirmed": booking.approved_at is not None,
            "late": booking.cancelled_late,
            "fee": terms.fee,
        },
    )


def _lesson_rows(letter: Letter) -> list[tuple[str, str]]:
    booking = letter.about
    return [
        ("When", when(letter)),
        ("Lesson", lesson(booking)),
        ("Coach", booking.coach.name),
        ("Athlete", athlete(booking)),
    ]


def _names(letter: Letter, links: Links) -> dict[str, object]:
    booking = letter.about
    return {
        "coach": booking.coach.name,
        "athlete": athlete(booking),
        "lesson": booking.lesson.name,
        "when": when(letter),
        "own_page": links.booking(booking),
    }


def _quote(letter: Letter, reason: str | None) -> tuple[str, str] | None:
    """The reason, in the words of the coach, or of the gym when an admin gave it."""
    author = actor_name(letter.about) if letter.about.changed_by is Actor.COACH else letter.gym.name
    return (f"What {author} wrote", reason) if reason else None


def _other_times(letter: Letter, links: Links) -> Action:
    return Action("Find another time", links.other_times(letter.about, letter.other_times), primary=True)
