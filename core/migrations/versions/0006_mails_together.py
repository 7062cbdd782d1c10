"""Mails that tell a coach of several things at once, which of them she wants, and two kinds more for the staff."""

import sqlalchemy as sa
from alembic import op

from core.migrations.check_constraints import allow

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, default in (("request_mails", sa.true()), ("roll_up", sa.true()), ("daily_summary", sa.false())):
        op.add_column("coach", sa.Column(name, sa.Boolean(), nullable=False, server_default=default))
    kinds = ("DAILY_SUMMARY", "ROLL_UP", "INVITATION", "REHEARSAL", "REHEARSAL_ANSWERED")
    allow(op, "outbox", "kind", kinds, constraint="ck_outbox_messagekind")
    op.create_index("ix_outbox_account_id_created_at", "outbox", ["account_id", "created_at"], unique=False)
