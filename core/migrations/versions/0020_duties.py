"""Periodic duties are rows: whoever sweeps does what is due."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from core.platform.orm import Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    duty = op.create_table(
        "duty",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("last_done_at", Instant(), nullable=True),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duty")),
    )
    now = datetime.now(UTC)
    op.bulk_insert(duty, [{"name": name, "since": now} for name in ("archive", "orphans")])
