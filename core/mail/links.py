"""Addresses that a mail leads to, built from the settings; secret ones are signed now, or masked for a preview."""

import re
from datetime import UTC, datetime

from core.bookings.models import Booking
from core.platform.settings import Settings
from core.platform.signed_tokens import Signer
from core.schedule.models import Coach
from core.schedule.preferences import Digest

MASK = "…"
BREAK = "\u200b"  # a zero-width space: nothing to see, and mail programs make no link across it
LOOKS_LIKE_A_LINK = re.compile(r"(?<=:)(?=//)|(?<=\w)(?=@\w)|(?<=\w)(?=[.。．｡]\w{2,})")


class Links:
    """The addresses of one mail. masked: every secret is replaced by "…"."""

    def __init__(self, settings: Settings, signer: Signer, *, masked: bool = False) -> None:
        self._site, self.console = settings.base_url, settings.console_url
        self._signer, self._masked = signer, masked

    def answer(self, booking: Booking, decision: str) -> str:
        """The coach's page with both buttons; `decision` only preselects one."""
        token = self._secret(self._signer.decide(booking.id, booking.coach_id, booking.slot_version))
        return f"{self._site}/approvals/{token}?decision={decision}"

    def booking(self, booking: Booking) -> str:
        """The family's own page."""
        return f"{self._site}/bookings/{self._secret(booking.handle)}"

    def confirm(self, request_id: int, serial: int) -> str:
        """The page on which a family confirms its request."""
        return f"{self._site}/requests/{self._secret(self._signer.confirm(request_id, serial))}"

    def free_times(self, booking: Booking) -> str:
        """The same coach and lesson, a week at a time."""
        return f"{self._site}/coaches/{booking.coach.slug}/{booking.lesson.slug}"

    def other_times(self, booking: Booking, path: str | None) -> str:
        """Where a family finds another time: `path` on the site, or the same coach and lesson."""
        return self.free_times(booking) if path is None else f"{self._site}{path}"

    def request_form(self, booking: Booking, starts_at: datetime) -> str:
        """The form for another time of the same coach and lesson."""
        return f"{self.free_times(booking)}/request?start={starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def feed(self, coach: Coach) -> str:
        """The coach's calendar, for programs that read it again and again."""
        return f"{self._site}/calendar/{self._secret(self._signer.feed(coach.id, coach.feed_version))}.ics"

    def rehearsal(self, rehearsal_id: int, decision: str) -> str:
        """The page of a practice request, which looks like the one of a real one."""
        return f"{self._site}/rehearsals/{self._secret(self._signer.rehearsal(rehearsal_id))}?decision={decision}"

    def stop_mail(self, coach: Coach, digest: Digest) -> str:
        """The page, and for a mail program the address to post to, that ends this kind of mail."""
        return f"{self._site}/unsubscribe/{self._secret(self._signer.stop_mail(coach.id, digest))}"

    def sign_in(self, link_id: int) -> str:
        return f"{self.console}/sign-in/{self._secret(self._signer.sign_in(link_id))}"

    @property
    def alerts(self) -> str:
        """The console's page about incidents."""
        return f"{self.console}/alerts"

    def _secret(self, value: str) -> str:
        return MASK if self._masked else value


def unlinked(text: str) -> str:
    """What somebody outside wrote, so that no mail program turns an address in it into a link. Reads the same."""
    return LOOKS_LIKE_A_LINK.sub(BREAK, text)
