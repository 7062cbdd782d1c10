"""The composition root: what every entry point (site, console, worker, command line) is built from, once."""

from functools import cache

from core.mail.transports import transport_for
from core.mail.webhook import webhook_for
from core.migrations import models as _every_table  # noqa: F401 (a table that refers to another finds it)
from core.platform.db import Database
from core.platform.services import Services
from core.platform.settings import Settings, load_settings
from core.platform.signed_tokens import Signer
from core.platform.storage import storage_at
from core.telemetry import sql_statements
from core.telemetry.scrubbing import hide_values


def build(settings: Settings) -> Services:
    """Services from settings; connects to nothing yet. From here on no secret of theirs stands in a log or a trace."""
    hide_values([*settings.secret_values(), *settings.signing_keys()])
    database = Database(settings.database_url)
    if settings.telemetry:
        for engine in database.engines:
            sql_statements.instrument(engine)
    return Services(
        settings=settings,
        database=database,
        signer=Signer(settings.signing_keys()),
        transport=transport_for(settings.mail_url, ehlo_name=settings.ehlo_name),
        media=storage_at(settings.media_url, variable="SPIRIT_MEDIA_URL"),
        originals=storage_at(settings.originals_url, variable="SPIRIT_ORIGINALS_URL", private=True),
        webhook=webhook_for(settings.alert_webhook_url.get_secret_value()),
    )


@cache
def services() -> Services:
    """This process's services, from the environment."""
    return build(load_settings())
