"""
Notification of admins while the gym's database cannot be written, past the outbox: no incident can be stored either.

The process that evaluates the rules notifies admins and webhook directly: after a minute of it, again every hour, and
when it is over. Its memory is this process's alone; one that is started anew notifies once more.
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
from core.outbox.delivery_failures import MailFailure
from core.people.models import Account, Role
from core.platform.services import Services
from core.wording import spoken_instant, spoken_length

PATIENCE, REPEAT = (
    timedelta(minutes=1),
    timedelta(hours=1),
)  # a lock or a restart is over in a minute; as critical rules
TITLE = "The database cannot be written"
BODY = (
    "Since {since} nothing can be stored in the gym's database ({why}): families cannot book, and no mail leaves. "
    "Look at the disk first, then at the database's server."
)

log = structlog.get_logger()


class Outage:
    """One process's memory of an outage of the database."""

    def __init__(self) -> None:
        self.since: datetime | None = None  # None while all is well
        self.told_at: datetime | None = None  # latest notification
        self.admins: Sequence[str] = ()  # addresses, as they were read last

    def goes_on(self, services: Services, error: Exception, *, now: datetime) -> None:
        """Record a failed write, and notify if that is due."""
        self.since = self.since or now
        is_new = self.told_at is None and now - self.since >= PATIENCE
        if is_new or (self.told_at is not None and now - self.told_at >= REPEAT):
            zone, why = services.settings.zone, type(getattr(error, "orig", None) or error).__name__
            text = BODY.format(since=spoken_instant(self.since, zone), why=why)
            if self._tell(services, f"Critical: {TITLE}", text, event="firing" if is_new else "still_firing"):
                self.told_at = now

    def is_over(self, services: Services, *, now: datetime) -> None:
        """Record a successful write: notify whoever heard of the outage, and store its incident."""
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
        """Notify admins and webhook; whether anybody was reached."""
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
    """Addresses of the admins; () where the database cannot be read either."""
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
