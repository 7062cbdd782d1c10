"""Mail by SMTP, against real servers on this machine: taken, refused for now, refused for good, or too slow."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from urllib.parse import quote

import pytest

from core.mail import smtp
from core.mail.compose import compose
from core.mail.smtp import Server, SmtpTransport
from core.mail.transports import transport_for
from core.outbox.delivery_failures import (
    AuthenticationFailure,
    MailFailure,
    PermanentFailure,
    ServerFailure,
    TemporaryFailure,
)
from core.outbox.models import MessageKind
from tests.mail.smtp_server import PEM, free_port, scripted_server, tls_server
from tests.support.mail_samples import sample, settings, signer
from tests.support.smtp import mail_server

SAM = "sam.rivera@example.org"
USER, PASSWORD = "desk@spirit.example", "p@ss:w/rd%"
CREDENTIALS = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"


def confirmation(recipient: str = SAM) -> EmailMessage:
    return compose(sample(MessageKind.CONFIRMED, customer_email=recipient), settings=settings, signer=signer)


def send(url: str, recipient: str = SAM) -> None:
    transport_for(url).send(confirmation(recipient), recipient=recipient)


def test_a_mail_arrives_as_it_was_composed() -> None:
    with mail_server() as server:
        send(server.url)
    (received,) = server.received()
    assert (received.sender, received.recipients) == ("bookings@spirit.example", (SAM,))
    assert received.message["Subject"] == confirmation()["Subject"]
    assert received.message["Message-ID"] == confirmation()["Message-ID"]


def test_a_percent_encoded_password_signs_in() -> None:
    with mail_server(user=USER, password=PASSWORD) as server:
        send(f"smtp://{CREDENTIALS}127.0.0.1:{server.port}")
    assert len(server.messages()) == 1


def test_one_transport_sends_many_mails_from_many_threads() -> None:
    with mail_server() as server, ThreadPoolExecutor(4) as threads:
        transport = transport_for(server.url)
        list(threads.map(lambda _: transport.send(confirmation(), recipient=SAM), range(8)))
    assert len(server.messages()) == 8


# How we say hello


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"base_url": "https://lessons.example.org"}, "lessons.example.org"),
        ({"base_url": "https://lessons.example.org", "mail_ehlo_name": "mail.example.org"}, "mail.example.org"),
        ({"base_url": "http://127.0.0.1:8000"}, "[127.0.0.1]"),
        ({"base_url": "http://localhost:8000"}, "[127.0.0.1]"),
    ],
)
def test_we_say_hello_by_a_name_where_there_is_one(given: dict[str, str], name: str) -> None:
    with mail_server() as server:
        told = settings.model_copy(update=given)
        transport_for(server.url, ehlo_name=told.ehlo_name).send(confirmation(), recipient=SAM)
        assert server.greetings == [name]


def test_a_server_that_is_closing_says_so_in_its_answer_to_hello() -> None:
    def closing(connection: socket.socket) -> None:
        connection.sendall(b"421 4.3.2 not you\r\n")
        hang_up(connection)

    with (
        scripted_server(conversation(then=closing)) as port,
        pytest.raises(ServerFailure, match=r"\(hello: 421 4.3.2\)"),
    ):
        impatient(port, phase_s=5.0).send(confirmation(), recipient=SAM)


def test_a_server_that_knows_helo_alone_is_greeted_so() -> None:
    replies = (b"502 what\r\n", b"250 here\r\n", OK, OK, b"354 go ahead\r\n")
    with (
        scripted_server(conversation(*replies, then=hang_up)) as port,
        pytest.raises(TemporaryFailure, match=r"\(data\)"),
    ):
        impatient(port, phase_s=5.0).send(confirmation(), recipient=SAM)


# Encryption


def test_starttls_is_used_where_it_is_offered_whoever_answers() -> None:
    with tls_server(starttls=True) as server:
        send(f"smtp://127.0.0.1:{server.port}")
    assert server.secured == [True]


def test_starttls_that_is_required_trusts_only_who_proves_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with tls_server(starttls=True) as server:
        url = f"smtp://127.0.0.1:{server.port}?starttls=required"
        with pytest.raises(TemporaryFailure, match="certificate is not trusted"):
            send(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
        send(url)
    assert server.secured == [True]


def test_starttls_that_is_required_and_not_offered_sends_nothing() -> None:
    with mail_server() as server, pytest.raises(TemporaryFailure, match="offers no STARTTLS, which is required"):
        send(f"{server.url}?starttls=required")
    assert server.messages() == []


def test_smtps_is_encrypted_from_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    with tls_server(at_once=True) as server:
        with pytest.raises(TemporaryFailure, match="certificate is not trusted"):
            send(f"smtps://127.0.0.1:{server.port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
        send(f"smtps://127.0.0.1:{server.port}")
    assert server.secured == [True]


# Refusals: what each means, and that its sentence names nobody

REPLY = f"{{}} no {SAM} here"


@pytest.mark.parametrize(
    ("phase", "answer", "failure", "sentence"),
    [
        ("rcpt", "451 4.7.1", TemporaryFailure, "the mail server said no for now (rcpt: 451 4.7.1)"),
        ("data", "421", ServerFailure, "the mail server takes no mail of ours at the moment (data: 421)"),
        (
            "rcpt",
            "550 5.1.1",
            PermanentFailure,
            "the mail server says that this address takes no mail (rcpt: 550 5.1.1)",
        ),
        ("mail", "550 5.4.5", ServerFailure, "the mail server takes no mail of ours at the moment (mail: 550 5.4.5)"),
        ("data", "530 5.7.0", AuthenticationFailure, "the mail server refused our sign-in (data: 530 5.7.0)"),
    ],
)  # the whole matrix: tests/mail/test_refusals.py
def test_a_reply_is_told_by_its_codes(phase: str, answer: str, failure: type[MailFailure], sentence: str) -> None:
    with mail_server() as server:
        server.script(phase, REPLY.format(answer))
        with pytest.raises(MailFailure) as refused:
            send(server.url)
    assert (type(refused.value), str(refused.value)) == (failure, sentence)
    assert server.messages() == []


def test_a_wrong_password_is_everybodys_problem() -> None:
    with (
        mail_server(user=USER, password=PASSWORD) as server,
        pytest.raises(AuthenticationFailure, match=r"refused our sign-in \(login: 535"),
    ):
        send(f"smtp://someone:wrong@127.0.0.1:{server.port}")


def test_a_server_that_wants_a_password_we_do_not_have_is_everybodys_problem() -> None:
    with (
        mail_server(user=USER, password=PASSWORD) as server,
        pytest.raises(AuthenticationFailure, match=r"\(mail: 530"),
    ):
        send(f"smtp://127.0.0.1:{server.port}")


def test_a_password_for_a_server_without_sign_in_is_everybodys_problem() -> None:
    for hello in (b"250 here\r\n", b"250-here\r\n250 AUTH GSSAPI\r\n"):
        with (
            scripted_server(conversation(hello)) as port,
            pytest.raises(AuthenticationFailure, match="offers no sign-in that we know"),
        ):
            send(f"smtp://{CREDENTIALS}127.0.0.1:{port}")


def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(TemporaryFailure, match="the mail server could not be reached"):
        send(f"smtp://127.0.0.1:{free_port()}")


def test_a_name_that_is_not_found_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    with pytest.raises(TemporaryFailure, match="the mail server's name was not found"):
        send("smtp://mail.spirit.example:25")


def test_a_look_up_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1))
    with pytest.raises(TemporaryFailure, match=r"took too long \(connect\)"):
        SmtpTransport(Server("mail.spirit.example", 25), phase_s=0.1).send(confirmation(), recipient=SAM)


def test_letters_beyond_ascii_in_an_address_need_a_server_that_takes_them() -> None:
    with mail_server() as server:
        send(server.url, "zoë@example.org")
    (received,) = server.received()
    assert received.recipients == ("zoë@example.org",)
    assert received.message["To"] == "zoë@example.org"
    with tls_server() as other, pytest.raises(PermanentFailure, match="cannot write to an address like this one"):
        send(f"smtp://127.0.0.1:{other.port}", "zoë@example.org")


def test_a_domain_with_an_umlaut_travels_in_ascii() -> None:
    with mail_server() as server:
        send(server.url, "sam@bücher.example")
    assert server.received()[0].recipients == ("sam@xn--bcher-kva.example",)


def test_two_addresses_are_none() -> None:
    with mail_server() as server, pytest.raises(ValueError, match=r"\S"):
        transport_for(server.url).send(confirmation(), recipient="sam@example.org, eve@example.org")
    assert server.messages() == []


# Slow and broken servers

Script = Callable[[socket.socket], None]
EHLO_REPLY = b"250 here\r\n"


def conversation(*replies: bytes, then: Script | None = None) -> Script:
    """Greet, then answer one line of the client's with one reply, in order; then do something else."""

    def script(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(b"220 hello\r\n")
        for reply in replies:
            lines.readline()
            connection.sendall(reply)
        if then is not None:
            lines.readline()
            then(connection)
        while lines.readline():  # stay until the other side leaves
            pass

    return script


def silence(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def a_byte_at_a_time(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"2")
        time.sleep(0.02)


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def hang_up_after_the_text(connection: socket.socket) -> None:
    """Says go ahead, reads the whole mail, and is gone without a word."""
    connection.sendall(b"354 go ahead\r\n")
    received = b""
    while not received.endswith(b"\r\n.\r\n"):
        received += connection.recv(65536)
    hang_up(connection)


def impatient(port: int, *, phase_s: float = 0.3, total_s: float = 5.0) -> SmtpTransport:
    return SmtpTransport(Server("127.0.0.1", port), phase_s=phase_s, total_s=total_s)


OK = b"250 ok\r\n"
PHASES: dict[str, tuple[bytes, ...] | None] = {
    "greeting": None,
    "hello": (),
    "mail": (EHLO_REPLY,),
    "rcpt": (EHLO_REPLY, OK),
    "data": (EHLO_REPLY, OK, OK),
}


@pytest.mark.parametrize("slowly", [silence, a_byte_at_a_time])
@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_ends_in_time_however_the_server_dawdles(phase: str, slowly: Script) -> None:
    before = PHASES[phase]
    script = slowly if before is None else conversation(*before, then=slowly)
    with scripted_server(script) as port:
        started = time.monotonic()
        with pytest.raises(TemporaryFailure, match=rf"the mail server took too long \({phase}\)"):
            impatient(port).send(confirmation(), recipient=SAM)
        assert 0.25 < time.monotonic() - started < 1.5


def test_a_tls_handshake_that_never_ends_is_cut_off() -> None:
    with scripted_server(silence) as port:
        transport = SmtpTransport(Server("127.0.0.1", port, tls_at_once=True), phase_s=0.3)
        with pytest.raises(TemporaryFailure, match=r"took too long \(tls\)"):
            transport.send(confirmation(), recipient=SAM)


def test_a_starttls_handshake_that_never_ends_is_cut_off() -> None:
    script = conversation(b"250-here\r\n250 STARTTLS\r\n", b"220 go ahead\r\n")
    with scripted_server(script) as port, pytest.raises(TemporaryFailure, match=r"took too long \(starttls\)"):
        impatient(port).send(confirmation(), recipient=SAM)


def unhurried(connection: socket.socket) -> None:
    """Every answer comes within its phase's limit, and takes most of it."""
    lines = connection.makefile("rb")
    time.sleep(0.2)
    connection.sendall(b"220 hello\r\n")
    for reply in (EHLO_REPLY, OK, OK, b"354 go ahead\r\n"):
        lines.readline()
        time.sleep(0.2)
        connection.sendall(reply)
    while lines.readline() != b".\r\n":
        pass
    time.sleep(0.2)
    connection.sendall(OK)
    lines.readline()


def test_all_phases_together_end_in_time_as_well() -> None:
    with scripted_server(unhurried) as port:
        started = time.monotonic()
        with pytest.raises(TemporaryFailure, match="the mail server took too long"):
            impatient(port, phase_s=0.5, total_s=0.7).send(confirmation(), recipient=SAM)
        assert 0.6 < time.monotonic() - started < 1.5
    with scripted_server(unhurried) as port:  # given the time, the same server takes the mail
        impatient(port, phase_s=2.0, total_s=10.0).send(confirmation(), recipient=SAM)


def test_the_limits_in_force_fit_into_the_lease_of_a_mail() -> None:
    assert (smtp.PHASE_S, smtp.TOTAL_S) == (10, 45)
    assert smtp.TOTAL_S + smtp.GOODBYE_S < 60


@pytest.mark.parametrize("phase", [phase for phase, before in PHASES.items() if before is not None])
def test_a_server_that_hangs_up_is_tried_again(phase: str) -> None:
    script = conversation(*(PHASES[phase] or ()), then=hang_up)
    with scripted_server(script) as port, pytest.raises(TemporaryFailure, match=rf"broke off \({phase}\)"):
        impatient(port, phase_s=5.0).send(confirmation(), recipient=SAM)


def test_a_server_that_hangs_up_after_the_text_is_tried_again_with_the_same_message_id() -> None:
    with (
        scripted_server(conversation(EHLO_REPLY, OK, OK, then=hang_up_after_the_text)) as port,
        pytest.raises(TemporaryFailure, match=r"broke off \(data\)"),
    ):
        impatient(port, phase_s=5.0).send(confirmation(), recipient=SAM)
    assert confirmation()["Message-ID"] == confirmation()["Message-ID"]


def test_a_server_that_took_the_mail_and_skips_the_goodbye_has_taken_it() -> None:
    taken: list[bytes] = []

    def take_and_go(connection: socket.socket) -> None:
        connection.sendall(b"354 go ahead\r\n")
        received = b""
        while not received.endswith(b"\r\n.\r\n"):
            received += connection.recv(65536)
        taken.append(received)
        connection.sendall(OK)
        hang_up(connection)

    with scripted_server(conversation(EHLO_REPLY, OK, OK, then=take_and_go)) as port:
        impatient(port, phase_s=5.0).send(confirmation(), recipient=SAM)
    assert len(taken) == 1


def test_a_server_that_speaks_nonsense_is_tried_again() -> None:
    def nonsense(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        silence(connection)

    with scripted_server(nonsense) as port, pytest.raises(TemporaryFailure, match=r"broke off \(greeting\)"):
        impatient(port).send(confirmation(), recipient=SAM)


def test_a_server_that_is_closed_for_now_is_tried_again() -> None:
    def closed(connection: socket.socket) -> None:
        connection.sendall(b"554 no service\r\n")

    with (
        scripted_server(closed) as port,
        pytest.raises(ServerFailure, match=r"takes no mail of ours at the moment \(greeting: 554\)"),
    ):
        impatient(port).send(confirmation(), recipient=SAM)
