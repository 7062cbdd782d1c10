"""Facts of mails to a coach about one booking, a function a kind. The family's secret link is in none of them."""

from dataclasses import replace

from core.bookings.cancellation_terms import terms_of
from core.bookings.models import Booking, Status
from core.bookings.sentences import actor_name, overturned
from core.mail.facts import Action, Facts, common_facts_of, facts_of
from core.mail.links import Links, unlinked
from core.mail.mail_context import MailContext, answer_by, athlete, lesson, parent, when
from core.mail.reply_to import family_of
from core.outbox.kinds import Audience, MessageKind
from core.platform.actor import ActorRole
from core.wording import spoken_instant, time_left


@facts_of(MessageKind.REQUEST)
def request(context: MailContext, links: Links) -> Facts:
    """A family asks; the coach answers from here."""
    booking = context.about
    return Facts(
        rows=[*_lesson_rows(context), ("Answer by", answer_by(context))],
        actions=[_console(links)] if context.stands_in else _answers(booking, links),
        quote=_notes(booking),
        words={
            **_names(context, links),
            "answer_by": answer_by(context),
            "replies_reach_family": family_of(context) is not None,
        },
        note=_why_you(context),
    )


@facts_of(MessageKind.REMINDER)
def reminder(context: MailContext, links: Links) -> Facts:
    """The request still waits, and for how long it can."""
    asked = request(context, links)
    assert context.about.expires_at is not None  # the request's facts have said it
    left = time_left(context.about.expires_at - context.generated_at)
    return replace(asked, words={**asked.words, "time_left": left})


@facts_of(MessageKind.BOOKED_DIRECTLY)
def booked_directly(context: MailContext, links: Links) -> Facts:
    """A family booked, and nobody had to be asked."""
    rows, words = _lesson_rows(context), _names(context, links)
    return Facts(rows, [_console(links)], _notes(context.about), words, note=_why_you(context))


@facts_of(MessageKind.DECIDED_BY_ADMIN)
def decided_by_admin(context: MailContext, links: Links) -> Facts:
    """An admin answered in the coach's place, and why."""
    booking = context.about
    approved = booking.status is Status.APPROVED
    admin, earlier = actor_name(booking), overturned(booking)
    reason = booking.after_all_reason if earlier else booking.override_reason
    return Facts(
        rows=[*_lesson_rows(context), ("Approved" if approved else "Denied", f"{_changed_at(context)}, by {admin}")],
        actions=[_console(links)],
        quote=(f"What {admin} wrote", reason) if reason else None,
        words={
            **_names(context, links),
            "admin": admin,
            "approved": approved,
            "earlier": earlier.outcome if earlier else None,
            "earlier_at": spoken_instant(earlier.at, context.zone) if earlier else None,
        },
    )


@facts_of(MessageKind.LESSON_CANCELLED)
def lesson_cancelled(context: MailContext, links: Links) -> Facts:
    """A lesson or a request is off, by whom, and whether that was late."""
    booking = context.about
    by_family = booking.changed_by is ActorRole.PARENT
    who = parent(booking) if by_family else actor_name(booking)
    rows = [*_lesson_rows(context), ("Cancelled", f"{_changed_at(context)}, by {who}")]
    if booking.cancelled_late:
        rows.append(("Late", f"Less than {terms_of(booking, context.gym).late_hours} hours before the lesson"))
    return Facts(
        rows=rows,
        actions=[_console(links)],
        quote=(f"What {who} wrote", unlinked(booking.cancel_reason)) if booking.cancel_reason else None,
        words={
            **_names(context, links),
            "who": who,
            "late": booking.cancelled_late,
            "was_confirmed": booking.approved_at is not None,
        },
        note=_why_you(context),
    )


@facts_of(MessageKind.REQUEST_EXPIRED)
def request_expired(context: MailContext, links: Links) -> Facts:
    """Nobody answered in time."""
    rows = [*_lesson_rows(context), ("Expired", answer_by(context))]
    return Facts(rows, [_console(links)], _notes(context.about), _names(context, links), note=_why_you(context))


@common_facts_of(Audience.COACH)
def about_a_booking(context: MailContext, links: Links) -> Facts:
    """The lesson, who takes it, and the console."""
    return Facts(_lesson_rows(context), [_console(links)], words=_names(context, links), note=_why_you(context))


def _lesson_rows(context: MailContext) -> list[tuple[str, str]]:
    booking = context.about
    rows = [
        ("When", when(context)),
        ("Lesson", lesson(booking)),
        ("Athlete", athlete(booking)),
        ("Parent", parent(booking)),
    ]
    return [*rows, ("Phone", booking.customer_phone)] if booking.customer_phone else rows


def _names(context: MailContext, links: Links) -> dict[str, object]:
    booking = context.about
    return {
        "parent": parent(booking),
        "athlete": athlete(booking),
        "lesson": booking.lesson.name,
        "when": when(context),
        "console": links.console,
        "stands_in": context.stands_in,
        "you": booking.coach.name if context.stands_in else "you",
    }


def _answers(booking: Booking, links: Links) -> list[Action]:
    return [
        Action("Approve", links.answer(booking, "approve"), primary=True),
        Action("Deny", links.answer(booking, "deny")),
    ]


def _why_you(context: MailContext) -> str:
    if not context.stands_in:
        return ""
    return f"{context.about.coach.name} does not work here any more, so this comes to the admins."


def _notes(booking: Booking) -> tuple[str, str] | None:
    return (f"What {parent(booking)} wrote", unlinked(booking.notes)) if booking.notes else None


def _changed_at(context: MailContext) -> str:
    return spoken_instant(context.about.changed_at, context.zone)


def _console(links: Links) -> Action:
    return Action("Open the console", links.console)
