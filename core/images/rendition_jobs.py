"""
The worker's rendition job, in numbered steps: one image at a time; killed anywhere, the next pass goes on from there.

1. Claim one image by lease (core/platform/leases.py), in a short transaction: first those that nobody can see yet, then those that can become
   smaller with patience. A lease that ran out is claimed again.
2. Fetch the original, and see which renditions of its recipe are not there yet.
3. Develop those in the decoder. Each is stored first and written down then, which also renews the lease; a file that was
   stored and not written down is stored once more, at the same address.
4. Finish: the new renditions are shown, all at once, and the old ones retire; their addresses work on for a while.

A picture that cannot be shown is REJECTED, for good, with the reason. Whatever else goes wrong is tried again, with
growing delay, and at last FAILED.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import BinaryIO

import structlog
from PIL import features
from sqlalchemy import ColumnElement, and_, case, delete, literal, select, update
from sqlalchemy.orm import Session

from core.gym.models import content_changed
from core.images import storage_ownership
from core.images.decoder_client import DecoderClient, DecoderFailed
from core.images.decoding import INCOMPLETE, PictureRefused
from core.images.headers import Header, Unreadable, read_header
from core.images.models import Image, ImageState, Rendition
from core.images.queries import needs_making
from core.images.recipes import MEDIA_TYPES, RECIPES, Spec, fingerprints, specs_of
from core.images.rendering import Made, Opened, Placeholder, scratch
from core.images.uploads import original_path
from core.images.uses import uses_of
from core.platform import leases
from core.platform.coalescing import CoalescingRunner
from core.platform.failpoints import failpoint
from core.platform.services import Services
from core.platform.storage import AWAY, StorageUnavailable
from core.telemetry import recording

LEASE = timedelta(seconds=180)  # longer than the decoder and one rendition's storing may take
MAX_ATTEMPTS = 8
MIN_PAUSE, MAX_PAUSE = timedelta(seconds=10), timedelta(hours=1)
NOT_OPENED_YET = "This picture could not be made just now."
ORIGINAL_LOST = "The original is not where it was kept. Please send the photo again."

log = structlog.get_logger()


@dataclass(frozen=True)
class RenditionCounts:
    """Outcome of a pass: images made, refined, rejected, and to be retried."""

    made: int = 0
    refined: int = 0
    rejected: int = 0
    retried: int = 0

    def counting(self, what: str) -> "RenditionCounts":
        return replace(self, **{what: getattr(self, what) + 1})


@dataclass(frozen=True)
class Claim:
    """A leased image. fine: it is shown already, and is to become smaller."""

    lease: leases.Claim
    fine: bool

    @property
    def image_id(self) -> int:
        return self.lease.row_id


def make_due(services: Services, *, fine: bool = True, until: Callable[[], bool] | None = None) -> RenditionCounts:
    """
    Make renditions until nothing is due; idempotent, safe in parallel.

    Args:
        fine: also what is only to become smaller.
        until: asked before each image; true ends the pass.
    """
    done = RenditionCounts()
    with DecoderClient() as decoder:
        while (
            not (until and until())
            and (claim := services.database.transact(lambda tx: _claim(tx.session, fine=fine, now=tx.now))) is not None
        ):
            began = time.monotonic()
            done = done.counting(what := _make(services, decoder, claim))
            if (recorder := recording.active()) is not None:
                recorder.event("image", what, value=time.monotonic() - began, subject_id=claim.image_id)
    return done


class PicturePump(CoalescingRunner):
    """Coalescing runner of `make_due`, one pass at a time."""

    def __init__(self) -> None:
        super().__init__(1)

    def ring(self, services: Services, *, fine: bool = False) -> RenditionCounts:
        """Run passes until nothing is due, or have the running one repeat. The outcome of the last pass."""
        return next(reversed(self.run(lambda: make_due(services, fine=fine))), RenditionCounts())


def _claim(session: Session, *, fine: bool, now: datetime) -> Claim | None:
    """Step 1."""
    for patient in (False, True) if fine else (False,):
        due = and_(needs_making(fine=patient), Image.due_at <= now)
        state = {} if patient else {"state": _in_work()}
        if (lease := leases.take_first(session, Image, due, lasts=LEASE, **state)) is not None:
            return Claim(lease, patient)
    return None


def _in_work() -> ColumnElement[ImageState]:
    """A picture that is shown stays READY while it is made again."""
    return case((Image.state == ImageState.READY, Image.state), else_=literal(ImageState.MAKING, Image.state.type))


def _make(services: Services, decoder: DecoderClient, claim: Claim) -> str:
    """Steps 2 to 4. What became of it, as RenditionCounts counts it."""
    failpoint("picture_claimed")
    with services.database.read() as session:
        image = session.get(Image, claim.image_id)
    if image is None:
        return "retried"
    try:
        _develop(services, decoder, image, claim)
    except PictureRefused as refusal:
        why = str(refusal)
        log.info("picture rejected", image_id=image.id, why=why)
        services.database.transact(lambda tx: _reject(tx.session, claim, why, now=tx.now))
        return "rejected"
    except StorageUnavailable as failure:
        return _try_again(services, image, claim, AWAY, detail=failure.detail)
    except DecoderFailed as failure:
        return _try_again(services, image, claim, NOT_OPENED_YET, detail=str(failure))
    except _Overtaken:
        return "retried"
    except Exception as error:  # a picture that we cannot make must not stop the others
        log.exception("picture failed", image_id=image.id)
        return _try_again(services, image, claim, NOT_OPENED_YET, detail=type(error).__name__)
    return "refined" if claim.fine else "made"


class _Overtaken(Exception):
    """We slept so long that somebody else has claimed it since, or it was deleted."""


def _develop(services: Services, decoder: DecoderClient, image: Image, claim: Claim) -> None:
    recipe = RECIPES[image.kind.value]
    specs = wanted_specs(image, fine=claim.fine)
    placeholder: Placeholder | None = None
    original, header = _fetch(services, image)  # step 2
    needed = frozenset(spec.key for spec in specs) - _there(services, claim)
    with original:
        for event in decoder.develop(  # step 3
            original, header, specs, needed=needed, focal=_focal(image), background=recipe.background
        ):
            if isinstance(event, Opened):
                _opened(services, claim, event)
            elif isinstance(event, Placeholder):
                placeholder = event
            else:
                with event.file:
                    _keep(services, claim, event)
    failpoint("picture_developed")
    services.database.transact(lambda tx: _finish(tx.session, claim, specs, placeholder, now=tx.now))  # step 4
    if claim.fine and not services.settings.keep_originals:
        _drop_original(services, image)


def _opened(services: Services, claim: Claim, opened: Opened) -> None:
    services.database.transact(lambda tx: _note_opened(tx.session, claim, opened, now=tx.now))


def _there(services: Services, claim: Claim) -> set[str]:
    """What has been made and lies where it should. A file that is gone, or cut off, is forgotten and made anew."""
    with services.database.read() as session:
        recorded = session.scalars(select(Rendition).where(Rendition.image_id == claim.image_id)).all()
    whole = {row.spec for row in recorded if services.media.size_of(row.path) == row.size_bytes}
    if lost := [row.id for row in recorded if row.spec not in whole]:
        services.database.transact(lambda tx: _forget(tx.session, claim, lost, now=tx.now))
    return whole


def _forget(session: Session, claim: Claim, rendition_ids: list[int], *, now: datetime) -> None:
    _ours(session, claim)
    session.execute(delete(Rendition).where(Rendition.id.in_(rendition_ids)))


def wanted_specs(image: Image, *, fine: bool) -> list[Spec]:
    """What this image's recipe asks for, with its pixels and its focal point."""
    return specs_of(
        RECIPES[image.kind.value], pixels=image.original_hash, focal=_focal(image), encoders=encoders(), fine=fine
    )


@cache
def encoders() -> str:
    """Which programs write the files: others may write other bytes, and those get other addresses."""
    versions = {name: features.version(name) for name in ("pil", "libjpeg_turbo", "webp", "avif")}
    return " ".join(f"{name} {version}" for name, version in versions.items())


def _fetch(services: Services, image: Image) -> tuple[BinaryIO, Header]:
    try:
        data = services.originals.get(original_path(image.original_hash))
    except FileNotFoundError:
        raise PictureRefused(ORIGINAL_LOST) from None
    if hashlib.sha256(data).hexdigest() != image.original_hash:
        raise PictureRefused(INCOMPLETE)
    try:
        header = read_header(data)
    except Unreadable:
        header = None
    if header is None:
        raise PictureRefused(INCOMPLETE)
    file = scratch("original")
    file.write(data)
    file.flush()
    return file, header


def _keep(services: Services, claim: Claim, made: Made) -> None:
    data = made.file.read()
    services.media.put(made.spec.path, data, media_type=MEDIA_TYPES[made.spec.format])
    failpoint("rendition_stored")
    sha256 = hashlib.sha256(data).hexdigest()
    services.database.transact(lambda tx: _record(tx.session, claim, made, len(data), sha256, now=tx.now))
    failpoint("rendition_recorded")


def _ours(session: Session, claim: Claim) -> Image:
    """The image, while our lease stands. Raises _Overtaken."""
    image = leases.still_mine(session, Image, claim.lease)
    if image is None:
        raise _Overtaken
    return image


def _note_opened(session: Session, claim: Claim, opened: Opened, *, now: datetime) -> None:
    image = _ours(session, claim)
    image.width_px, image.height_px, image.note = opened.width_px, opened.height_px, opened.note


def _record(session: Session, claim: Claim, made: Made, size_bytes: int, sha256: str, *, now: datetime) -> None:
    """The first time each rendition is shown as it comes; later ones wait for the others of their set."""
    image = _ours(session, claim)
    leases.renew(session, image, lasts=LEASE)
    session.add(
        Rendition(
            image_id=image.id,
            shape=made.spec.shape,
            format=made.spec.format,
            width_px=made.width_px,
            height_px=made.height_px,
            size_bytes=size_bytes,
            spec=made.spec.key,
            path=made.spec.path,
            sha256=sha256,
            live=image.ready_at is None,
            made_at=now,
        )
    )


def _finish(
    session: Session, claim: Claim, specs: list[Spec], placeholder: Placeholder | None, *, now: datetime
) -> None:
    image = _ours(session, claim)
    wanted = {spec.key for spec in specs}
    for rendition in session.scalars(select(Rendition).where(Rendition.image_id == image.id)):
        rendition.live = rendition.spec in wanted
        if rendition.live:
            rendition.retired_at = None
        elif rendition.retired_at is None:
            rendition.retired_at = now
    if placeholder is not None:
        image.placeholder, image.colour = placeholder.placeholder, placeholder.colour
    image.state, image.reason, image.ready_at = ImageState.READY, None, image.ready_at or now
    image.recipe_made = fingerprints(fine=False)[image.kind.value]
    if claim.fine:
        image.fine_made = fingerprints(fine=True)[image.kind.value]
    _release(image)
    if uses_of(session, image):  # whoever shows it from now on says so; our lock on its row keeps them waiting
        content_changed(session)


def _reject(session: Session, claim: Claim, reason: str, *, now: datetime) -> None:
    """What had been made of it is not shown; what an earlier file of this image gave is."""
    image = _ours(session, claim)
    image.state, image.reason = ImageState.REJECTED, reason
    _release(image)
    unfinished = update(Rendition).where(Rendition.image_id == image.id, Rendition.retired_at.is_(None))
    if image.ready_at is not None:
        unfinished = unfinished.where(Rendition.live.is_(False))
    session.execute(unfinished.values(live=False, retired_at=now))


def _try_again(services: Services, image: Image, claim: Claim, why: str, *, detail: str) -> str:
    """why: for whoever sent it; detail: for the log."""
    log.warning("picture not made", image_id=image.id, why=detail, attempts=image.attempts)
    try:
        services.database.transact(lambda tx: _postpone(tx.session, claim, why, now=tx.now))
    except _Overtaken:
        log.info("picture claimed by another", image_id=image.id)
    return "retried"


def _postpone(session: Session, claim: Claim, why: str, *, now: datetime) -> None:
    image = _ours(session, claim)
    image.reason = why
    leases.give_back(image)
    image.due_at = now + leases.pause(image.attempts, shortest=MIN_PAUSE, longest=MAX_PAUSE)
    if image.state is ImageState.READY:
        return  # it is shown, and goes on being tried
    image.state = ImageState.FAILED if image.attempts >= MAX_ATTEMPTS else ImageState.WAITING


def _drop_original(services: Services, image: Image) -> None:
    """By the gym's own wish: from now on this picture cannot be made again."""
    if services.database.transact(lambda tx: _forget_original(tx.session, image.original_hash, now=tx.now)):
        if storage_ownership.why_nothing_is_removed(services):
            return  # a restored gym removes nothing yet; the file is an orphan from now on
        services.originals.remove(original_path(image.original_hash))


def _forget_original(session: Session, original_hash: str, *, now: datetime) -> bool:
    """Whether no image needs it any more."""
    sharing = session.scalars(select(Image).where(Image.original_hash == original_hash)).all()
    if any(image.fine_made != fingerprints(fine=True)[image.kind.value] for image in sharing):
        return False
    for image in sharing:
        image.original_kept = False
    return True


def _release(image: Image) -> None:
    leases.give_back(image)
    image.attempts = 0


def _focal(image: Image) -> tuple[int, int]:
    return image.focal_x, image.focal_y
