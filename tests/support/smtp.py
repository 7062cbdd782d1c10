"""
A real SMTP server on loopback, which keeps what it receives and can be told to misbehave, phase by phase.

    with mail_server() as server:
        server.script("rcpt", "451 4.2.0 mailbox busy")       answered once; then well again
        server.script("data", "552 too large", times=None)    until told otherwise
        server.script("mail", slow_s=30)                      answers after 30 s
        server.script("sent", drop=True)                      the mail is kept, the answer never comes
        …
        server.messages()

Phases: connect, hello, mail, rcpt, data (the whole text has come; not kept if refused), sent (it is kept).
"""

import asyncio
import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PHASES = ("connect", "hello", "mail", "rcpt", "data", "sent")


@dataclass(frozen=True)
class Received:
    """A mail as it came in. sender, recipients: of the envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


@dataclass
class Trouble:
    """What happens in a phase. reply: instead of the usual one. times: how often; None means always."""

    reply: str | None = None
    slow_s: float = 0.0
    drop: bool = False
    times: int | None = 1


class MailServer:
    """host, port: where it listens. user, password: what it asks for, if anything."""

    def __init__(self, *, user: str = "", password: str = "") -> None:
        self.user, self.password = user, password
        self.host, self.port = "127.0.0.1", 0
        self.lines: list[asyncio.Transport] = []  # every connection that was made
        self.greetings: list[str] = []  # what each client called itself
        self._received: list[Received] = []
        self._troubles: dict[str, Trouble] = {}
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        """As in SPIRIT_MAIL_URL."""
        sign_in = f"{self.user}:{self.password}@" if self.user else ""
        return f"smtp://{sign_in}{self.host}:{self.port}"

    def script(
        self, phase: str, reply: str | None = None, *, slow_s: float = 0.0, drop: bool = False, times: int | None = 1
    ) -> None:
        """Misbehave in this phase, so many times. Replaces what was scripted for it before."""
        assert phase in PHASES, phase
        self._troubles[phase] = Trouble(reply, slow_s, drop, times)

    def messages(self, *, to: str | None = None) -> list[EmailMessage]:
        """What came in, oldest first."""
        with self._changed:
            return [received.message for received in self._received if to is None or to in received.recipients]

    def received(self) -> list[Received]:
        with self._changed:
            return list(self._received)

    def wait_for(self, count: int, *, to: str | None = None, limit_s: float = 180.0) -> list[EmailMessage]:
        """The mails to this address, as soon as there are so many. Raises AssertionError when they do not come."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.messages(to=to)) >= count, limit_s)
        assert came, f"{len(self.messages(to=to))} of {count} mails to {to or 'anyone'} within {limit_s:.0f} s"
        return self.messages(to=to)

    async def trouble(self, phase: str, server: "_Smtp") -> str | None:
        """What is scripted for this phase: waits, hangs up, or returns the reply to give."""
        scripted = self._troubles.get(phase)
        if scripted is None or scripted.times == 0:
            return None
        if scripted.times is not None:
            scripted.times -= 1
        await asyncio.sleep(scripted.slow_s)
        if scripted.drop:
            server.hang_up()
        return scripted.reply

    def keep(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=email.policy.default)
        with self._changed:
            self._received.append(Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), message))
            self._changed.notify_all()


@contextmanager
def mail_server(*, user: str = "", password: str = "") -> Iterator[MailServer]:
    """A server on a thread of its own, until the block ends; with a user it wants that sign-in."""
    gym = MailServer(user=user, password=password)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="smtp", daemon=True)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(_listen(gym), loop).result(5)
    try:
        yield gym
    finally:
        asyncio.run_coroutine_threadsafe(_close(gym, listening), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _listen(gym: MailServer) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Smtp(gym, loop), gym.host, 0)
    gym.port = server.sockets[0].getsockname()[1]
    return server


async def _close(gym: MailServer, listening: asyncio.Server) -> None:
    """Hang up on everyone, those too that wait for a slow answer."""
    listening.close()
    for line in gym.lines:
        line.abort()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # the lines close in the loop's next round


class _Smtp(SMTP):
    def __init__(self, gym: MailServer, loop: asyncio.AbstractEventLoop) -> None:
        self.gym = gym
        super().__init__(
            _Handler(gym),
            hostname="mail.test",
            enable_SMTPUTF8=True,
            authenticator=self._check_sign_in if gym.user else None,
            auth_required=bool(gym.user),
            auth_require_tls=False,
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.line, self.greeted = transport, False
        self.gym.lines.append(transport)
        super().connection_made(transport)

    def hang_up(self) -> None:
        self.line.abort()

    async def push(self, status: Any) -> None:
        """The greeting is the first thing we say, and the one answer that no hook is asked for."""
        if not self.greeted:
            self.greeted = True
            status = await self.gym.trouble("connect", self) or status
        await super().push(status)

    def _check_sign_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        wanted = LoginPassword(self.gym.user.encode(), self.gym.password.encode())
        return AuthResult(success=data == wanted, handled=False)


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self.gym = server

    async def handle_EHLO(
        self, server: _Smtp, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.gym.greetings.append(hostname)
        reply = await self.gym.trouble("hello", server)
        if reply is not None:
            return [reply]
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: _Smtp, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self.gym.trouble("mail", server)
        if reply is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or "250 OK"

    async def handle_RCPT(
        self, server: _Smtp, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self.gym.trouble("rcpt", server)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: _Smtp, session: Session, envelope: Envelope) -> str:
        reply = await self.gym.trouble("data", server)
        if reply is not None:
            return reply
        self.gym.keep(envelope)
        return await self.gym.trouble("sent", server) or "250 kept"
