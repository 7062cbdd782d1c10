"""Maintenance of the storages: removal of orphans after a grace period, verification of files."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.images import storage_ownership
from core.images.models import Image, Rendition, RetiredOriginal
from core.images.uploads import original_path
from core.platform import clock
from core.platform.services import Services
from core.platform.storage import MONITORING, Storage, Stored

GRACE = timedelta(days=7)  # a page that somebody has open, or that a search engine keeps, goes on showing its pictures
UNKNOWN_GRACE = timedelta(hours=1)  # a file is kept before it is written down
ORIGINALS_GRACE = timedelta(days=30)  # an older backup than that still names it; nothing makes an original again


@dataclass(frozen=True)
class Swept:
    """Outcome of a removal, or of a dry run: addresses, originals, how many bytes that is; and why nothing went, where that is so."""

    media: Sequence[str]
    originals: Sequence[str]
    size_bytes: int
    withheld: str | None = None


@dataclass(frozen=True)
class Fault:
    """A missing or damaged file. path: in its storage; what: "missing", "damaged"."""

    image_id: int | None
    path: str
    what: str


def sweep_orphans(services: Services, *, grace: timedelta | None = None, dry_run: bool = False) -> Swept:
    """
    Remove renditions that were replaced, and files that nobody wrote down, once they are older than the grace.

    An original outlives its photo by 30 days, so that a backup can bring both back. Nothing is removed while the gym is
    held after a restore, nor from a storage that is another gym's.

    Args:
        grace: for all of them, instead of these.

    Raises:
        StorageUnavailable: what went before is gone, and the rest goes another time.
    """
    now = clock.now()
    originals_grace = ORIGINALS_GRACE if grace is None else grace
    grace = GRACE if grace is None else grace
    if not dry_run and (withheld := storage_ownership.why_nothing_is_removed(services)):
        return Swept((), (), 0, withheld)
    if not dry_run:
        services.database.transact(
            lambda tx: _forget_retired(tx.session, now - grace, now - originals_grace, now=tx.now)
        )
    with services.database.read() as session:
        needed = _paths_in_use(session, since=now - grace)
        kept = select(Image.original_hash).where(Image.original_kept.is_(True))
        retired = select(RetiredOriginal.original_hash)
        originals = {original_path(hash_) for query in (kept, retired) for hash_ in session.scalars(query)}
    media_gone, media_bytes = _remove_others(services.media, needed, before=now - grace, dry_run=dry_run)
    gone, size = _remove_others(
        services.originals,
        originals,
        before=now - min(grace, UNKNOWN_GRACE),
        dry_run=dry_run,
        needed_since=lambda path: _is_sent_again(services, path),
    )
    return Swept(media_gone, gone, media_bytes + size)


def verify(services: Services, *, image_id: int | None = None) -> list[Fault]:
    """Verify every file that pages refer to, and every original, by its hash. Raises StorageUnavailable."""
    with services.database.read() as session:
        renditions = select(Rendition).where(Rendition.live.is_(True)).order_by(Rendition.id)
        kept = select(Image).where(Image.original_kept.is_(True)).order_by(Image.id)
        if image_id is not None:
            renditions, kept = renditions.where(Rendition.image_id == image_id), kept.where(Image.id == image_id)
        wanted = [
            *((services.media, row.image_id, row.path, row.sha256) for row in session.scalars(renditions)),
            *(
                (services.originals, row.id, original_path(row.original_hash), row.original_hash)
                for row in session.scalars(kept)
            ),
        ]
    faults = []
    for storage, owner, path, sha256 in wanted:
        if what := _fault(storage, path, sha256):
            faults.append(Fault(owner, path, what))
    return faults


def forget_damaged(services: Services, image_id: int) -> None:
    """Forget damaged renditions, so that they are made anew at the same address. Raises StorageUnavailable."""
    with services.database.read() as session:
        rows = session.scalars(select(Rendition).where(Rendition.image_id == image_id)).all()
    damaged = [row.id for row in rows if _fault(services.media, row.path, row.sha256)]
    services.database.transact(lambda tx: _forget(tx.session, damaged, now=tx.now))


def _forget(session: Session, rendition_ids: Sequence[int], *, now: datetime) -> None:
    session.execute(delete(Rendition).where(Rendition.id.in_(rendition_ids)))


def _fault(storage: Storage, path: str, sha256: str) -> str | None:
    try:
        data = storage.get(path)
    except FileNotFoundError:
        return "missing"
    return None if hashlib.sha256(data).hexdigest() == sha256 else "damaged"


def _forget_retired(session: Session, before: datetime, originals_before: datetime, *, now: datetime) -> None:
    session.execute(delete(Rendition).where(Rendition.retired_at.is_not(None), Rendition.retired_at < before))
    session.execute(delete(RetiredOriginal).where(RetiredOriginal.retired_at < originals_before))


def _paths_in_use(session: Session, *, since: datetime) -> set[str]:
    """Of live renditions, of those that wait for their set, and of those retired since."""
    still = Rendition.retired_at.is_(None) | (Rendition.retired_at >= since)
    return set(session.scalars(select(Rendition.path).where(still)))


def _is_sent_again(services: Services, path: str) -> bool:
    """Whether the same file came in once more while the storage was looked through."""
    with services.database.read() as session:
        query = select(Image.id).where(Image.original_hash == path.rpartition("/")[2], Image.original_kept.is_(True))
        return session.scalar(query.limit(1)) is not None


def _remove_others(
    storage: Storage,
    needed: set[str],
    *,
    before: datetime,
    dry_run: bool,
    needed_since: Callable[[str], bool] | None = None,
) -> tuple[list[str], int]:
    """needed_since: asked once more right before a file goes."""
    gone = [
        file
        for file in storage.files()
        if file.path not in needed and file.stored_at < before and not file.path.startswith(MONITORING)
    ]
    if not dry_run:
        gone = [file for file in gone if not (needed_since and needed_since(file.path)) and _removed(storage, file)]
    return sorted(file.path for file in gone), sum(file.size_bytes for file in gone)


def _removed(storage: Storage, file: Stored) -> bool:
    storage.remove(file.path)
    return True
