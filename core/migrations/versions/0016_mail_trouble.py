"""A mail knows since when it has been due; the gym knows what is wrong with the mail server, and since when."""

import sqlalchemy as sa
from alembic import op

from core.platform.orm import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("first_due_at", Instant(), nullable=True))
    op.add_column("gym", sa.Column("mail_trouble", sa.String(), nullable=True))
    op.add_column("gym", sa.Column("mail_trouble_since", Instant(), nullable=True))
    op.add_column("gym", sa.Column("mail_refused_id", WHOLE, nullable=True))
    # what was tried before was due earlier than it says: each try in vain moved it
    op.execute(sa.text("UPDATE outbox SET first_due_at = CASE WHEN attempts > 0 THEN created_at ELSE due_at END"))
