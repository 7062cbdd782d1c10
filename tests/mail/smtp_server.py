"""
Mail servers that tests/support/smtp.py has not: one with TLS and its limits, and one that does as a script says.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

PEM = Path(__file__).with_name("localhost.pem")


@dataclass
class TlsServer:
    """secured: for each mail that it took, whether it came encrypted."""

    secured: list[bool] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        assert server.transport is not None
        self.secured.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 taken"


def tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return context


@contextmanager
def tls_server(*, at_once: bool = False, starttls: bool = False) -> Iterator[TlsServer]:
    """A server with a certificate that nobody trusts; without SMTPUTF8."""
    server = TlsServer()
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=free_port(),
        enable_SMTPUTF8=False,
        ssl_context=tls_context() if at_once else None,
        tls_context=tls_context() if starttls else None,
    )
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def scripted_server(script: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that runs `script` on one connection, whatever it does. Yields its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listening.accept()
            with connection:
                script(connection)
        except OSError:
            return  # the other side hung up, or nobody came: the test says whether that was right

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)
        assert not thread.is_alive()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
