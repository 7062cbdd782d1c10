"""outbox.kind holds the name of any kind of mail: the registry (core/outbox/kinds.py) alone says which there are."""

from alembic import op

from core.migrations.check_constraints import lift

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    lift(op, "outbox", "kind", constraint="ck_outbox_messagekind")
