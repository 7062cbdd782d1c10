"""A name in From or Reply-To is one mailbox, however long and whatever is in it."""

import email.policy
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from core.mail.address_headers import set_mailbox
from core.mail.compose import compose
from core.mail.smtp import as_sent
from core.outbox.models import MessageKind
from tests.support.mail_samples import sample, settings, signer

NAMES = (
    *(f"Spirit, {'b' * length}" for length in range(0, 140, 1)),
    *(f"{'Turnen ' * count}GmbH, Köln" for count in range(1, 25)),
    'The "Flying" Gym; Ltd. (North), <old>',
    "Gym \\ Co",
    "体操, クラブ" * 12,
    "🤸 Spirit, Inc.",
    "",
)


def as_readers_decode(sent: bytes, header: str) -> str:
    """The name by RFC 2047. Python 3.11's own reader of addresses puts a space between two encoded words."""
    raw = str(message_from_bytes(sent, policy=email.policy.compat32)[header])
    name, _ = parseaddr("".join(raw.splitlines()))
    return str(make_header(decode_header(name)))


@pytest.mark.parametrize("header", ["From", "Reply-To"])
def test_a_name_of_any_length_with_a_comma_is_one_mailbox_and_comes_back_as_it_was(header: str) -> None:
    for name in NAMES:
        mail = EmailMessage()
        set_mailbox(mail, header, Address(name, username="desk", domain="spirit.example"))
        mail.set_content("Hello.")
        sent = as_sent(mail) if mail["To"] else mail.as_bytes(policy=email.policy.SMTP)
        (mailbox,) = message_from_bytes(sent, policy=email.policy.default)[header].addresses
        assert (as_readers_decode(sent, header), mailbox.addr_spec) == (name, "desk@spirit.example"), name
        assert all(len(line) <= 998 and line.isascii() for line in sent.split(b"\r\n"))


def test_a_gym_with_a_long_name_and_a_comma_is_answered_at_one_address() -> None:
    context = sample(MessageKind.REQUEST_RECEIVED)
    context.gym.email, context.gym.name = (
        "desk@spirit.example",
        "Spirit Athletics of the Greater Northern Bay Area and Hills, Inc.",
    )
    sent = as_sent(compose(context, settings=settings, signer=signer))
    (mailbox,) = message_from_bytes(sent, policy=email.policy.default)["Reply-To"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == (context.gym.name, "desk@spirit.example")
