"""Commands on an image that is there: describe it, say what matters in it, make it again, delete it."""

from datetime import datetime

from sqlalchemy import delete as sql_delete
from sqlalchemy import update
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid, NotPossible, PictureInUse
from core.gym.models import content_changed, the_gym
from core.images.models import Image, ImageKind, ImageState, Rendition, RetiredOriginal
from core.images.permissions import check_may_change
from core.images.queries import get_image
from core.images.uploads import read_alt
from core.images.uses import uses_of
from core.people.permissions import check_is_admin
from core.platform import leases
from core.platform.actor import COMMAND_LINE, Actor

ORIGINAL_GONE = "Its original was not kept, so it cannot be made again. Please replace it by the photo itself."


def describe(session: Session, image_id: int, alt: str, *, by: Actor, now: datetime) -> Image:
    """Set the text alternative. Raises Invalid."""
    image = _hers(session, image_id, by)
    alt = read_alt(alt)
    if not alt and uses_of(session, image):
        raise Invalid({"alt": "Pages show this picture, so it needs a few words on what is to be seen."})
    if alt != image.alt:
        image.alt = alt
        content_changed(session)
        _written_down(session, image, Verb.PICTURE_CHANGED, by, now)
    return image


def focus(session: Session, image_id: int, x: int, y: int, *, by: Actor, now: datetime) -> Image:
    """Set the focal point, in percent from the left and the top. Pages follow when new renditions are made."""
    image = _hers(session, image_id, by)
    if not (0 <= x <= 100 and 0 <= y <= 100):
        raise Invalid({"focal": "The point should lie in the picture."})
    if (x, y) != (image.focal_x, image.focal_y):
        _require_original(image)
        image.focal_x, image.focal_y = x, y
        _make_again(image, now=now)
        _written_down(session, image, Verb.PICTURE_CHANGED, by, now)
    return image


def regenerate(session: Session, image_id: int, *, by: Actor, now: datetime) -> Image:
    """Regenerate the renditions from the original: undamaged ones keep their address. Raises NotPossible."""
    image = _hers(session, image_id, by)
    if image.state is ImageState.REJECTED:
        raise NotPossible(f"This picture was rejected: {image.reason}")
    _require_original(image)
    _make_again(image, now=now)
    return image


def delete(session: Session, image_id: int, *, by: Actor, now: datetime) -> None:
    """
    Remove an image that no page shows. Its files follow after a while, for pages that people have open.

    Raises:
        PictureInUse: with where it appears.
    """
    image = _hers(session, image_id, by)
    if uses := uses_of(session, image):
        raise PictureInUse([use.what for use in uses])
    session.execute(
        update(Rendition)
        .where(Rendition.image_id == image_id)
        .values(image_id=None, live=False, retired_at=now)
        .execution_options(synchronize_session=False)
    )
    session.add(RetiredOriginal(original_hash=image.original_hash, retired_at=now))
    _written_down(session, image, Verb.PICTURE_DELETED, by, now)
    session.flush()
    session.execute(sql_delete(Image).where(Image.id == image_id))
    session.expunge(image)


def require_publishable(session: Session, image_id: int, kind: ImageKind) -> Image:
    """The image, if a page may show it: of this kind, made, and described. Raises NotFound, NotPossible."""
    image = get_image(session, image_id)
    if image.kind is not kind:
        raise NotPossible(
            f"This picture was sent for another purpose ({image.kind.value}). Please send it for {kind.value}."
        )
    if image.ready_at is None:
        raise NotPossible("This picture is not ready yet. Please wait a moment.")
    if not image.alt:
        raise NotPossible("Please say in a few words what is to be seen, for those who cannot see it.")
    return image


def set_budget(session: Session, budget_bytes: int, *, by: Actor, now: datetime) -> None:
    """Set the storage budget of all images. Raises NotAllowed."""
    if by != COMMAND_LINE:
        check_is_admin(session, by)
    if not 1 << 20 <= budget_bytes <= 1 << 50:
        raise Invalid({"budget": "Please allow 1 MB at least."})
    the_gym(session).media_budget_bytes = budget_bytes
    audit.record(session, Verb.RULES_CHANGED, "gym", by=by, now=now)


def _written_down(session: Session, image: Image, verb: Verb, by: Actor, now: datetime) -> None:
    audit.record(session, verb, "picture", image.id, by=by, now=now)


def _hers(session: Session, image_id: int, by: Actor) -> Image:
    image = get_image(session, image_id)
    check_may_change(session, image, by)
    return image


def _require_original(image: Image) -> None:
    if not image.original_kept:
        raise NotPossible(ORIGINAL_GONE)


def _make_again(image: Image, *, now: datetime) -> None:
    image.recipe_made = image.fine_made = ""
    leases.queue_anew(image, now=now)
    if image.state is not ImageState.READY:
        image.state, image.reason = ImageState.WAITING, None
