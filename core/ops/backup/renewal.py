"""
Renewal of a restored database: what ends, what is held, and which ids are skipped before it may be started.

1. Nothing leaves it: mail, webhooks and the removal of files are held until `spirit outbox release`.
2. Sessions, sign-in links and invitations end; API keys and calendar addresses too, unless they are to be kept: what was
   revoked since the backup would open doors again.
3. Ids go on far above the highest one: what was mailed after the backup names ids that are never given out again.
4. It is another gym to the storages of pictures: a drill beside the real one removes nothing there.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.gym.models import new_storage_id, the_gym
from core.outbox import messages
from core.people.models import Account, ApiKey, SignInLink, StaffSession
from core.platform.actor import COMMAND_LINE
from core.schedule.models import Coach

NAMED_BY_LINKS = ("account", "coach", "booking", "rehearsal", "sign_in_link")
MIN_JUMP, MAX_JUMP = (
    1_000_000,
    100_000_000,
)  # more than a gym makes between two backups; ids stay under nine digits long
MAX_FEED_VERSION = 2**31 - 1


@dataclass(frozen=True)
class Renewed:
    """Outcome of a renewal: what was ended, and who can sign in again as the backup knows them."""

    sessions: int
    links: int
    keys: int
    feeds: int
    kept_keys: bool
    accounts: Sequence[str]

    def sentences(self) -> list[str]:
        """The outcome in sentences, for the command line."""
        links = f"{_count(self.sessions, 'session')} and {_count(self.links, 'sign-in link or invitation', 'sign-in links or invitations')}"
        programs = f"{_count(self.keys, 'API key')} and {_count(self.feeds, 'calendar address', 'calendar addresses')}"
        kept = f"{programs} {'were kept, revoked ones of since then included' if self.kept_keys else 'ended as well'}."
        return [
            f"{links} ended: everybody signs in anew. {kept}",
            "Links in mails about bookings that are in the backup go on working.",
            "Whoever was disabled, demoted or renamed since the backup is as before. These can sign in; look them over:",
            *(f"  {line}" for line in self.accounts),
            "Mail, webhooks and the removal of files are held. When all is well: spirit outbox release",
        ]


def renew(session: Session, *, keep_keys: bool = False, now: datetime) -> Renewed:
    """Make a restored database safe to start, in one transaction."""
    gym = the_gym(session)
    messages.hold(session, now=now)
    gym.storage_id, gym.restored_at = new_storage_id(), now
    _jump(session)
    audit.record(session, Verb.RESTORED, "gym", by=COMMAND_LINE, now=now)
    return Renewed(
        sessions=_end(session, update(StaffSession).where(StaffSession.ended_at.is_(None)).values(ended_at=now)),
        links=_end(session, update(SignInLink).where(SignInLink.used_at.is_(None)).values(used_at=now)),
        keys=_keys(session, keep_keys, now),
        feeds=_feeds(session, keep_keys),
        kept_keys=keep_keys,
        accounts=[
            f"{account.name:<24} {account.role.value.lower():<6} {account.email}"
            for account in session.scalars(
                select(Account).where(Account.disabled_at.is_(None)).order_by(Account.role, Account.name)
            )
        ],
    )


def _keys(session: Session, keep: bool, now: datetime) -> int:
    alive = ApiKey.ended_at.is_(None)
    if keep:
        return session.scalar(select(func.count()).select_from(ApiKey).where(alive)) or 0
    return _end(session, update(ApiKey).where(alive).values(ended_at=now))


def _feeds(session: Session, keep: bool) -> int:
    """A number by chance, not the next one: an address of after the backup may have had that."""
    coaches = session.scalars(select(Coach.id)).all()
    for coach_id in () if keep else coaches:
        version = 2 + secrets.randbelow(MAX_FEED_VERSION - 2)
        _end(session, update(Coach).where(Coach.id == coach_id).values(feed_version=version))
    return len(coaches)


def _jump(session: Session) -> None:
    """By chance, so that two restores of one backup do not meet either."""
    jump = MIN_JUMP + secrets.randbelow(MAX_JUMP - MIN_JUMP)
    for table in NAMED_BY_LINKS:
        values = {"jump": jump, "name": table}
        if session.get_bind().dialect.name == "sqlite":
            known = session.execute(text("UPDATE sqlite_sequence SET seq = seq + :jump WHERE name = :name"), values)
            if not known.rowcount:  # type: ignore[attr-defined]
                session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :jump)"), values)
        else:
            sequence = session.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), values)
            session.execute(
                text("SELECT setval(CAST(:sequence AS regclass), nextval(CAST(:sequence AS regclass)) + :jump)"),
                {"sequence": sequence, "jump": jump},
            )


def _end(session: Session, statement: Any) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    count: int = done.rowcount  # type: ignore[attr-defined]
    return count


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
