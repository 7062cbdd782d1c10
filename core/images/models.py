"""Tables of images: an image is an upload, a rendition a file made of it."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.platform.leases import Leased
from core.platform.orm import Base


class ImageKind(enum.StrEnum):
    """Where an image goes; its recipe has the same name."""

    PRODUCT = "product"
    CAMPAIGN = "campaign"
    PROFILE = "profile"
    GALLERY = "gallery"


class ImageState(enum.StrEnum):
    """WAITING → MAKING → READY, or REJECTED (for good, with the reason), or FAILED (tried too often)."""

    WAITING = "WAITING"
    MAKING = "MAKING"
    READY = "READY"
    REJECTED = "REJECTED"
    FAILED = "FAILED"


class Image(Leased, Base):
    """
    An upload. The same file for the same purpose is one image, whoever sends it.

    name: the file's own, shown to the staff only.
    alt: what is to be seen, for who cannot see it; an image without it is not published.
    focal_x, focal_y: what must stay in every crop, in per cent of the upright picture.
    width_px, height_px: upright, as soon as it has been opened; before that as the file says.
    reason: why it was rejected or failed; note: what is worth knowing otherwise.
    placeholder: a data URI of 16 pixels; colour: the average, as #rrggbb.
    recipe_made, fine_made: the recipe its renditions were made by, quickly at first and then with patience; empty: not.
    ready_at: when it was first complete; a picture that is made again keeps its old files until the new ones are all there.
    """

    __tablename__ = "image"
    __table_args__ = (
        UniqueConstraint("original_hash", "kind"),
        CheckConstraint("focal_x BETWEEN 0 AND 100 AND focal_y BETWEEN 0 AND 100", name="focal_point"),
        Index("ix_image_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ImageKind]
    name: Mapped[str]
    alt: Mapped[str] = mapped_column(default="")
    focal_x: Mapped[int] = mapped_column(default=50)
    focal_y: Mapped[int] = mapped_column(default=50)
    original_hash: Mapped[str]
    original_format: Mapped[str]
    original_bytes: Mapped[int]
    original_kept: Mapped[bool] = mapped_column(default=True)
    width_px: Mapped[int]
    height_px: Mapped[int]
    state: Mapped[ImageState] = mapped_column(default=ImageState.WAITING)
    reason: Mapped[str | None]
    note: Mapped[str | None]
    placeholder: Mapped[str] = mapped_column(default="")
    colour: Mapped[str] = mapped_column(default="")
    recipe_made: Mapped[str] = mapped_column(default="")
    fine_made: Mapped[str] = mapped_column(default="")
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]

    renditions: Mapped[list["Rendition"]] = relationship(
        primaryjoin="and_(Rendition.image_id == Image.id, Rendition.live.is_(True))",
        order_by="Rendition.width_px",
        viewonly=True,
    )


class RetiredOriginal(Base):
    """An original that no photo has any more; its file stays for as long as a backup may name it."""

    __tablename__ = "retired_original"

    id: Mapped[int] = mapped_column(primary_key=True)
    original_hash: Mapped[str]
    retired_at: Mapped[datetime]


class Rendition(Base):
    """
    A file made of an image, at an address that never means another file.

    shape: "whole", or the name of a crop; spec: what it was made by, pixels included; path: in the media storage.
    live: pages use it. Else it waits for the others of its set, or was replaced at `retired_at`.
    """

    __tablename__ = "rendition"
    __table_args__ = (
        UniqueConstraint("image_id", "spec"),
        Index("ix_rendition_path", "path"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"), index=True)
    shape: Mapped[str]
    format: Mapped[str]
    width_px: Mapped[int]
    height_px: Mapped[int]
    size_bytes: Mapped[int]
    spec: Mapped[str]
    path: Mapped[str]
    sha256: Mapped[str]
    live: Mapped[bool]
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
