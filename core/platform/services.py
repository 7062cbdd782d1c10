"""The outside world, as arguments for the rules: database, settings, signer, transports, storages. core.bootstrap builds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Protocol

from core.platform.db import Database
from core.platform.settings import Settings
from core.platform.storage import Storage
from core.platform.tokens import Signer


class Transport(Protocol):
    """Takes a mail, or raises a MailFailure. Safe to use from several threads."""

    def send(self, message: EmailMessage, *, recipient: str) -> None: ...


class Webhook(Protocol):
    """Takes one notification, or raises a MailFailure. Safe to use from several threads."""

    def post(self, payload: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, eq=False)
class Services:
    """What a process reaches beyond its own memory. Each is equal to itself alone, so a cache may know it by itself."""

    settings: Settings
    database: Database
    signer: Signer
    transport: Transport
    media: Storage
    originals: Storage
    webhook: Webhook
