"""Former addresses: of families whose mail address was corrected, and of lesson types that moved on the site."""

import sqlalchemy as sa
from alembic import op

from core.platform.orm import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "replaced_handle",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("booking_id", WHOLE, nullable=False),
        sa.Column("handle_hash", sa.String(), nullable=False),
        sa.Column("replaced_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_replaced_handle_booking_id_booking")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replaced_handle")),
        sa.UniqueConstraint("handle_hash", name=op.f("uq_replaced_handle_handle_hash")),
    )
    op.create_index(op.f("ix_replaced_handle_booking_id"), "replaced_handle", ["booking_id"], unique=False)
    op.create_table(
        "former_slug",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("lesson_type_id", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_type_id"], ["lesson_type.id"], name=op.f("fk_former_slug_lesson_type_id_lesson_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_slug")),
        sa.UniqueConstraint("slug", name=op.f("uq_former_slug_slug")),
    )
    op.create_index(op.f("ix_former_slug_lesson_type_id"), "former_slug", ["lesson_type_id"], unique=False)
