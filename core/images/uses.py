"""Where an image appears. The tables that can show one add a finder of theirs to `SHOWN_BY`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.images.models import Image


@dataclass(frozen=True)
class Use:
    """A page that shows an image. path: on the public site."""

    what: str
    path: str


SHOWN_BY: list[Callable[[Session, Image], Sequence[Use]]] = []


def uses_of(session: Session, image: Image) -> list[Use]:
    """All uses of an image, in no particular order."""
    return [use for shown_by in SHOWN_BY for use in shown_by(session, image)]
