"""Deadlines on the wall's clock: whoever drips, hangs or swallows packets is left in time, by every way out."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from console.web import openid_connect
from console.web.server import create_app
from core.mail.smtp import Server, SmtpTransport
from core.mail.webhook import HttpWebhook
from core.outbox.delivery_failures import MailFailure, TemporaryFailure
from core.platform.deadline import Deadline, answer_within
from core.platform.outgoing_socket import connect
from core.platform.services import Services
from core.platform.storage import StorageUnavailable, storage_at
from tests.mail.smtp_server import scripted_server
from tests.support.slow_server import drip, slow_server


@contextmanager
def black_hole() -> Iterator[int]:
    """A port whose queue is full: it swallows whoever comes, as a firewall does. Yields it."""
    with ExitStack() as opened:
        listening = opened.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def test_the_second_address_of_a_host_is_tried_in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets a fair share: here the first one swallows packets."""
    greeted = threading.Event()

    def slow_greeting(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        greeted.set()
        connection.recv(1000)

    with black_hole() as hole, scripted_server(slow_greeting) as well:
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (hole, well)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        with connect("mail.example", 25, Deadline(40, phase_s=2)) as connection:
            assert connection.getpeername()[1] == well and greeted.wait(60)


def test_a_host_whose_addresses_all_swallow_packets_is_left_within_one_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    with black_hole() as hole:
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", hole))] * 5
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            connect("mail.example", 25, Deadline(30, phase_s=0.5))
        assert time.monotonic() - began < 25, "the deadline itself would be 30 s"


def test_a_look_up_that_hangs_is_left_behind() -> None:
    stop = threading.Event()
    with pytest.raises(TimeoutError):
        answer_within(0.05, lambda: stop.wait(20))
    stop.set()


def test_an_answer_in_time_and_a_failure_in_time_are_handed_on() -> None:
    assert answer_within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        answer_within(5, lambda: 1 // 0)


def test_a_webhook_that_drips_is_left_in_time() -> None:
    with slow_server(drip) as port:
        began = time.monotonic()
        with pytest.raises(TemporaryFailure, match="did not answer in time"):
            HttpWebhook(f"http://127.0.0.1:{port}/hook", total_s=0.4).post({"text": "hello"})
        assert time.monotonic() - began < 25


def test_a_mail_server_that_drips_is_left_in_time() -> None:
    with slow_server(drip) as port:
        began = time.monotonic()
        with pytest.raises(MailFailure):
            SmtpTransport(Server("127.0.0.1", port), phase_s=0.3, total_s=0.6).greet()
        assert time.monotonic() - began < 25


def test_a_bucket_that_drips_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr("core.platform.storage.ANSWER_WITHIN", "1s")
    with slow_server(drip) as port:
        bucket = storage_at(f"s3://photos?endpoint=http://127.0.0.1:{port}", variable="SPIRIT_MEDIA_URL")
        began = time.monotonic()
        with pytest.raises(StorageUnavailable):
            bucket.get("a.webp")
        with pytest.raises(StorageUnavailable):
            bucket.put("a.webp", b"a", media_type="image/webp")
        with pytest.raises(StorageUnavailable):
            list(bucket.files())
        assert time.monotonic() - began < 30


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_sign_in_provider_that_drips_is_left_in_time(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openid_connect, "TOTAL_S", 0.3)
    with slow_server(drip) as port:
        given = {
            "oidc_issuer": f"http://127.0.0.1:{port}",
            "oidc_client_id": "spirit",
            "oidc_client_secret": SecretStr("secret"),
        }
        told = replace(services, settings=services.settings.model_copy(update=given))
        began = time.monotonic()
        with TestClient(create_app(told), base_url=told.settings.console_url, follow_redirects=False) as browser:
            answer = browser.get("/sign-in/provider", headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 503 and "cannot be reached at the moment" in answer.text
        assert time.monotonic() - began < 10
