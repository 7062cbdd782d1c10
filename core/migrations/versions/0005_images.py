"""Images and their renditions; a coach's photo; how much room pictures may take."""

import sqlalchemy as sa
from alembic import op

from core.platform.orm import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BUDGET_BYTES = 5 << 30


def upgrade() -> None:
    op.create_table(
        "image",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("kind", _one_of("imagekind", "PRODUCT", "CAMPAIGN", "PROFILE", "GALLERY"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("alt", sa.String(), nullable=False),
        sa.Column("focal_x", WHOLE, nullable=False),
        sa.Column("focal_y", WHOLE, nullable=False),
        sa.Column("original_hash", sa.String(), nullable=False),
        sa.Column("original_format", sa.String(), nullable=False),
        sa.Column("original_bytes", WHOLE, nullable=False),
        sa.Column("original_kept", sa.Boolean(), nullable=False),
        sa.Column("width_px", WHOLE, nullable=False),
        sa.Column("height_px", WHOLE, nullable=False),
        sa.Column("state", _one_of("imagestate", "WAITING", "MAKING", "READY", "REJECTED", "FAILED"), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("placeholder", sa.String(), nullable=False),
        sa.Column("colour", sa.String(), nullable=False),
        sa.Column("recipe_made", sa.String(), nullable=False),
        sa.Column("fine_made", sa.String(), nullable=False),
        sa.Column("attempts", WHOLE, nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("uploaded_by", WHOLE, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ready_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "focal_x BETWEEN 0 AND 100 AND focal_y BETWEEN 0 AND 100", name=op.f("ck_image_focal_point")
        ),
        sa.ForeignKeyConstraint(["uploaded_by"], ["account.id"], name=op.f("fk_image_uploaded_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
        sa.UniqueConstraint("original_hash", "kind", name=op.f("uq_image_original_hash_kind")),
    )
    op.create_index("ix_image_state_due_at", "image", ["state", "due_at"], unique=False)
    op.create_table(
        "rendition",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("image_id", WHOLE, nullable=True),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("width_px", WHOLE, nullable=False),
        sa.Column("height_px", WHOLE, nullable=False),
        sa.Column("size_bytes", WHOLE, nullable=False),
        sa.Column("spec", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_rendition_image_id_image")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rendition")),
        sa.UniqueConstraint("image_id", "spec", name=op.f("uq_rendition_image_id_spec")),
    )
    op.create_index(op.f("ix_rendition_image_id"), "rendition", ["image_id"], unique=False)
    op.create_index("ix_rendition_path", "rendition", ["path"], unique=False)
    op.add_column("gym", sa.Column("media_budget_bytes", WHOLE, nullable=False, server_default=str(BUDGET_BYTES)))
    photo = sa.Column("photo_id", WHOLE, nullable=True)
    if op.get_bind().dialect.name == "sqlite":  # it adds a column with its foreign key, and no foreign key later
        op.execute(
            "ALTER TABLE coach ADD COLUMN photo_id INTEGER CONSTRAINT fk_coach_photo_id_image REFERENCES image (id)"
        )
        return
    op.add_column("coach", photo)
    op.create_foreign_key(op.f("fk_coach_photo_id_image"), "coach", "image", ["photo_id"], ["id"])


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)
