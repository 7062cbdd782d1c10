"""Invitations that say who invites; requests made for practice; staff known to a provider; families by one key."""

import sqlalchemy as sa
from alembic import op

from core.platform.orm import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("PENDING", "APPROVED", "DENIED", "EXPIRED", "CANCELLED")


def upgrade() -> None:
    op.create_table(
        "rehearsal",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("coach_id", WHOLE, nullable=False),
        sa.Column("lesson_type_id", WHOLE, nullable=False),
        sa.Column(
            "status",
            sa.Enum(*STATES, name="status", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("denial_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["coach_id"], ["coach.id"], name=op.f("fk_rehearsal_coach_id_coach")),
        sa.ForeignKeyConstraint(
            ["lesson_type_id"], ["lesson_type.id"], name=op.f("fk_rehearsal_lesson_type_id_lesson_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal")),
    )
    op.create_index(op.f("ix_rehearsal_coach_id"), "rehearsal", ["coach_id"], unique=False)
    _add_reference("outbox", "rehearsal_id", "rehearsal")
    op.create_index("ix_outbox_rehearsal_id", "outbox", ["rehearsal_id"], unique=False)
    _add_reference("sign_in_link", "invited_by_account_id", "account")
    op.add_column("account", sa.Column("provider_subject", sa.String(), nullable=True))
    op.create_index("ix_account_provider_subject", "account", ["provider_subject"], unique=True)
    op.add_column("booking", sa.Column("customer_key", sa.String(), nullable=False, server_default=sa.text("''")))
    _fill_customer_keys()
    op.drop_index("ix_booking_customer_email_requested_at", "booking")
    op.create_index("ix_booking_customer_key_requested_at", "booking", ["customer_key", "requested_at"], unique=False)


def _add_reference(table: str, column: str, to: str) -> None:
    """Both databases take the foreign key with its column, and neither needs the table rebuilt."""
    whole = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    name = f"fk_{table}_{column}_{to}"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {whole} CONSTRAINT {name} REFERENCES {to} (id)")


def _fill_customer_keys() -> None:
    """In Python: SQLite's own lower() knows no É, and PostgreSQL's depends on its locale."""
    booking = sa.table("booking", sa.column("customer_email"), sa.column("customer_key"))
    connection = op.get_bind()
    for email in connection.scalars(sa.select(booking.c.customer_email).distinct()).all():
        connection.execute(
            sa.update(booking).where(booking.c.customer_email == email).values(customer_key=email.lower())
        )
