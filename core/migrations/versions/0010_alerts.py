"""Where the alert rules stand, their incidents and every change; notices about them are messages of the outbox."""

import sqlalchemy as sa
from alembic import op

from core.migrations.check_constraints import allow
from core.platform.orm import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _choices()
    _incidents()
    _standings()
    _changes()
    op.create_table(
        "alert_clock",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("evaluated_at", Instant(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_alert_clock_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_clock")),
    )
    op.execute("INSERT INTO alert_clock (id) VALUES (1)")
    op.create_index("ix_booking_requested_at", "booking", ["requested_at"], unique=False)
    allow(op, "outbox", "kind", ("ALERT",), constraint="ck_outbox_messagekind")
    op.execute(  # both databases take the key with its column, and neither needs the table rebuilt
        f"ALTER TABLE outbox ADD COLUMN alert_change_id {WHOLE.compile(op.get_bind().dialect)} "
        "CONSTRAINT fk_outbox_alert_change_id_alert_change REFERENCES alert_change (id)"
    )


def _choices() -> None:
    op.create_table(
        "alert_choice",
        sa.Column("rule_key", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=True),
        sa.Column("fire_at", sa.Float(), nullable=True),
        sa.Column("recover_at", sa.Float(), nullable=True),
        sa.Column("repeat_min", WHOLE, nullable=True),
        sa.Column("quiet_from_min", WHOLE, nullable=True),
        sa.Column("quiet_to_min", WHOLE, nullable=True),
        sa.Column("muted_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("rule_key", name=op.f("pk_alert_choice")),
    )


def _incidents() -> None:
    op.create_table(
        "alert_incident",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("rule_key", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("fire_at", sa.Float(), nullable=False),
        sa.Column("worst", sa.Float(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", WHOLE, nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", WHOLE, nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("told_change_id", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["account.id"], name=op.f("fk_alert_incident_acknowledged_by_account")
        ),
        sa.ForeignKeyConstraint(["closed_by"], ["account.id"], name=op.f("fk_alert_incident_closed_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_incident")),
    )
    op.create_index("ix_alert_incident_closed_at", "alert_incident", ["closed_at"], unique=False)


def _standings() -> None:
    op.create_table(
        "alert_standing",
        sa.Column("rule_key", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("silent_since", Instant(), nullable=True),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("samples", WHOLE, nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("measured_at", Instant(), nullable=False),
        sa.Column("incident_id", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["alert_incident.id"], name=op.f("fk_alert_standing_incident_id_alert_incident")
        ),
        sa.PrimaryKeyConstraint("rule_key", "instance", name=op.f("pk_alert_standing")),
    )


def _changes() -> None:
    op.create_table(
        "alert_change",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("rule_key", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("fire_at", sa.Float(), nullable=False),
        sa.Column("account_id", WHOLE, nullable=True),
        sa.Column("incident_id", WHOLE, nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_alert_change_account_id_account")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["alert_incident.id"], name=op.f("fk_alert_change_incident_id_alert_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_change")),
    )
    op.create_index(
        "uq_alert_change_rule_key_instance_number", "alert_change", ["rule_key", "instance", "number"], unique=True
    )
    op.create_index("ix_alert_change_incident_id", "alert_change", ["incident_id"], unique=False)
    op.create_index("ix_alert_change_at", "alert_change", ["at"], unique=False)
