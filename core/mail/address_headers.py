"""
Mailbox headers (From, Reply-To) that stay one mailbox, whatever the name.

The standard library's folding loses the quotes of a long name and so makes two addresses of one with a comma (Python
3.11). Here a name is quoted or encoded once, and a line ends between the name and the address, or between encoded words.
"""

from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import Policy
from email.utils import quote

MAX_LINE = 78


class MailboxHeader(str):
    """A header with one mailbox, which folds itself. addresses: as the library's own headers have it."""

    __slots__ = ("addresses", "name")
    name: str
    addresses: tuple[Address, ...]

    def fold(self, *, policy: Policy) -> str:
        (mailbox,) = self.addresses
        words = _words(mailbox.display_name)
        lines, address = [f"{self.name}:"], f"<{mailbox.addr_spec}>" if words else mailbox.addr_spec
        for word in (*words, address):
            if len(lines[-1]) + 1 + len(word) <= MAX_LINE or lines[-1] == f"{self.name}:":
                lines[-1] += f" {word}"
            else:
                lines.append(f" {word}")
        return policy.linesep.join(lines) + policy.linesep


def set_mailbox(mail: EmailMessage, name: str, mailbox: Address) -> None:
    """Set the header of this name to one mailbox."""
    header = MailboxHeader(str(mailbox))
    header.name, header.addresses = name, (mailbox,)
    mail.set_raw(name, header)


def _words(display_name: str) -> list[str]:
    """A name in pieces between which a line may end: one quoted string, or encoded words."""
    if not display_name:
        return []
    if display_name.isascii():
        return [f'"{quote(display_name)}"']
    return Header(display_name, "utf-8", maxlinelen=64).encode().split("\n ")
