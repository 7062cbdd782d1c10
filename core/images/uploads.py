"""Commands on uploads: accept an image, or replace one. The renditions are the worker's."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid, PictureTwice, StorageFull
from core.images.intake import Upload
from core.images.models import Image, ImageKind, ImageState, RetiredOriginal
from core.images.permissions import check_may_change, check_may_upload, check_own
from core.images.queries import get_image, storage_used
from core.images.recipes import MEDIA_TYPES
from core.platform import leases
from core.platform.actor import Actor
from core.platform.services import Services
from core.platform.storage import PRIVATE
from core.platform.text_cleaning import at_most, one_line

MAX_ALT_LENGTH = 300
FINISHED_BADLY = (ImageState.REJECTED, ImageState.FAILED)


def accept(services: Services, upload: Upload, kind: ImageKind, *, alt: str = "", by: Actor) -> Image:
    """
    Accept an upload: its file is stored first, then its row; the same file for the same purpose is one image.

    Returns:
        The image, WAITING; or the one that was there already, tried again if it had failed.

    Raises:
        Invalid: alt is too long, or no line of text.
        NotAllowed: this kind is not hers to send.
        PictureTwice: the same file is here already, and somebody else's.
        StorageFull: the budget is used up.
        StorageUnavailable: nothing was taken in.
    """
    alt = read_alt(alt)
    with services.database.read() as session:
        check_may_upload(session, kind, by)
        check_budget(session, upload)
    keep_original(services, upload)
    try:
        image = services.database.transact(lambda tx: _enter(tx.session, upload, kind, alt=alt, by=by, now=tx.now))
    except IntegrityError:  # another tab was faster by a moment
        image = services.database.transact(lambda tx: _enter(tx.session, upload, kind, alt=alt, by=by, now=tx.now))
    _keep_still(services, upload)
    return image


def replace(services: Services, image_id: int, upload: Upload, *, by: Actor) -> Image:
    """
    Replace an image's file. Pages follow when its renditions are made; until then they show the old.

    Raises:
        NotFound: no such picture, or not hers; PictureTwice: this file is another image already; StorageFull; StorageUnavailable.
    """
    with services.database.read() as session:
        check_may_change(session, get_image(session, image_id), by)
        check_budget(session, upload)
    keep_original(services, upload)
    image = services.database.transact(lambda tx: _exchange(tx.session, image_id, upload, by=by, now=tx.now))
    _keep_still(services, upload)
    return image


def read_alt(alt: str) -> str:
    """What is to be seen, as one line. Raises Invalid."""
    try:
        return at_most(one_line(alt), MAX_ALT_LENGTH)
    except ValueError as error:
        raise Invalid({"alt": str(error)}) from None


def keep_original(services: Services, upload: Upload) -> None:
    """Store an original under its hash, in the private storage."""
    media_type = MEDIA_TYPES.get(upload.header.format, f"image/{upload.header.format}")
    services.originals.put(original_path(upload.hash), upload.data, media_type=media_type, caching=PRIVATE)


def _keep_still(services: Services, upload: Upload) -> None:
    """A sweep may have taken the same file for an orphan before it was written down; from now on it does not."""
    if services.originals.size_of(original_path(upload.hash)) is None:
        keep_original(services, upload)


def original_path(hash_: str) -> str:
    return f"{hash_[:2]}/{hash_}"


def check_budget(session: Session, upload: Upload) -> None:
    used = storage_used(session)
    if used.used_bytes + len(upload.data) > used.budget_bytes:
        raise StorageFull(
            f"The gym's {used.budget_bytes >> 20:,} MB for pictures are used up. "
            "Please delete pictures that are not needed any more, or allow more room."
        )


def _enter(session: Session, upload: Upload, kind: ImageKind, *, alt: str, by: Actor, now: datetime) -> Image:
    image = session.scalars(select(Image).where(Image.original_hash == upload.hash, Image.kind == kind)).one_or_none()
    if image is None:
        image = Image(kind=kind, alt=alt, uploaded_by=by.account_id, created_at=now, due_at=now)
        _fill(image, upload, now=now)
        session.add(image)
        session.flush()
        audit.record(session, Verb.PICTURE_SENT, "picture", image.id, by=by, now=now)
    else:
        check_own(session, image, by)
        image.alt = image.alt or alt
        image.original_kept = True
        if image.state in FINISHED_BADLY:
            _fill(image, upload, now=now)
    session.flush()
    return image


def _exchange(session: Session, image_id: int, upload: Upload, *, by: Actor, now: datetime) -> Image:
    image = get_image(session, image_id)
    twin = session.scalars(
        select(Image).where(Image.original_hash == upload.hash, Image.kind == image.kind, Image.id != image_id)
    ).one_or_none()
    if twin is not None:
        raise PictureTwice(f"This file is here already, as {twin.name}. Please use that one.")
    if image.original_hash != upload.hash or image.state in FINISHED_BADLY:
        image.focal_x = image.focal_y = 50
        if image.original_hash != upload.hash:
            session.add(RetiredOriginal(original_hash=image.original_hash, retired_at=now))
        _fill(image, upload, now=now)
        audit.record(session, Verb.PICTURE_REPLACED, "picture", image.id, by=by, now=now)
    return image


def _fill(image: Image, upload: Upload, *, now: datetime) -> None:
    image.name, image.original_hash, image.original_format = upload.name, upload.hash, upload.header.format
    image.original_bytes, image.original_kept = len(upload.data), True
    image.width_px, image.height_px = upload.header.width_px, upload.header.height_px
    image.state, image.reason, image.note = ImageState.WAITING, None, None
    image.recipe_made = image.fine_made = ""
    leases.queue_anew(image, now=now)
