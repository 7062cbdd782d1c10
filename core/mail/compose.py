"""Composes a mail: headers, text and HTML from its facts and its template, calendar parts."""

import uuid
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import Policy

from core.gym.models import Gym
from core.mail import (  # noqa: F401  (their functions enter the table of facts as they are imported)
    to_admin,
    to_coach,
    to_coach_digests,
    to_coach_rehearsals,
    to_parent,
    to_staff,
)
from core.mail.address_headers import set_mailbox
from core.mail.calendar import calendar, mail_domain
from core.mail.facts import gather
from core.mail.links import MASK, Links
from core.mail.mail_context import MailContext
from core.mail.rendering import render
from core.mail.reply_to import reply_to
from core.mail.smtp_addresses import deliverable
from core.outbox.kinds import CalendarMethod
from core.outbox.models import WEBHOOK, OutboxMessage
from core.platform.settings import Settings
from core.platform.signed_tokens import Signer


def compose(context: MailContext, *, settings: Settings, signer: Signer, mask_links: bool = False) -> EmailMessage:
    """
    The whole mail. Pure: the same context makes the same mail.

    Args:
        mask_links: every secret link's token is written as "…", for a preview.
    """
    links = Links(settings, signer, masked=mask_links)
    kind = context.message.kind
    facts = gather(context, links)
    written = render(kind.value, facts, gym=context.gym)
    mail = EmailMessage()
    _address(mail, context, settings)
    _set_subject(mail, written.subject)
    if facts.stop is not None:
        _let_stop(mail, facts.stop.address)
    mail.set_content(written.text, cte="quoted-printable")
    mail.add_alternative(written.html, subtype="html", cte="quoted-printable")
    if kind.spec.calendar is not None and context.about.approved_at is not None:
        _add_calendar(mail, context, kind.spec.calendar, settings)
    return mail


def trial_mail(gym: Gym, address: str, *, settings: Settings, now: datetime) -> EmailMessage:
    """A test mail. Raises ValueError for what is no address."""
    local_part, _, domain = deliverable(address).rpartition("@")
    mail = EmailMessage()
    set_mailbox(mail, "From", settings.sender)
    mail["To"] = Address(username=local_part, domain=domain)
    mail["Date"] = now
    mail["Message-ID"] = f"<{uuid.uuid4().hex}@{mail_domain(settings)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Spirit-Mail"] = "test"
    _set_subject(mail, f"A test from {gym.name}")
    mail.set_content(f"Mail from {gym.name} arrives here. Nobody has to do anything.\n", cte="quoted-printable")
    return mail


def _address(mail: EmailMessage, context: MailContext, settings: Settings) -> None:
    """Every header but the subject. The Message-ID is the row's: a duplicate after a crash has the same."""
    domain = mail_domain(settings)
    set_mailbox(mail, "From", settings.sender)
    mail["To"] = _reader(context.message)
    mail["Date"] = context.generated_at
    mail["Message-ID"] = f"<{context.message.message_id}@{domain}>"
    if context.booking is not None and context.confirms is None:
        practice = context.message.rehearsal_id
        about = f"booking-{context.booking.id}" if practice is None else f"practice-{practice}"
        thread = f"<{about}-{'coach' if context.account else 'family'}@{domain}>"
        mail["In-Reply-To"] = thread
        mail["References"] = thread
    if context.notice is not None:
        thread = f"<incident-{context.notice.incident.id}@{domain}>"
        mail["In-Reply-To"] = thread
        mail["References"] = thread
    if (answers := reply_to(context)) is not None:
        set_mailbox(mail, "Reply-To", answers)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Spirit-Mail"] = context.message.kind.value


def _reader(message: OutboxMessage) -> Address:
    if message.channel == WEBHOOK:  # never sent as a mail, but shown as one on the outbox page
        return Address(username=WEBHOOK)
    local_part, _, domain = deliverable(message.recipient).rpartition("@")
    return Address(username=local_part, domain=domain)


def _set_subject(mail: EmailMessage, subject: str) -> None:
    """Encoded by the older Header: the newer way adds a space where it folds a line (Python 3.11)."""
    if subject.isascii():
        mail["Subject"] = subject
    else:
        mail.set_raw("Subject", Header(subject, "utf-8", header_name="Subject").encode())


class OneWord(str):
    """A header that cannot be folded, for it is one word. Python would encode a long one, and no mail program reads it then."""

    __slots__ = ("name",)
    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _let_stop(mail: EmailMessage, address: str) -> None:
    """RFC 8058: the reader's mail program shows a button of its own, and posts to this address without a page."""
    header = OneWord(f"<{address.replace(MASK, '...')}>")  # a header is ASCII, also in a preview
    header.name = "List-Unsubscribe"
    mail.set_raw(header.name, header)
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _add_calendar(mail: EmailMessage, context: MailContext, method: CalendarMethod, settings: Settings) -> None:
    """Some programs read the alternative, some the attachment; they are the same file."""
    file = calendar(context.about, context.gym, method, settings=settings, now=context.generated_at)
    mail.add_alternative(file.decode(), subtype="calendar", cte="base64", params={"method": method.value})
    mail.add_attachment(file, maintype="application", subtype="ics", filename="lesson.ics")
