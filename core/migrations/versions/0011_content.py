"""Campaigns by date, and the products of the shop."""

import sqlalchemy as sa
from alembic import op

from core.platform.orm import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("headline", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("button", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("image_id", WHOLE, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_campaign_days")),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_campaign_image_id_image")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_table(
        "product",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("price_cents", WHOLE, nullable=False),
        sa.Column("place", WHOLE, nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("image_id", WHOLE, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_product_price")),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_product_image_id_image")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
    )
