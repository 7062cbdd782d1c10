"""Transports: a folder on this machine, or a mail server, chosen by an address."""

import hashlib
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from core.errors import SettingInvalid
from core.mail.smtp import Server, SmtpTransport, Starttls, as_sent
from core.outbox.delivery_failures import (
    AuthenticationFailure,
    MailFailure,
    PermanentFailure,
    ServerFailure,
    TemporaryFailure,
)
from core.platform.services import Transport

__all__ = [
    "AuthenticationFailure",
    "FolderTransport",
    "MailFailure",
    "PermanentFailure",
    "ServerFailure",
    "SmtpTransport",
    "TemporaryFailure",
    "Transport",
    "transport_for",
]

DEFAULT_PORTS = {"smtp": 25, "smtps": 465}
SUBMISSION_PORT = 587


def transport_for(url: str, *, ehlo_name: str = "") -> Transport:
    """
    The transport behind an address; it connects to nothing yet.

    file:///FOLDER · smtp://USER:PASSWORD@HOST:PORT · smtps://… · ?starttls=required; user and password
    percent-encoded. A password is never sent in the clear, except to this machine itself.

    Raises:
        SettingInvalid: the address cannot be read.
    """
    if url.startswith("file:"):
        return FolderTransport(Path(unquote(url.removeprefix("file:").removeprefix("//"))))
    return SmtpTransport(_server(url), ehlo_name=ehlo_name)


class FolderTransport:
    """One `.eml` a mail, in a folder that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        """
        Write the file under a temporary name, then give it its own, so that nobody reads half a mail.

        Raises:
            ServerFailure: the folder cannot be written.
        """
        path = self.folder / file_name(message)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(as_sent(message))
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError as error:
            raise ServerFailure(f"the mail folder cannot be written ({error.strerror})") from error

    def find(self, message_id: str) -> Path | None:
        """The newest file of this outbox row's Message-ID, with or without its domain."""
        return max(self.folder.glob(f"*-{_short_hash(message_id)}.eml"), default=None)

    def forget(self, message_ids: Iterable[str], *, older_than: datetime) -> None:
        """Remove the files of these outbox rows, and all that were written before this instant."""
        hashes = {_short_hash(message_id) for message_id in message_ids}
        for path in self.folder.glob("*.eml"):
            if path.stem.rpartition("-")[2] in hashes or path.stat().st_mtime < older_than.timestamp():
                path.unlink(missing_ok=True)


def file_name(message: EmailMessage) -> str:
    """ "20261121T180000Z-request-1f0c9a7be214.eml": when, what, which; nothing about its reader."""
    written_at: datetime = message["Date"].datetime
    kind = re.sub(r"[^a-z0-9]+", "-", str(message.get("X-Spirit-Mail", "mail")).lower())
    return f"{written_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{kind}-{_short_hash(message['Message-ID'])}.eml"


def _short_hash(message_id: str) -> str:
    local_part = message_id.strip("<> ").partition("@")[0]
    return hashlib.sha256(local_part.encode()).hexdigest()[:12]


def _server(url: str) -> Server:
    parts = urlsplit(url)
    asked_for = dict(parse_qsl(parts.query, keep_blank_values=True))
    try:
        port = parts.port
    except ValueError:
        raise _unreadable("the port is a number up to 65535") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise _unreadable("smtp://HOST:PORT or smtps://HOST:PORT")
    if asked_for not in ({}, {"starttls": "required"}):
        raise _unreadable("?starttls=required is the one option")
    if bool(parts.username) != bool(parts.password):
        raise _unreadable("a user and a password, or neither")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    starttls = asked_for or (user and not _is_this_machine(parts.hostname))
    return Server(
        host=parts.hostname,
        port=port or (SUBMISSION_PORT if user and parts.scheme == "smtp" else DEFAULT_PORTS[parts.scheme]),
        user=user,
        password=password,
        tls_at_once=parts.scheme == "smtps",
        starttls=Starttls.REQUIRED if starttls else Starttls.IF_OFFERED,
    )


def _is_this_machine(host: str) -> bool:
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d+){3}", host) is not None


def _unreadable(allowed: str) -> SettingInvalid:
    return SettingInvalid(f"SPIRIT_MAIL_URL is (a secret); allowed: {allowed}")
