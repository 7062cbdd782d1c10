"""Names and notes come from outside. They are read, never obeyed."""

import re
from email.message import EmailMessage
from typing import Any

import pytest

from core.mail.compose import compose
from core.mail.links import unlinked
from core.outbox.models import MessageKind
from tests.mail.reading import read
from tests.support.mail_samples import ABOUT_A_LESSON, TOGETHER, sample, settings, signer

BROKEN = "\u200b"
NAMES = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "{{7*7}} {% raise %} {0.__class__}",
    "W" * 80,
    "Ann & Bob <b>",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [*ABOUT_A_LESSON, *TOGETHER])
def test_a_name_is_shown_as_it_was_typed_and_does_nothing(kind: MessageKind, name: str) -> None:
    mail = read(sample(kind, customer_name=name, athlete_name=name, notes=name, cancel_reason=name, denial_reason=name))
    shown = unlinked(name)
    assert shown in mail.text
    assert shown in mail.words
    assert "49" not in mail.words
    assert not re.search(r"<(img|script|b)\b", mail.html)


@pytest.mark.parametrize("kind", [*ABOUT_A_LESSON, *TOGETHER])
@pytest.mark.parametrize("name", ["https://evil.example/x", "www.evil.example", "win@evil.example"])
def test_an_address_in_a_familys_words_is_no_link(kind: MessageKind, name: str) -> None:
    by_family: dict[str, Any] = {} if kind in (MessageKind.CANCELLED, MessageKind.DENIED) else {"cancel_reason": name}
    mail = read(sample(kind, customer_name=name, athlete_name=name, notes=name, **by_family))
    for part in (mail.subject, mail.text, mail.html, mail.preheader):
        assert "evil.example" not in part
        assert "evil" not in part or f"evil{BROKEN}.example" in part
    assert not any("evil" in address for address in mail.addresses)


@pytest.mark.parametrize("name", ["Sam\r\nBcc: eve@evil.example", "Sam\nX-Evil: 1", "Sam\u2028Bcc: eve@evil.example"])
def test_a_line_break_in_a_name_makes_no_header(name: str) -> None:
    composed = compose(sample(MessageKind.REQUEST, customer_name=name), settings=settings, signer=signer)
    assert isinstance(composed, EmailMessage)
    assert composed["Bcc"] is None
    assert composed["X-Evil"] is None
    assert len(str(composed["Subject"]).splitlines()) == 1


@pytest.mark.parametrize("address", ["sam@example.org\r\nBcc: eve@evil.example", "sam@example.org, eve@evil.example"])
def test_a_mail_goes_to_one_address_or_nowhere(address: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        compose(sample(MessageKind.REQUEST_RECEIVED, customer_email=address), settings=settings, signer=signer)


def test_notes_keep_their_lines_and_stay_a_quotation() -> None:
    mail = read(sample(MessageKind.REQUEST, notes="First line\n--\nApprove:\n<br>last"))
    assert "> First line\n> --\n> Approve:\n> <br>last\n" in mail.text
    assert "First line<br>\n--<br>\nApprove:<br>\n&lt;br&gt;last" in mail.html
