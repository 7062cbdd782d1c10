"""A mail as its reader sees it."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from html.parser import HTMLParser

from core.mail.compose import compose
from core.mail.mail_context import MailContext
from core.mail.smtp import as_sent
from tests.support.mail_samples import settings, signer


@dataclass(frozen=True)
class Read:
    """A mail that went over the wire: its parsed parts, and the HTML's visible words in one line."""

    mail: EmailMessage
    text: str
    html: str
    words: str
    preheader: str
    addresses: tuple[str, ...]

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])


def read(context: MailContext, *, mask_links: bool = False) -> Read:
    """Compose it, send it as bytes, and read it again."""
    composed = compose(context, settings=settings, signer=signer, mask_links=mask_links)
    mail = BytesParser(policy=default).parsebytes(as_sent(composed))
    assert isinstance(mail, EmailMessage)
    html = body(mail, "html")
    page = _Page()
    page.feed(html)
    return Read(mail, body(mail, "plain"), html, _line(page.words), _line(page.preheader), tuple(page.addresses))


def body(mail: EmailMessage, kind: str) -> str:
    """The plain or html part's text."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def _line(words: list[str]) -> str:
    return " ".join("".join(words).split())


class _Page(HTMLParser):
    """Visible words, hidden words, and where the links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.preheader: list[str] = []
        self.addresses: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.addresses.append(values["href"] or "")
        if tag in ("style", "title") or values.get("class") == "preheader":
            self._inside.append(tag)
        if tag not in ("a", "span"):
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)
        elif self._inside[-1] == "div":
            self.preheader.append(data)
