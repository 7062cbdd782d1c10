"""
SMTP client: one mail over one connection, within a deadline.

Every phase of the conversation has its limit, and all of them together have theirs (core/platform/deadline.py).
"""

import contextlib
import enum
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import TypeVar

from core.mail.smtp_addresses import deliverable
from core.mail.smtp_refusals import failure_of
from core.outbox.delivery_failures import (
    AuthenticationFailure,
    MailFailure,
    PermanentFailure,
    ServerFailure,
    TemporaryFailure,
)
from core.platform.deadline import Deadline
from core.platform.outgoing_socket import connect

T = TypeVar("T")
PHASE_S, GOODBYE_S = 10.0, 2.0
TOTAL_S = 45.0  # less than the lease of a claim, so that two workers never send one mail
CLOSING = 421
ABOUT_THIS_MAIL = ("rcpt", "data")


def as_sent(message: EmailMessage) -> bytes:
    """
    The bytes that leave, with CR LF.

    A recipient with letters beyond ASCII before the @ needs the headers in UTF-8, and a server that takes them.
    """
    return message.as_bytes(policy=SMTP.clone(utf8=not str(message["To"]).isascii()))


class Starttls(enum.Enum):
    """REQUIRED: with a certificate that we trust, or no mail. IF_OFFERED: better than nothing, whoever answers."""

    REQUIRED = enum.auto()
    IF_OFFERED = enum.auto()


@dataclass(frozen=True)
class Server:
    """Where to send. user: empty for no sign-in."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls_at_once: bool = False
    starttls: Starttls = Starttls.IF_OFFERED


class SmtpTransport:
    """
    Sends by SMTP, a connection a mail.

    ehlo_name: how we say hello; empty: by our address. phase_s, total_s: limits in seconds.
    """

    def __init__(
        self, server: Server, *, ehlo_name: str = "", phase_s: float = PHASE_S, total_s: float = TOTAL_S
    ) -> None:
        self.server, self.ehlo_name, self._phase_s, self._total_s = server, ehlo_name, phase_s, total_s

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        """
        Hand the mail over: connect, greeting, hello, starttls, login, mail, rcpt, data.

        Raises:
            TemporaryFailure: refused for now, by its rules (PolicyFailure), or the server is away (ServerFailure).
            PermanentFailure: this recipient's address takes no mail.
            AuthenticationFailure: the sign-in was refused, or is demanded and we have none.
        """
        with contextlib.ExitStack() as opened:
            talk = self._conversation(opened)
            try:
                talk.begin()
                talk.hand_over(message, deliverable(recipient))
            except OSError as error:
                raise _failure(talk.phase, error) from error
            talk.end()

    def greet(self) -> None:
        """Go as far as a mail would before its sender is named, and leave. Raises MailFailure as `send` does."""
        with contextlib.ExitStack() as opened:
            talk = self._conversation(opened)
            try:
                talk.begin()
            except OSError as error:
                raise _failure(talk.phase, error) from error
            talk.end()

    def _conversation(self, opened: contextlib.ExitStack) -> "_Conversation":
        return _Conversation(self.server, self.ehlo_name, Deadline(self._total_s, phase_s=self._phase_s), opened)


class _Client(smtplib.SMTP):
    """smtplib on a connection that we opened ourselves, so that opening it has its limit too."""

    def __init__(self, host: str, connection: socket.socket, ehlo_name: str) -> None:
        self._connection = connection
        super().__init__(host, local_hostname=ehlo_name or address_literal(connection))

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._connection


class _Conversation:
    """An SMTP session. `phase` is the one it is in; `opened` closes what was opened."""

    def __init__(self, server: Server, ehlo_name: str, deadline: Deadline, opened: contextlib.ExitStack) -> None:
        self._server, self._ehlo_name, self._deadline, self._opened = server, ehlo_name, deadline, opened
        self.phase = "connect"

    def begin(self) -> None:
        server = self._server
        connection = self._opened.enter_context(connect(server.host, server.port, self._deadline))
        self._line = self._opened.enter_context(connection.dup())  # shuts it, whatever TLS makes of its first name
        if server.tls_at_once:
            connection = self._step("tls", lambda: _trusting().wrap_socket(connection, server_hostname=server.host))
            self._opened.enter_context(connection)
        self._client = self._step("greeting", lambda: _Client(server.host, connection, self._ehlo_name))
        self._opened.callback(self._client.close)
        self._step("hello", self._hello)
        if not server.tls_at_once:
            self._starttls()
        if server.user:
            self._step("login", lambda: self._client.login(server.user, server.password))

    def _starttls(self) -> None:
        required = self._server.starttls is Starttls.REQUIRED
        if self._client.has_extn("starttls"):
            context = _trusting() if required else _whoever_answers()
            self._step("starttls", lambda: self._client.starttls(context=context))
            self._step("hello", self._hello)
        elif required:
            self.phase = "starttls"
            raise smtplib.SMTPNotSupportedError

    def _hello(self) -> None:
        """EHLO, or HELO where that is not known. A server that is closing says so here, and that is the reason to report."""
        code, text = self._client.ehlo()
        if not 200 <= code < 300 and code != CLOSING:
            code, text = self._client.helo()
        if not 200 <= code < 300:
            raise smtplib.SMTPResponseException(code, text)

    def hand_over(self, message: EmailMessage, recipient: str) -> None:
        sender = message["From"].addresses[0].addr_spec
        options = [] if recipient.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
        if options and not self._client.has_extn("smtputf8"):
            self.phase = "rcpt"
            raise smtplib.SMTPNotSupportedError
        self._client.command_encoding = "utf-8" if options else "ascii"
        self._command("mail", lambda: self._client.mail(sender, options))
        self._command("rcpt", lambda: self._client.rcpt(recipient))
        self._command("data", lambda: self._client.data(as_sent(message)))

    def end(self) -> None:
        """The mail is the server's now; a goodbye that fails changes nothing."""
        with contextlib.suppress(OSError):
            self._deadline.run(self._client.quit, self._line, GOODBYE_S)

    def _step(self, phase: str, step: Callable[[], T]) -> T:
        self.phase = phase
        return self._deadline.run(step, self._line)

    def _command(self, phase: str, command: Callable[[], tuple[int, bytes]]) -> None:
        code, text = self._step(phase, command)
        if not 200 <= code < 300:
            raise smtplib.SMTPResponseException(code, text)


def address_literal(connection: socket.socket) -> str:
    """How a machine without a name says hello (RFC 5321): its address."""
    address = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


def _whoever_answers() -> ssl.SSLContext:
    """Opportunistic TLS without certificate verification: only where no credentials are sent."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _failure(phase: str, error: OSError) -> MailFailure:
    """What a failed phase means. Before a reader is named, every other mail would have fared the same."""
    broken = TemporaryFailure if phase in ABOUT_THIS_MAIL else ServerFailure
    if isinstance(error, TimeoutError):
        return broken(f"the mail server took too long ({phase})")
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return failure_of(phase, error)
    if isinstance(error, smtplib.SMTPNotSupportedError) and phase == "starttls":
        return ServerFailure("the mail server offers no STARTTLS, which is required")
    if isinstance(error, smtplib.SMTPNotSupportedError) and phase == "rcpt":
        return PermanentFailure("the mail server cannot write to an address like this one")
    if type(error) in (smtplib.SMTPException, smtplib.SMTPNotSupportedError) and phase == "login":
        return AuthenticationFailure("the mail server offers no sign-in that we know")
    if isinstance(error, ssl.SSLCertVerificationError):
        return ServerFailure("the mail server's certificate is not trusted")
    if isinstance(error, socket.gaierror):
        return ServerFailure("the mail server's name was not found")
    if phase == "connect":
        return ServerFailure("the mail server could not be reached")
    return broken(f"the mail server broke off ({phase})")
