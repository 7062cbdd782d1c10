"""The services container: database, settings, signer, transport, webhook and storages. core.bootstrap builds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Protocol

from core.platform.db import Database
from core.platform.settings import Settings
from core.platform.signed_tokens import Signer
from core.platform.storage import Storage


class Transport(Protocol):
    """Sends mail. Thread-safe."""

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        """Send one mail. Raises MailFailure (core.outbox.delivery_failures)."""


class Webhook(Protocol):
    """Posts notifications to the alert webhook. Thread-safe."""

    def post(self, payload: Mapping[str, Any]) -> None:
        """Post one notification as JSON. Raises MailFailure (core.outbox.delivery_failures)."""


@dataclass(frozen=True, eq=False)
class Services:
    """Everything that a process reaches beyond its own memory. Compared by identity, so it can be a cache's key."""

    settings: Settings
    database: Database
    signer: Signer
    transport: Transport
    media: Storage  # renditions, served to everybody
    originals: Storage  # uploads as they came, private
    webhook: Webhook
