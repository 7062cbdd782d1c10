"""Permissions on images: an admin everything; a coach uploads a photo of her own, and changes what she uploaded."""

from sqlalchemy.orm import Session

from core.errors import NotAllowed, NotFound, PictureTwice
from core.images.models import Image, ImageKind
from core.people.models import Role
from core.people.permissions import account_of
from core.platform.actor import COMMAND_LINE, Actor


def check_may_upload(session: Session, kind: ImageKind, by: Actor) -> None:
    """Check that an account may upload this kind of image. Raises NotAllowed."""
    if not _is_admin(session, by) and kind is not ImageKind.PROFILE:
        raise NotAllowed("Pictures of products, campaigns and the gallery are an admin's to send.")


def check_may_change(session: Session, image: Image, by: Actor) -> None:
    """Check that an account may change an image. Raises NotFound for one that is not hers: the same answer as for one that is not there."""
    if not _is_admin(session, by) and image.uploaded_by != by.account_id:
        raise NotFound("We know no such picture.")


def check_own(session: Session, image: Image, by: Actor) -> None:
    """Check that an existing image is the uploader's own. Raises PictureTwice for a file that somebody else has sent: it would be hers to see and not to use."""
    if not _is_admin(session, by) and image.uploaded_by != by.account_id:
        raise PictureTwice(
            "This very file was sent by somebody else already. Please send another photo, or ask an admin to show that one."
        )


def _is_admin(session: Session, by: Actor) -> bool:
    if by == COMMAND_LINE:
        return True
    account = account_of(session, by)
    if account is None or account.disabled_at is not None:
        raise NotAllowed("This account does not work here any more.")
    return account.role is Role.ADMIN
