"""Readiness writes a row now and then: a full disk shows only to whoever writes."""

import sqlalchemy as sa
from alembic import op

from core.platform.orm import Instant

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gym", sa.Column("probed_at", Instant(), nullable=True))
