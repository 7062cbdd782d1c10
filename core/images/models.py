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
    """An upload. The same file for the same purpose is one image, whoever sends it."""

    __tablename__ = "image"
    __table_args__ = (
        UniqueConstraint("original_hash", "kind"),  # two uploads of one file at once are one image
        CheckConstraint("focal_x BETWEEN 0 AND 100 AND focal_y BETWEEN 0 AND 100", name="focal_point"),
        Index("ix_image_state_due_at", "state", "due_at"),  # for the worker's claim
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ImageKind]
    name: Mapped[str]  # of the file, shown to the staff only
    alt: Mapped[str] = mapped_column(default="")  # text alternative; an image without it is not published
    focal_x: Mapped[int] = mapped_column(default=50)  # this and focal_y: focal point, in percent of the upright image
    focal_y: Mapped[int] = mapped_column(default=50)
    original_hash: Mapped[str]  # SHA-256
    original_format: Mapped[str]
    original_bytes: Mapped[int]
    original_kept: Mapped[bool] = mapped_column(default=True)
    width_px: Mapped[int]  # this and height_px: upright, once it has been decoded; before that as the header says
    height_px: Mapped[int]
    state: Mapped[ImageState] = mapped_column(default=ImageState.WAITING)
    reason: Mapped[str | None]  # why it was rejected or failed
    note: Mapped[str | None]  # what else is worth knowing
    placeholder: Mapped[str] = mapped_column(default="")  # a data URI of 16 pixels
    colour: Mapped[str] = mapped_column(default="")  # the average, as #rrggbb
    recipe_made: Mapped[str] = mapped_column(default="")  # hash of the recipe that its renditions were made by, quickly
    fine_made: Mapped[str] = mapped_column(default="")  # the same, refined; "": not yet
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]  # when it was first complete; remade, old files are served until the set is whole

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
    """A file made of an image, at an address that never means another file."""

    __tablename__ = "rendition"
    __table_args__ = (
        UniqueConstraint("image_id", "spec"),  # a job that is repeated enters no file twice
        Index("ix_rendition_path", "path"),  # for orphan removal: which files are known
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"), index=True)  # for the renditions of an image
    shape: Mapped[str]  # "whole", or the name of a crop
    format: Mapped[str]
    width_px: Mapped[int]
    height_px: Mapped[int]
    size_bytes: Mapped[int]
    spec: Mapped[str]  # hash of what it was made by, pixels included
    path: Mapped[str]  # in the media storage
    sha256: Mapped[str]
    live: Mapped[bool]  # pages use it; else it waits for the others of its set, or was replaced at `retired_at`
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
