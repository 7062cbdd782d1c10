"""The Reply-To header: a coach's reply reaches the family, every other one the gym's desk."""

from email.headerregistry import Address

from core.mail.mail_context import MailContext
from core.mail.smtp_addresses import deliverable


def reply_to(context: MailContext) -> Address | None:
    """Where a reply goes; None: to the address that the mail comes from, since the gym has named no desk."""
    return family_of(context) or _address(context.gym.email, context.gym.name)


def family_of(context: MailContext) -> Address | None:
    """The family's address in a mail to staff about its booking; None in every other mail."""
    booking = context.booking
    if context.account is None or booking is None or context.message.rehearsal_id is not None:
        return None
    if booking.anonymised_at is not None or not booking.customer_email.rpartition("@")[0].isascii():
        return None  # a server without SMTPUTF8 would refuse the coach's mail for the sake of this header
    return _address(booking.customer_email, booking.customer_name)


def _address(address: str, name: str) -> Address | None:
    if not address:
        return None
    local, _, domain = deliverable(address).rpartition("@")
    return Address(" ".join(name.split()), username=local, domain=domain)  # a line break would end the header
