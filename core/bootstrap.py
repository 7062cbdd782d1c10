"""The composition root: what every entry point (site, console, worker, command line) is built from, once."""

from dataclasses import dataclass
from functools import cache

from core.db import Database
from core.images.delivery import Delivery, delivery_for
from core.images.storage import Storage, storage_at
from core.mail.transports import Transport, transport_for
from core.mail.webhook import Webhook, webhook_for
from core.settings import Settings, load_settings
from core.telemetry import statements
from core.telemetry.scrubbing import hide_values
from core.tokens import Signer


@dataclass(frozen=True, eq=False)
class Services:
    """The outside world, as arguments for core's functions. Each is equal to itself alone, so a cache may know it by itself."""

    settings: Settings
    database: Database
    signer: Signer
    transport: Transport
    media: Storage
    originals: Storage
    pictures: Delivery
    webhook: Webhook


def build(settings: Settings) -> Services:
    """Services from settings; connects to nothing yet. From here on no secret of theirs stands in a log or a trace."""
    hide_values([*settings.secret_values(), *settings.signing_keys()])
    database = Database(settings.database_url)
    if settings.telemetry:
        for engine in database.engines:
            statements.watch(engine)
    return Services(
        settings=settings,
        database=database,
        signer=Signer(settings.signing_keys()),
        transport=transport_for(settings.mail_url, ehlo_name=settings.ehlo_name),
        media=storage_at(settings.media_url, variable="SPIRIT_MEDIA_URL"),
        originals=storage_at(settings.originals_url, variable="SPIRIT_ORIGINALS_URL", private=True),
        pictures=delivery_for(settings.media_base_url, base_url=settings.base_url),
        webhook=webhook_for(settings.alert_webhook_url.get_secret_value()),
    )


@cache
def services() -> Services:
    """This process's services, from the environment."""
    return build(load_settings())
