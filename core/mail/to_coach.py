"""What the mails to a coach say, a function a mail. The family's secret link is in none of them."""

from dataclasses import replace

from core.bookings.models import Actor, Booking, Status
from core.bookings.sentences import actor_name, overturned
from core.bookings.terms import terms_of
from core.mail.context import Action, Facts, Letter, answer_by, athlete, lesson, parent, when
from core.mail.links import Links, unlinked
from core.mail.reply_to import family_of
from core.wording import spoken_instant, time_left


def request(letter: Letter, links: Links) -> Facts:
    """A family asks; the coach answers from here."""
    booking = letter.about
    return Facts(
        rows=[*_lesson_rows(letter), ("Answer by", answer_by(letter))],
        actions=[_console(links)] if letter.stands_in else _answers(booking, links),
        quote=_notes(booking),
        words={
            **_names(letter, links),
            "answer_by": answer_by(letter),
            "replies_reach_family": family_of(letter) is not None,
        },
        note=_why_you(letter),
    )


def reminder(letter: Letter, links: Links) -> Facts:
    """The request still waits, and for how long it can."""
    asked = request(letter, links)
    assert letter.about.expires_at is not None  # the request's facts have said it
    left = time_left(letter.about.expires_at - letter.generated_at)
    return replace(asked, words={**asked.words, "time_left": left})


def booked_directly(letter: Letter, links: Links) -> Facts:
    """A family booked, and nobody had to be asked."""
    rows, words = _lesson_rows(letter), _names(letter, links)
    return Facts(rows, [_console(links)], _notes(letter.about), words, note=_why_you(letter))


def decided_by_admin(letter: Letter, links: Links) -> Facts:
    """An admin answered in the coach's place, and why."""
    booking = letter.about
    approved = booking.status is Status.APPROVED
    admin, earlier = actor_name(booking), overturned(booking)
    reason = booking.after_all_reason if earlier else booking.override_reason
    return Facts(
        rows=[*_lesson_rows(letter), ("Approved" if approved else "Denied", f"{_changed_at(letter)}, by {admin}")],
        actions=[_console(links)],
        quote=(f"What {admin} wrote", reason) if reason else None,
        words={
            **_names(letter, links),
            "admin": admin,
            "approved": approved,
            "earlier": earlier.outcome if earlier else None,
            "earlier_at": spoken_instant(earlier.at, letter.zone) if earlier else None,
        },
    )


def lesson_cancelled(letter: Letter, links: Links) -> Facts:
    """A lesson or a request is off, by whom, and whether that was late."""
    booking = letter.about
    by_family = booking.changed_by is Actor.PARENT
    who = parent(booking) if by_family else actor_name(booking)
    rows = [*_lesson_rows(letter), ("Cancelled", f"{_changed_at(letter)}, by {who}")]
    if booking.cancelled_late:
        rows.append(("Late", f"Less than {terms_of(booking, letter.gym).late_hours} hours before the lesson"))
    return Facts(
        rows=rows,
        actions=[_console(links)],
        quote=(f"What {who} wrote", unlinked(booking.cancel_reason)) if booking.cancel_reason else None,
        words={
            **_names(letter, links),
            "who": who,
            "late": booking.cancelled_late,
            "was_confirmed": booking.approved_at is not None,
        },
        note=_why_you(letter),
    )


def request_expired(letter: Letter, links: Links) -> Facts:
    """Nobody answered in time."""
    rows = [*_lesson_rows(letter), ("Expired", answer_by(letter))]
    return Facts(rows, [_console(links)], _notes(letter.about), _names(letter, links), note=_why_you(letter))


def _lesson_rows(letter: Letter) -> list[tuple[str, str]]:
    booking = letter.about
    rows = [
        ("When", when(letter)),
        ("Lesson", lesson(booking)),
        ("Athlete", athlete(booking)),
        ("Parent", parent(booking)),
    ]
    return [*rows, ("Phone", booking.customer_phone)] if booking.customer_phone else rows


def _names(letter: Letter, links: Links) -> dict[str, object]:
    booking = letter.about
    return {
        "parent": parent(booking),
        "athlete": athlete(booking),
        "lesson": booking.lesson.name,
        "when": when(letter),
        "console": links.console,
        "stands_in": letter.stands_in,
        "you": booking.coach.name if letter.stands_in else "you",
    }


def _answers(booking: Booking, links: Links) -> list[Action]:
    return [
        Action("Approve", links.answer(booking, "approve"), primary=True),
        Action("Deny", links.answer(booking, "deny")),
    ]


def _why_you(letter: Letter) -> str:
    if not letter.stands_in:
        return ""
    return f"{letter.about.coach.name} does not work here any more, so this comes to the admins."


def _notes(booking: Booking) -> tuple[str, str] | None:
    return (f"What {parent(booking)} wrote", unlinked(booking.notes)) if booking.notes else None


def _changed_at(letter: Letter) -> str:
    return spoken_instant(letter.about.changed_at, letter.zone)


def _console(links: Links) -> Action:
    return Action("Open the console", links.console)
