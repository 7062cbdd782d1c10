"""Requests by network are limited; above the limits they wait for a click in their family's mail, holding nothing."""

import sqlalchemy as sa
from alembic import op

from core.migrations.check_constraints import allow
from core.platform.orm import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHANNELS = ("SITE", "MAIL", "CONSOLE", "API", "CLOCK")
LIMITS = {"most_open_per_network": "6", "most_new_per_network": "12", "most_strangers_per_coach": "30"}


def upgrade() -> None:
    op.create_table(
        "unconfirmed_request",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("coach_id", WHOLE, nullable=False),
        sa.Column("lesson_type_id", WHOLE, nullable=False),
        sa.Column(
            "channel",
            sa.Enum(*CHANNELS, name="channel", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("wanted", sa.String(), nullable=False),
        sa.Column("network_hash", sa.String(), nullable=False),
        sa.Column("customer_key", sa.String(), nullable=False),
        sa.Column("idempotency_key_hash", sa.String(), nullable=True),
        sa.Column("command_hash", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("booking_id", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(["coach_id"], ["coach.id"], name=op.f("fk_unconfirmed_request_coach_id_coach")),
        sa.ForeignKeyConstraint(
            ["lesson_type_id"], ["lesson_type.id"], name=op.f("fk_unconfirmed_request_lesson_type_id_lesson_type")
        ),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_unconfirmed_request_booking_id_booking")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unconfirmed_request")),
        sa.UniqueConstraint("idempotency_key_hash", name=op.f("uq_unconfirmed_request_idempotency_key_hash")),
    )
    for column in ("network_hash", "customer_key"):
        op.create_index(
            f"ix_unconfirmed_request_{column}_created_at", "unconfirmed_request", [column, "created_at"], unique=False
        )
    op.add_column("booking", sa.Column("network_hash", sa.String(), nullable=True))
    op.create_index("ix_booking_network_hash", "booking", ["network_hash"], unique=False)
    for name, default in LIMITS.items():
        op.add_column("gym", sa.Column(name, WHOLE, nullable=False, server_default=sa.text(default)))
    allow(op, "outbox", "kind", ("CONFIRM_REQUEST",), constraint="ck_outbox_messagekind")
    op.execute(  # both databases take the key with its column, and neither needs the table rebuilt
        f"ALTER TABLE outbox ADD COLUMN unconfirmed_request_id {WHOLE.compile(op.get_bind().dialect)} "
        "CONSTRAINT fk_outbox_unconfirmed_request_id_unconfirmed_request REFERENCES unconfirmed_request (id)"
    )
    op.create_index("ix_outbox_unconfirmed_request_id", "outbox", ["unconfirmed_request_id"], unique=False)
