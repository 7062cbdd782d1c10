"""What the staff did; whether they came; notes for oneself; the gym's rules; indexes of the lists that are read all day."""

import sqlalchemy as sa
from alembic import op

from core.migrations import triggers_and_constraints
from core.platform.orm import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RULES = {"most_open_requests": 3, "most_requests_a_day": 6, "anonymise_after_months": 24, "console_refresh_s": 30}


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("account_id", WHOLE, nullable=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_audit_event_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_at"), "audit_event", ["at"], unique=False)
    op.create_index("ix_audit_event_subject_subject_id", "audit_event", ["subject", "subject_id"], unique=False)
    op.create_table(
        "booking_note",
        sa.Column("booking_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("account_id", WHOLE, nullable=False, autoincrement=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_booking_note_booking_id_booking")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_booking_note_account_id_account")),
        sa.PrimaryKeyConstraint("booking_id", "account_id", name=op.f("pk_booking_note")),
    )
    op.execute(  # both databases take the check with its column, and neither needs the table rebuilt
        "ALTER TABLE booking ADD COLUMN attendance VARCHAR(24) "
        "CONSTRAINT ck_booking_attendance CHECK (attendance IN ('TAUGHT', 'NO_SHOW'))"
    )
    op.add_column("booking", sa.Column("anonymised_at", Instant(), nullable=True))
    op.add_column("account", sa.Column("sound", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name, value in RULES.items():
        op.add_column("gym", sa.Column(name, WHOLE, nullable=False, server_default=str(value)))
    op.create_index("ix_booking_coach_id_starts_at", "booking", ["coach_id", "starts_at"], unique=False)
    op.create_index("ix_booking_starts_at", "booking", ["starts_at"], unique=False)
    op.create_index("ix_booking_changed_at", "booking", ["changed_at"], unique=False)
    op.create_index("ix_booking_coach_id_changed_at", "booking", ["coach_id", "changed_at"], unique=False)
    op.create_index(op.f("ix_booking_event_at"), "booking_event", ["at"], unique=False)
    op.create_index("ix_outbox_finished_at", "outbox", ["finished_at"], unique=False)
    triggers_and_constraints.create(op)
