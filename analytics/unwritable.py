"""
The gym's database cannot be written: nothing can be booked, and no incident can be noted either.

So whoever measures the rules writes to the admins and the webhook directly, past the outbox: after a minute of it, again
every hour, and when it is over. What was said is known to this process alone; one that is started anew says it once more.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from core.alerts.models import Incident
from core.alerts.rules import Severity
from core.errors import SpiritError
from core.outbox.failures import MailFailure
from core.people.models import Account, Role
from core.platform.services import Services
from core.wording import spoken_instant, spoken_length

PATIENCE, REPEAT = timedelta(minutes=1), timedelta(hours=1)
TITLE = "The database cannot be written"
BODY = (
    "Since {since} nothing can be stored in the gym's database ({why}): families cannot book, and no mail leaves. "
    "Look at the disk first, then at the database's server."
)

log = structlog.get_logger()


class Outage:
    """What one process knows of it. since, told_at: None while all is well. admins: as they were known last."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self.told_at: datetime | None = None
        self.admins: Sequence[str] = ()

    def goes_on(self, services: Services, error: Exception, *, now: datetime) -> None:
        """Somebody tried to write, and could not."""
        self.since = self.since or now
        is_new = self.told_at is None and now - self.since >= PATIENCE
        if is_new or (self.told_at is not None and now - self.told_at >= REPEAT):
            zone, why = services.settings.zone, type(getattr(error, "orig", None) or error).__name__
            text = BODY.format(since=spoken_instant(self.since, zone), why=why)
            if self._tell(services, f"Critical: {TITLE}", text, event="firing" if is_new else "still_firing"):
                self.told_at = now

    def is_over(self, services: Services, *, now: datetime) -> None:
        """It was written. Who heard that it began hears that it is over, and the incident is noted."""
        if self.since is not None and self.told_at is not None:
            lasted = spoken_length(now - self.since)
            self._tell(
                services,
                f"Resolved: {TITLE}",
                f"It lasted {lasted}. What families tried meanwhile was not stored.",
                event="recovered",
            )
            with services.database.write() as transaction:
                transaction.session.add(_incident(self.since, self.told_at, now))
        self.since = self.told_at = None
        self.admins = _admins(services)

    def _tell(self, services: Services, subject: str, text: str, *, event: str) -> bool:
        """Whether anybody was reached."""
        reached = [self._mail(services, address, subject, text) for address in self.admins or _admins(services)]
        if services.settings.alert_webhook_url.get_secret_value():
            reached.append(_post(services, f"{subject}. {text}", event))
        log.error("database not writable", told=sum(reached), happened=event)
        return any(reached)

    def _mail(self, services: Services, address: str, subject: str, text: str) -> bool:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = services.settings.mail_from, address, subject
        mail["Message-ID"] = f"<{uuid.uuid4().hex}@{services.settings.mail_from.rpartition('@')[2].rstrip('>')}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{text}\n\n{services.settings.console_url}/alerts\n")
        try:
            services.transport.send(mail, recipient=address)
        except (MailFailure, OSError) as error:
            log.warning("admin not reached", why=type(error).__name__)
            return False
        return True


def _post(services: Services, text: str, event: str) -> bool:
    try:
        services.webhook.post(
            {"text": text, "event": event, "delivery": uuid.uuid4().hex, "incident": {"title": TITLE}}
        )
    except MailFailure as error:
        log.warning("webhook not reached", why=type(error).__name__)
        return False
    return True


def _admins(services: Services) -> Sequence[str]:
    """None where it cannot be read either."""
    query = select(Account.email).where(Account.role == Role.ADMIN, Account.disabled_at.is_(None))
    try:
        with services.database.read() as session:
            return session.scalars(query).all()
    except (SQLAlchemyError, SpiritError):
        return ()


def _incident(since: datetime, told_at: datetime, now: datetime) -> Incident:
    return Incident(
        rule_key="unwritable", title=TITLE, metric="", sentence="Nothing could be stored.", instance="", cause="database",
        severity=Severity.CRITICAL, fire_at=1.0, detail="", opened_at=since, told_at=told_at, closed_at=now,
    )  # fmt: skip
