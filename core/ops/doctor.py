"""Diagnosis of an installation, `spirit doctor`: checks of database, mail, storage, addresses and processes, a line each."""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from core.errors import SpiritError, Unavailable
from core.gym.models import the_gym
from core.images import storage_ownership
from core.images.models import ImageState
from core.images.queries import images_of, storage_used, waiting
from core.mail.transports import FolderTransport, MailFailure, SmtpTransport
from core.migrations import check_schema
from core.ops import duties, names_in_copies
from core.ops.backup.checking import fault_of_file
from core.outbox import messages
from core.platform import clock
from core.platform.database_files import wal_bytes
from core.platform.db import MAX_WAL_BYTES
from core.platform.deadline import answer_within
from core.platform.services import Services
from core.platform.settings import unknown_names
from core.platform.storage import PRIVATE, StorageUnavailable
from core.schedule.queries import published_coaches
from core.schedule.time_zones import coaches_elsewhere

MIN_FREE_BYTES = 500 * 1024 * 1024
SEEN_WITHIN = timedelta(minutes=2)
MAIL_LATE = timedelta(minutes=4)
CLOCK_SLACK = timedelta(seconds=5)
MAX_SKEW = timedelta(seconds=2)
MIN_KEY_LENGTH = 32
CONNECT_S = 10


@dataclass(frozen=True)
class Finding:
    """Result of one check: whether it is well, and a sentence."""

    about: str
    is_well: bool
    sentence: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.is_well else 'FAIL'}  {self.about:<9}  {self.sentence}"


class Unwell(SpiritError):
    """A check failed; the message says what to do."""


def examine(services: Services) -> list[Finding]:
    """Run every check, whatever failed before, in the order in which to repair."""
    return [_finding(about, check, services) for about, check in CHECKS.items()]


def _finding(about: str, check: Callable[[Services], str], services: Services) -> Finding:
    try:
        return Finding(about, True, check(services))
    except Unavailable:
        return Finding(about, False, "cannot be told: the database does not answer")
    except SpiritError as error:
        return Finding(about, False, str(error))
    except SQLAlchemyError as error:
        return Finding(about, False, " ".join(f"the database cannot be used: {getattr(error, 'orig', error)}".split()))
    except OSError as error:
        return Finding(about, False, f"{error.filename or about}: {error.strerror or error}")


def _database(services: Services) -> str:
    check_schema(services.database)
    if services.database.is_sqlite:
        _check_pages(services)
    else:
        _check_clock(services)
    with services.database.write():
        kind = "SQLite" if services.database.is_sqlite else "PostgreSQL"
    return f"{kind} is whole and can be written, its schema is this program's, and its guards stand"


def _check_pages(services: Services) -> None:
    """Pages and foreign keys of SQLite, and how long its log is. PostgreSQL minds its own."""
    path = Path(str(services.database.url.database))
    if fault := fault_of_file(path, quickly=True):
        raise Unwell(
            f"{path} is damaged ({fault}): stop the gym, then restore a backup with: spirit restore --replace FILE"
        )
    if (log_bytes := wal_bytes(services.database)) > 4 * MAX_WAL_BYTES:
        raise Unwell(
            f"{path}-wal has grown to {log_bytes >> 20} MiB: something has read for very long; restart the site, the "
            "console and the worker, and look for other programs that have the file open"
        )


def _check_copies(services: Services) -> None:
    old = names_in_copies.older_than_the_rule(services, now=clock.now())
    if old:
        raise Unwell(
            f"older than the rule that takes names away: {', '.join(map(str, old[:3]))}"
            f"{' and more' if len(old) > 3 else ''}; the next sweep removes them, unless everything is held"
        )


def _check_clock(services: Services) -> None:
    """Leases and expiries compare instants of several machines."""
    with services.database.read() as session:
        before = clock.now()
        theirs = session.scalar(select(func.clock_timestamp())) or before
        skew = max(before - theirs, theirs - clock.now())  # a slow answer is no skew: it lies between the two
    if skew > MAX_SKEW:
        raise Unwell(f"the database's clock is {skew.total_seconds():.1f} s away from this machine's: set both by NTP")


def _disk(services: Services) -> str:
    folder = services.settings.data_dir
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"doctor")
        file.flush()
        os.fsync(file.fileno())
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise Unwell(f"{folder} has {free >> 20} MiB left; make room, {MIN_FREE_BYTES >> 20} MiB at least")
    _check_copies(services)
    return f"{folder} can be written and has {free >> 30} GiB left"


def _mail(services: Services) -> str:
    transport = services.transport
    if isinstance(transport, FolderTransport):
        transport.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=transport.folder):
            place = f"goes to files in {transport.folder}"
    else:
        place = _greeting(transport) if isinstance(transport, SmtpTransport) else "goes out"
    with services.database.read() as session:
        gym, now = the_gym(session), clock.now()
        due_at = messages.oldest_due_at(session, now=now)
    if gym.mail_held:
        raise Unwell(f"{place}, but is held; let it go with: spirit outbox release")
    if gym.mail_trouble is not None and gym.mail_trouble_since is not None:
        raise Unwell(
            f"{place}, but since {gym.mail_trouble_since:%Y-%m-%d %H:%M}Z none was taken: {gym.mail_trouble}; "
            "it is tried again every minute. If SPIRIT_MAIL_URL is to blame, correct it, then: spirit outbox release"
        )
    if due_at is not None and now - due_at > MAIL_LATE:
        raise Unwell(f"{place}, but one has waited since {due_at:%Y-%m-%d %H:%M}Z; see: spirit outbox list")
    return place


def _pictures(services: Services) -> str:
    """A file is put into each storage, read, and taken away again."""
    token = secrets.token_hex(8)
    for storage, variable in ((services.media, "SPIRIT_MEDIA_URL"), (services.originals, "SPIRIT_ORIGINALS_URL")):
        path = f"doctor/{token}"
        try:
            storage.put(path, token.encode(), media_type="text/plain", caching=PRIVATE)
            found = storage.get(path)
            storage.remove(path)
        except StorageUnavailable as error:
            raise Unwell(f"{error.detail}; see {variable}") from None
        except FileNotFoundError:
            raise Unwell(f"{storage.label} does not give back what it was given; see {variable}") from None
        if found != token.encode():
            raise Unwell(f"{storage.label} does not give back what it was given; see {variable}")
    if reason := storage_ownership.why_not_ours(services, claim=False):
        raise Unwell(f"no file is removed: {reason}")
    with services.database.read() as session:
        used = storage_used(session)
        (waiting_, _), failed = waiting(session), images_of(session, state=ImageState.FAILED)
    if used.is_nearly_full:
        raise Unwell(f"{used.share:.0%} of the room for pictures is used; delete some, or allow more in the console")
    if failed:
        raise Unwell(f"{len(failed)} could not be made; see: spirit images list")
    return (
        f"lie in {services.media.label}, {used.used_bytes >> 20} MiB with their originals; {waiting_} wait to be made"
    )


def _greeting(transport: SmtpTransport) -> str:
    server = transport.server
    try:
        transport.greet()
    except MailFailure as failure:
        raise Unwell(f"{server.host}:{server.port} does not answer ({failure}); see SPIRIT_MAIL_URL") from None
    return f"{server.host}:{server.port} answers"


def _replies(services: Services) -> str:
    """Coaches' replies reach families; where those of families go depends on the gym's own address."""
    with services.database.read() as session:
        desk = the_gym(session).email
    if desk:
        return f"families’ replies go to {desk}"
    return f"families’ replies go to {services.settings.mail_from}: set the gym's e-mail address on the page Gym if nobody reads that"


def _settings(services: Services) -> str:
    if unknown := unknown_names(os.environ):
        raise Unwell(" ".join(unknown))
    return "every variable that begins with SPIRIT_ is a setting"


def _zones(services: Services) -> str:
    """A coach may live elsewhere; when all of them do, the gym's zone was set after they were made."""
    zone = services.settings.timezone
    with services.database.read() as session:
        elsewhere = coaches_elsewhere(session, zone)
        coaches = len(published_coaches(session))
    if not elsewhere:
        return f"the gym and its coaches are in {zone}"
    said = f"the gym is in {zone}, " + ", ".join(f"{coach.name} in {coach.timezone}" for coach in elsewhere)
    if len(elsewhere) >= coaches and len({coach.timezone for coach in elsewhere}) == 1:
        raise Unwell(f"{said}; if SPIRIT_TIMEZONE is right, set the coaches to it on the console's page Gym")
    return said


def _secrets(services: Services) -> str:
    settings = services.settings
    if settings.is_https:
        if any(len(key) < MIN_KEY_LENGTH for key in settings.signing_keys()):
            raise Unwell(f"SPIRIT_SECRET_KEY: a public gym's keys have {MIN_KEY_LENGTH} characters or more")
        if not settings.console_url.startswith("https://"):
            raise Unwell("SPIRIT_CONSOLE_URL is http while the site is https: staff would sign in in the clear")
        if settings.mail_url.startswith("file:"):
            raise Unwell("SPIRIT_MAIL_URL is a folder: nobody would get a mail. Set smtp://…")
    if settings.base_url == settings.console_url:
        raise Unwell("SPIRIT_BASE_URL and SPIRIT_CONSOLE_URL are the same; each has its own address")
    for path in (settings.data_dir, settings.data_dir / "secret_key"):
        _require_private(path)
    return f"{settings.base_url} and {settings.console_url}; keys and data are private"


def _sign_in(services: Services) -> str:
    """The provider's own description is asked for, as the console asks for it."""
    issuer = services.settings.oidc_issuer
    if not issuer:
        return "by password or mailed link"
    import httpx2  # slow to load, and only whoever has a provider needs it

    try:
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        answer = answer_within(CONNECT_S, lambda: httpx2.get(address, timeout=CONNECT_S))
        described = answer.raise_for_status().json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TimeoutError) as error:
        raise Unwell(
            f"{issuer} does not answer as a provider ({type(error).__name__}); see SPIRIT_OIDC_ISSUER"
        ) from None
    named = described.get("issuer") if isinstance(described, dict) else None
    if named != issuer:
        raise Unwell(f"{issuer} calls itself {named}; set SPIRIT_OIDC_ISSUER to that, letter by letter")
    return f"by {issuer} too, and it answers"


def _require_private(path: Path) -> None:
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise Unwell(f"others on this machine can open {path}: chmod go= {path}")


def _duties(services: Services) -> str:
    with services.database.read() as session:
        late = duties.overdue(session, services.settings)
    if late:
        raise Unwell(f"{'; '.join(late)}: start `spirit worker`, or let cron call `spirit sweep`")
    return "archive and storages are seen to every hour"


def _worker(services: Services) -> str:
    now = clock.now()
    with services.database.read() as session:
        seen_at = the_gym(session).last_swept_at
    local = f"it is {now.astimezone(services.settings.zone):%A %H:%M} in {services.settings.timezone}"
    if seen_at is None:
        raise Unwell(f"{local}; nobody expires requests or sends mail: start `spirit worker`")
    if now < seen_at - CLOCK_SLACK:
        raise Unwell(f"{local}, but the last sweep was at {seen_at:%Y-%m-%d %H:%M}Z: the clock has gone back")
    if now - seen_at > SEEN_WITHIN:
        raise Unwell(f"{local}; no sweep since {seen_at:%Y-%m-%d %H:%M}Z: start `spirit worker`")
    return f"{local}; the last sweep was {round((now - seen_at).total_seconds())} s ago"


CHECKS: dict[str, Callable[[Services], str]] = {
    "settings": _settings,
    "zones": _zones,
    "database": _database,
    "disk": _disk,
    "mail": _mail,
    "replies": _replies,
    "pictures": _pictures,
    "secrets": _secrets,
    "sign-in": _sign_in,
    "worker": _worker,
    "duties": _duties,
}
