"""What a restore needs: ids that are never given out twice, whose storages these are, and when it was."""

import secrets

import sqlalchemy as sa
from alembic import op

from core.migrations import triggers_and_constraints
from core.migrations.identities import never_reuse
from core.platform.orm import Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAMED_BY_LINKS = ("account", "coach", "booking", "rehearsal", "sign_in_link")


def upgrade() -> None:
    op.add_column("gym", sa.Column("storage_id", sa.String(), nullable=True))
    op.add_column("gym", sa.Column("restored_at", Instant(), nullable=True))
    op.execute(sa.text("UPDATE gym SET storage_id = :id").bindparams(id=secrets.token_hex(16)))
    op.create_table(
        "retired_original",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("original_hash", sa.String(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retired_original")),
    )
    never_reuse(op, NAMED_BY_LINKS)
    triggers_and_constraints.create(op)
