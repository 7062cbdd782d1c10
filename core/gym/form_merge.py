"""
Three-way merge of a form that was open while somebody else saved it: optimistic concurrency, field by field.

1. A form sends what it had shown along with what is wanted; the command calls `merge` under the lock of the row.
2. A field that was left as shown takes what is stored by now, whoever stored it.
3. A field that only this form changed takes what is wanted.
4. Where both changed a field to different values nothing is stored: ChangedMeanwhile has both values.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.audit import AuditEvent, Verb
from core.errors import ChangedMeanwhile, Invalid
from core.people.models import Account

T = TypeVar("T")
Values = Mapping[str, Any]


def merge(
    wanted: Values,
    stored: Values,
    shown: Values | None,
    *,
    read: Callable[[dict[str, Any]], T],
    last_by: str | None = None,
) -> T:
    """
    Merge one form with what is stored, field by field.

    Args:
        wanted, stored, shown: by field; shown None where no form was open, which stores what is wanted.
        read: makes the values what the command stores; may raise Invalid.
        last_by: the name of who changed it last.

    Raises:
        ChangedMeanwhile: somebody else changed a field that is changed here too, or one that does not go with these.
        Invalid: of `read`, where nobody else changed anything.
    """
    if shown is None:  # a program, or a test: there was no form that could be stale
        return read(dict(wanted))
    elsewhere = [field for field in wanted if stored[field] not in (shown[field], wanted[field])]
    both = [field for field in elsewhere if wanted[field] != shown[field]]
    if both:
        raise ChangedMeanwhile({field: (stored[field], wanted[field]) for field in both}, last_by=last_by)
    try:
        return read({field: stored[field] if field in elsewhere else value for field, value in wanted.items()})
    except Invalid as error:
        if not elsewhere:
            raise
        conflicts = {field: (stored[field], wanted[field]) for field in elsewhere}
        raise ChangedMeanwhile(conflicts, last_by=last_by, why=str(error)) from error


def merge_choices(wanted: Iterable[int], stored: Iterable[int], shown: Iterable[int] | None) -> set[int]:
    """Three-way merge of a set of ids: what this form added is added, what it took out is taken out."""
    if shown is None:
        return set(wanted)
    wanted, shown = set(wanted), set(shown)
    return (set(stored) | (wanted - shown)) - (shown - wanted)


def last_changed_by(session: Session, verb: Verb, subject: str, subject_id: int | None = None) -> str | None:
    """Who did this last, by the audit log: a name. None for the command line, or if nobody did yet."""
    return session.scalar(
        select(Account.name)
        .select_from(AuditEvent)
        .outerjoin(Account, Account.id == AuditEvent.account_id)
        .where(AuditEvent.verb == verb.value, AuditEvent.subject == subject, AuditEvent.subject_id == subject_id)
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
