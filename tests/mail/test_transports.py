"""The folder of mails, and which transport an address means."""

import os
import stat
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest

from core.errors import SettingInvalid
from core.mail.compose import compose
from core.mail.smtp import Server, SmtpTransport, Starttls
from core.mail.transports import FolderTransport, transport_for
from core.outbox.delivery_failures import TemporaryFailure
from core.outbox.models import MessageKind
from tests.support.mail_samples import SAMPLES, sample, settings, signer

REQUEST = SAMPLES[MessageKind.REQUEST]


def written(sample: MessageKind = MessageKind.REQUEST) -> EmailMessage:
    return compose(SAMPLES[sample], settings=settings, signer=signer)


def test_a_mail_becomes_one_file_that_can_be_read_back(tmp_path: Path) -> None:
    FolderTransport(tmp_path / "mail").send(written(), recipient="nora@spirit.example")
    (path,) = (tmp_path / "mail").iterdir()
    mail = BytesParser(policy=default).parsebytes(path.read_bytes())
    assert isinstance(mail, EmailMessage)
    assert (mail["To"], mail["Subject"]) == ("nora@spirit.example", written()["Subject"])
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"/approvals/{signer.decide(41, 7, 1)}?decision=approve" in body.get_content()


def test_a_file_is_named_by_time_and_kind_and_by_nobody(tmp_path: Path) -> None:
    FolderTransport(tmp_path).send(written(), recipient="nora@spirit.example")
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("20261121T180000Z-request-")
    assert path.suffix == ".eml"
    assert "nora" not in path.name
    assert len(path.name) == len("20261121T180000Z-request-") + 12 + len(".eml")


def test_the_folder_and_its_files_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FolderTransport(tmp_path / "var" / "mail").send(written(), recipient="nora@spirit.example")
    finally:
        os.umask(before)
    (path,) = (tmp_path / "var" / "mail").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_mail_is_found_by_its_message_id(tmp_path: Path) -> None:
    folder = FolderTransport(tmp_path)
    assert folder.find(REQUEST.message.message_id) is None
    for kind in MessageKind:
        folder.send(written(kind), recipient="nora@spirit.example")
    found = folder.find(REQUEST.message.message_id)
    assert found is not None
    assert "-request-" in found.name
    assert folder.find(f"<{REQUEST.message.message_id}@spirit.example>") == found


def test_a_mail_that_was_sent_twice_is_found_as_it_was_sent_last(tmp_path: Path) -> None:
    folder = FolderTransport(tmp_path)
    for minutes in (5, 0):
        later = sample(MessageKind.REQUEST, at=REQUEST.generated_at + timedelta(minutes=minutes))
        folder.send(compose(later, settings=settings, signer=signer), recipient="nora@spirit.example")
    found = folder.find(REQUEST.message.message_id)
    assert len(list(tmp_path.iterdir())) == 2
    assert found is not None
    assert found.name.startswith("20261121T180500Z")


def test_a_half_written_mail_is_never_seen_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        assert list(tmp_path.glob("*.eml")) == []
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(TemporaryFailure, match=r"the mail folder cannot be written \(No space left on device\)"):
        FolderTransport(tmp_path).send(written(), recipient="nora@spirit.example")
    assert list(tmp_path.glob("[!.]*")) == []


def test_a_folder_that_is_a_file_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(TemporaryFailure, match="the mail folder cannot be written"):
        FolderTransport(tmp_path / "mail").send(written(), recipient="nora@spirit.example")


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///srv/gym/var/mail", "/srv/gym/var/mail"),
        ("file:///srv/a gym#2/mail", "/srv/a gym#2/mail"),
        ("file:///srv/a%20gym/mail", "/srv/a gym/mail"),
    ],
)
def test_a_file_address_is_a_folder(url: str, folder: str) -> None:
    transport = transport_for(url)
    assert isinstance(transport, FolderTransport)
    assert transport.folder == Path(folder)


ANY, REQUIRED = Starttls.IF_OFFERED, Starttls.REQUIRED


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Server("mail.example", 25, starttls=ANY)),
        ("smtp://mail.example:2525?starttls=required", Server("mail.example", 2525, starttls=REQUIRED)),
        ("smtp://sam:a%40b%3A%2Fc@mail.example", Server("mail.example", 587, "sam", "a@b:/c", starttls=REQUIRED)),
        ("smtp://sam:word@127.0.0.1:1025", Server("127.0.0.1", 1025, "sam", "word", starttls=ANY)),
        ("smtp://sam:word@[::1]:1025", Server("::1", 1025, "sam", "word", starttls=ANY)),
        ("smtp://sam:word@localhost.example:1025", Server("localhost.example", 1025, "sam", "word", starttls=REQUIRED)),
        (
            "smtps://sam:word@mail.example",
            Server("mail.example", 465, "sam", "word", tls_at_once=True, starttls=REQUIRED),
        ),
    ],
)
def test_an_smtp_address_says_where_and_how_and_a_password_never_travels_in_the_clear(url: str, server: Server) -> None:
    transport = transport_for(url)
    assert isinstance(transport, SmtpTransport)
    assert transport.server == server


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "smtp://mail.example:port",
        "smtp://mail.example:99999",
        "smtp://mail.example?starttls=maybe",
        "smtp://mail.example?tls=on",
        "smtp://sam@mail.example",
        "imap://sam:hunter2@mail.example",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingInvalid, match=r"SPIRIT_MAIL_URL is \(a secret\); allowed: ") as refused:
        transport_for(url)
    assert "hunter2" not in str(refused.value)


def test_a_password_is_not_in_the_servers_description() -> None:
    assert "hunter2" not in repr(Server("mail.example", 587, "sam", "hunter2"))
