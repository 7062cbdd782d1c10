"""What the mails of a rehearsal say: what a real one would, marked as practice in every place."""

from dataclasses import replace

from core.bookings.models import Status
from core.mail import to_coach
from core.mail.context import Action, Facts, Letter
from core.mail.links import Links


def rehearsal(letter: Letter, links: Links) -> Facts:
    """A request as it will look, with links of its own."""
    rehearsal_id = letter.message.rehearsal_id
    if rehearsal_id is None:
        raise ValueError("a rehearsal mail needs its rehearsal")
    buttons = [
        Action("Approve", links.rehearsal(rehearsal_id, "approve"), primary=True),
        Action("Deny", links.rehearsal(rehearsal_id, "deny")),
    ]
    return replace(to_coach.request(letter, links), actions=buttons)


def rehearsal_answered(letter: Letter, links: Links) -> Facts:
    """What the family would have read."""
    booking, asked = letter.about, to_coach.request(letter, links)
    reason = ("What the family would read from you", booking.denial_reason) if booking.denial_reason else None
    return Facts(
        rows=asked.rows[:-1],  # the last one is until when to answer
        actions=[Action("Open the console", links.console)],
        quote=reason,
        words={**asked.words, "approved": booking.status is Status.APPROVED, "coach": booking.coach.name},
    )
