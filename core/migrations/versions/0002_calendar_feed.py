"""A coach's calendar feed: the number that an address of hers carries, so that it can be renewed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("coach", sa.Column("feed_version", WHOLE, nullable=False, server_default="1"))
