"""Facts of mails to a parent, a function a kind. Each carries the address of the family's secret page."""

from core.bookings.cancellation_terms import terms_of
from core.bookings.sentences import actor_name, overturned
from core.mail.facts import Action, Facts, common_facts_of, facts_of
from core.mail.links import Links
from core.mail.mail_context import MailContext, answer_by, athlete, lesson, when
from core.outbox.kinds import Audience, MessageKind
from core.platform.actor import ActorRole
from core.wording import spoken_instant, spoken_time


@facts_of(MessageKind.REQUEST_RECEIVED)
def request_received(context: MailContext, links: Links) -> Facts:
    """What happens next, and by when."""
    return Facts(
        rows=[*_lesson_rows(context), ("Answer by", answer_by(context))],
        actions=[Action("See or cancel your request", links.booking(context.about), primary=True)],
        words={**_names(context, links), "answer_by": answer_by(context), "answerer": context.answerer},
    )


@facts_of(MessageKind.CONFIRM_REQUEST)
def confirm_request(context: MailContext, links: Links) -> Facts:
    """A button that makes a request of it. Nothing is booked or held yet."""
    if context.confirms is None:
        raise ValueError("a mail that asks for a confirmation needs its request")
    return Facts(
        rows=_lesson_rows(context),
        actions=[Action("Confirm my request", links.confirm(*context.confirms), primary=True)],
        words={"coach": context.about.coach.name, "when": when(context), "until": answer_by(context)},
    )


@facts_of(MessageKind.CONFIRMED)
def confirmed(context: MailContext, links: Links) -> Facts:
    """The lesson takes place; until when it can be cancelled freely."""
    booking = context.about
    rows = _lesson_rows(context)
    if context.gym.street:
        rows.append(("Where", f"{context.gym.name}, {context.gym.street}"))
    terms, earlier = terms_of(booking, context.gym), overturned(booking)
    is_free = context.generated_at < terms.free_until(booking.starts_at)
    return Facts(
        rows=rows,
        actions=[Action("See or cancel your lesson", links.booking(booking), primary=True)],
        quote=(f"What {context.gym.name} wrote", booking.after_all_reason) if booking.after_all_reason else None,
        words={
            **_names(context, links),
            "earlier": earlier.outcome if earlier else None,
            "earlier_at": spoken_instant(earlier.at, context.zone) if earlier else None,
            "coach_said_yes": booking.needed_asking and booking.changed_by is ActorRole.COACH,
            "free_until": spoken_instant(terms.free_until(booking.starts_at), context.zone) if is_free else None,
            "late_hours": terms.late_hours,
            "fee": terms.fee,
        },
    )


@facts_of(MessageKind.DENIED)
def denied(context: MailContext, links: Links) -> Facts:
    """It does not fit, why, and where the other times are."""
    booking = context.about
    return Facts(
        rows=_lesson_rows(context),
        actions=[_other_times(context, links)],
        quote=_quote(context, booking.denial_reason),
        words={**_names(context, links), "by_coach": booking.changed_by is ActorRole.COACH},
    )


@facts_of(MessageKind.EXPIRED)
def expired(context: MailContext, links: Links) -> Facts:
    """Sorry, and the next free times."""
    booking = context.about
    offers = [
        Action(spoken_time(slot.starts_at, slot.ends_at, context.zone), links.request_form(booking, slot.starts_at))
        for slot in context.next_slots
    ]
    return Facts(
        rows=[*_lesson_rows(context), ("Expired", answer_by(context))],
        actions=[*offers, _other_times(context, links)],
        words={**_names(context, links), "offers": len(offers)},
    )


@facts_of(MessageKind.CANCELLED)
def cancelled(context: MailContext, links: Links) -> Facts:
    """It is off, by whom, and whether that was late."""
    booking = context.about
    by_family, terms = booking.changed_by is ActorRole.PARENT, terms_of(booking, context.gym)
    rows = [*_lesson_rows(context), ("Cancelled", spoken_instant(booking.changed_at, context.zone))]
    if booking.cancelled_late:
        rows.append(("Late", f"Less than {terms.late_hours} hours before the lesson"))
    return Facts(
        rows=rows,
        actions=[_other_times(context, links)],
        quote=None if by_family else _quote(context, booking.cancel_reason),
        words={
            **_names(context, links),
            "by_family": by_family,
            "by_coach": booking.changed_by is ActorRole.COACH,
            "was_confirmed": booking.approved_at is not None,
            "late": booking.cancelled_late,
            "fee": terms.fee,
        },
    )


@common_facts_of(Audience.PARENT)
def about_a_booking(context: MailContext, links: Links) -> Facts:
    """The lesson, and the family's own page."""
    return Facts(
        rows=_lesson_rows(context),
        actions=[Action("See your booking", links.booking(context.about), primary=True)],
        words=_names(context, links),
    )


def _lesson_rows(context: MailContext) -> list[tuple[str, str]]:
    booking = context.about
    return [
        ("When", when(context)),
        ("Lesson", lesson(booking)),
        ("Coach", booking.coach.name),
        ("Athlete", athlete(booking)),
    ]


def _names(context: MailContext, links: Links) -> dict[str, object]:
    booking = context.about
    return {
        "coach": booking.coach.name,
        "athlete": athlete(booking),
        "lesson": booking.lesson.name,
        "when": when(context),
        "own_page": links.booking(booking),
    }


def _quote(context: MailContext, reason: str | None) -> tuple[str, str] | None:
    """The reason, in the words of the coach, or of the gym when an admin gave it."""
    author = actor_name(context.about) if context.about.changed_by is ActorRole.COACH else context.gym.name
    return (f"What {author} wrote", reason) if reason else None


def _other_times(context: MailContext, links: Links) -> Action:
    return Action("Find another time", links.other_times(context.about, context.other_times), primary=True)
