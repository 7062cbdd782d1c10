"""How long what the monitor recorded is kept, and how much room it may take."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("gym", sa.Column("monitoring_days", WHOLE, nullable=False, server_default="90"))
    op.add_column("gym", sa.Column("monitoring_budget_mb", WHOLE, nullable=False, server_default="512"))
