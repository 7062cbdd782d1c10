"""Facts of mails to a coach about a rehearsal: those of a real request, with links of its own."""

from dataclasses import replace

from core.bookings.models import Status
from core.mail import to_coach
from core.mail.facts import Action, Facts, facts_of
from core.mail.links import Links
from core.mail.mail_context import MailContext
from core.outbox.kinds import MessageKind


@facts_of(MessageKind.REHEARSAL)
def rehearsal(context: MailContext, links: Links) -> Facts:
    """A request as it will look, with links of its own."""
    rehearsal_id = context.message.rehearsal_id
    if rehearsal_id is None:
        raise ValueError("a rehearsal mail needs its rehearsal")
    buttons = [
        Action("Approve", links.rehearsal(rehearsal_id, "approve"), primary=True),
        Action("Deny", links.rehearsal(rehearsal_id, "deny")),
    ]
    return replace(to_coach.request(context, links), actions=buttons)


@facts_of(MessageKind.REHEARSAL_ANSWERED)
def rehearsal_answered(context: MailContext, links: Links) -> Facts:
    """What the family would have read."""
    booking, asked = context.about, to_coach.request(context, links)
    reason = ("What the family would read from you", booking.denial_reason) if booking.denial_reason else None
    return Facts(
        rows=asked.rows[:-1],  # the last one is until when to answer
        actions=[Action("Open the console", links.console)],
        quote=reason,
        words={**asked.words, "approved": booking.status is Status.APPROVED, "coach": booking.coach.name},
    )
