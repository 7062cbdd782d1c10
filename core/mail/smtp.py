"""
One mail to one mail server, and never longer than it may take.

Every phase of the conversation has its limit, and all of them together have theirs. A thread watches the clock and
shuts the connection when time is up: a limit on each read alone would be renewed by every byte that a server sends.
"""

import contextlib
import enum
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, TypeVar

from core.mail.addresses import deliverable
from core.mail.failures import AuthenticationFailure, MailFailure, PermanentFailure, ServerFailure, TemporaryFailure
from core.mail.refusals import failure_of

T = TypeVar("T")
PHASE_S, TOTAL_S, GOODBYE_S = 10.0, 45.0, 2.0
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


class Watch:
    """The clock of one conversation."""

    def __init__(self, phase_s: float, total_s: float) -> None:
        self._phase_s, self._ends = phase_s, time.monotonic() + total_s

    def left_s(self, limit_s: float | None = None) -> float:
        """How long the next phase may take. Raises TimeoutError if nothing is left."""
        left = min(limit_s or self._phase_s, self._ends - time.monotonic())
        if left <= 0:
            raise TimeoutError
        return left

    def run(self, step: Callable[[], T], connection: socket.socket, limit_s: float | None = None) -> T:
        """Do this step; shut the connection if it is not done in time, and raise TimeoutError then."""
        is_over = threading.Event()

        def shut() -> None:
            is_over.set()
            with contextlib.suppress(OSError):  # the server was faster
                connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self.left_s(limit_s), shut)
        timer.daemon = True
        timer.start()
        try:
            done = step()
        except OSError:  # smtplib's own errors are among these
            if is_over.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
        if is_over.is_set():
            raise TimeoutError  # what looks like an answer is the part of one that came in time
        return done


class SmtpTransport:
    """Sends by SMTP, a connection a mail. phase_s, total_s: its limits in seconds."""

    def __init__(self, server: Server, *, phase_s: float = PHASE_S, total_s: float = TOTAL_S) -> None:
        self.server, self._phase_s, self._total_s = server, phase_s, total_s

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        """
        Hand the mail over: connect, greeting, hello, starttls, login, mail, rcpt, data.

        Raises:
            TemporaryFailure: refused for now, by its rules (PolicyFailure), or the server is away (ServerFailure).
            PermanentFailure: this recipient's address takes no mail.
            AuthenticationFailure: the sign-in was refused, or is demanded and we have none.
        """
        with contextlib.ExitStack() as opened:
            talk = _Conversation(self.server, Watch(self._phase_s, self._total_s), opened)
            try:
                talk.begin()
                talk.hand_over(message, deliverable(recipient))
            except OSError as error:
                raise _failure(talk.phase, error) from error
            talk.end()


class _Client(smtplib.SMTP):
    """smtplib on a connection that we opened ourselves, so that opening it has its limit too."""

    def __init__(self, host: str, connection: socket.socket) -> None:
        self._connection = connection
        super().__init__(host, local_hostname=_our_name(connection))

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._connection


class _Conversation:
    """One mail's way through the phases. `phase` is the one it is in; `opened` closes what was opened."""

    def __init__(self, server: Server, watch: Watch, opened: contextlib.ExitStack) -> None:
        self._server, self._watch, self._opened = server, watch, opened
        self.phase = "connect"

    def begin(self) -> None:
        server = self._server
        connection = self._opened.enter_context(_connected(server, self._watch))
        self._line = self._opened.enter_context(connection.dup())  # shuts it, whatever TLS makes of its first name
        if server.tls_at_once:
            connection = self._step("tls", lambda: _trusting().wrap_socket(connection, server_hostname=server.host))
            self._opened.enter_context(connection)
        self._client = self._step("greeting", lambda: _Client(server.host, connection))
        self._opened.callback(self._client.close)
        self._step("hello", self._client.ehlo_or_helo_if_needed)
        if not server.tls_at_once:
            self._starttls()
        if server.user:
            self._step("login", lambda: self._client.login(server.user, server.password))

    def _starttls(self) -> None:
        required = self._server.starttls is Starttls.REQUIRED
        if self._client.has_extn("starttls"):
            context = _trusting() if required else _whoever_answers()
            self._step("starttls", lambda: self._client.starttls(context=context))
            self._step("hello", self._client.ehlo_or_helo_if_needed)
        elif required:
            self.phase = "starttls"
            raise smtplib.SMTPNotSupportedError

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
            self._watch.run(self._client.quit, self._line, GOODBYE_S)

    def _step(self, phase: str, step: Callable[[], T]) -> T:
        self.phase = phase
        return self._watch.run(step, self._line)

    def _command(self, phase: str, command: Callable[[], tuple[int, bytes]]) -> None:
        code, text = self._step(phase, command)
        if not 200 <= code < 300:
            raise smtplib.SMTPResponseException(code, text)


def _connected(server: Server, watch: Watch) -> socket.socket:
    """The first of the host's addresses that answers. All of them together have one phase's time."""
    ends = time.monotonic() + watch.left_s()
    refusal: OSError = ConnectionRefusedError()
    for family, kind, protocol, _, address in _looked_up(server, watch.left_s()):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(max(ends - time.monotonic(), 0.01))
            connection.connect(address)
            connection.settimeout(None)  # from here on the watch shuts it
            return connection
        except OSError as error:
            connection.close()
            refusal = error
    raise refusal


def _looked_up(server: Server, limit_s: float) -> list[Any]:
    """The host's addresses. The system's own patience is longer than ours, so a thread asks and may be left behind."""
    answer: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM))
        except OSError as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return answer.result(limit_s)


def _our_name(connection: socket.socket) -> str:
    """How we say hello: our address. The host's full name would be a question to the network, without a limit."""
    address = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


def _whoever_answers() -> ssl.SSLContext:
    """Without a password to lose, a line that nobody reads along is better than an open one."""
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
