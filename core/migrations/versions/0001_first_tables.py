"""The first tables: people, schedule, bookings, outbox, and the gym's one row."""

import sqlalchemy as sa
from alembic import op

from core.migrations import triggers_and_constraints
from core.platform.orm import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("COACH", "ADMIN", name="role", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "gym",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("street", sa.String(), nullable=False),
        sa.Column("content_version", WHOLE, nullable=False),
        sa.Column("late_cancel_hours", WHOLE, nullable=False),
        sa.Column("cancellation_fee_text", sa.String(), nullable=False),
        sa.Column("mail_held", sa.Boolean(), nullable=False),
        sa.Column("mail_circuit_until", Instant(), nullable=True),
        sa.Column("last_swept_at", Instant(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_gym_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gym")),
    )
    op.create_table(
        "lesson_type",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("minutes", WHOLE, nullable=False),
        sa.Column("price_cents", WHOLE, nullable=False),
        sa.Column("buffer_before_min", WHOLE, nullable=False),
        sa.Column("buffer_after_min", WHOLE, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "minutes > 0 AND buffer_before_min >= 0 AND buffer_after_min >= 0 AND price_cents >= 0",
            name=op.f("ck_lesson_type_sizes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_type")),
        sa.UniqueConstraint("slug", name=op.f("uq_lesson_type_slug")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("account_key", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_account_key_at", "sign_in_failure", ["account_key", "at"], unique=False)
    op.create_index("ix_sign_in_failure_address_key_at", "sign_in_failure", ["address_key", "at"], unique=False)
    op.create_table(
        "coach",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("tagline", sa.String(), nullable=False),
        sa.Column("bio", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("schedule_version", WHOLE, nullable=False),
        sa.Column("notice_min", WHOLE, nullable=False),
        sa.Column("horizon_days", WHOLE, nullable=False),
        sa.Column("slot_step_min", WHOLE, nullable=False),
        sa.Column(
            "asks",
            sa.Enum(
                "ALWAYS", "UNDER_NOTICE", "NEVER", name="asks", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("asks_under_hours", WHOLE, nullable=False),
        sa.Column("expiry_before_min", WHOLE, nullable=False),
        sa.Column("answer_within_min", WHOLE, nullable=False),
        sa.Column("reminder_before_min", WHOLE, nullable=True),
        sa.CheckConstraint("asks_under_hours >= 1", name=op.f("ck_coach_asks_under_hours")),
        sa.CheckConstraint(
            "expiry_before_min BETWEEN 15 AND 2880 AND answer_within_min >= 30", name=op.f("ck_coach_answers")
        ),
        sa.CheckConstraint(
            "notice_min >= 0 AND horizon_days BETWEEN 1 AND 366 AND slot_step_min BETWEEN 5 AND 240",
            name=op.f("ck_coach_times"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_coach_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coach")),
        sa.UniqueConstraint("account_id", name=op.f("uq_coach_account_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_coach_slug")),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_link_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
    )
    op.create_index(op.f("ix_sign_in_link_account_id"), "sign_in_link", ["account_id"], unique=False)
    op.create_table(
        "staff_session",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_staff_session_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_session_token_hash")),
    )
    op.create_index(op.f("ix_staff_session_account_id"), "staff_session", ["account_id"], unique=False)
    op.create_table(
        "booking",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("coach_id", WHOLE, nullable=False),
        sa.Column("lesson_type_id", WHOLE, nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "APPROVED",
                "DENIED",
                "EXPIRED",
                "CANCELLED",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("slot_version", WHOLE, nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("price_cents", WHOLE, nullable=False),
        sa.Column("customer_name", sa.String(), nullable=False),
        sa.Column("customer_email", sa.String(), nullable=False),
        sa.Column("customer_phone", sa.String(), nullable=True),
        sa.Column("athlete_name", sa.String(), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("denied_at", Instant(), nullable=True),
        sa.Column("expired_at", Instant(), nullable=True),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.Column("cancelled_late", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column(
            "changed_by",
            sa.Enum(
                "PARENT", "COACH", "ADMIN", "CLOCK", name="actor", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("changed_by_account_id", WHOLE, nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "SITE",
                "MAIL",
                "CONSOLE",
                "API",
                "CLOCK",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("denial_reason", sa.String(), nullable=True),
        sa.Column("cancel_reason", sa.String(), nullable=True),
        sa.Column("override_reason", sa.String(), nullable=True),
        sa.Column("idempotency_key_hash", sa.String(), nullable=True),
        sa.Column("command_hash", sa.String(), nullable=True),
        sa.CheckConstraint("status <> 'PENDING' OR expires_at IS NOT NULL", name=op.f("ck_booking_pending_expires")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_booking_times")),
        sa.ForeignKeyConstraint(
            ["changed_by_account_id"], ["account.id"], name=op.f("fk_booking_changed_by_account_id_account")
        ),
        sa.ForeignKeyConstraint(["coach_id"], ["coach.id"], name=op.f("fk_booking_coach_id_coach")),
        sa.ForeignKeyConstraint(
            ["lesson_type_id"], ["lesson_type.id"], name=op.f("fk_booking_lesson_type_id_lesson_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("handle", name=op.f("uq_booking_handle")),
        sa.UniqueConstraint("idempotency_key_hash", name=op.f("uq_booking_idempotency_key_hash")),
    )
    op.create_index(
        "ix_booking_coach_id_status_starts_at", "booking", ["coach_id", "status", "starts_at"], unique=False
    )
    op.create_index(
        "ix_booking_customer_email_requested_at", "booking", ["customer_email", "requested_at"], unique=False
    )
    op.create_index("ix_booking_status_expires_at", "booking", ["status", "expires_at"], unique=False)
    op.create_table(
        "coach_lesson",
        sa.Column("coach_id", WHOLE, nullable=False),
        sa.Column("lesson_type_id", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["coach_id"], ["coach.id"], name=op.f("fk_coach_lesson_coach_id_coach")),
        sa.ForeignKeyConstraint(
            ["lesson_type_id"], ["lesson_type.id"], name=op.f("fk_coach_lesson_lesson_type_id_lesson_type")
        ),
        sa.PrimaryKeyConstraint("coach_id", "lesson_type_id", name=op.f("pk_coach_lesson")),
    )
    op.create_table(
        "date_override",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("coach_id", WHOLE, nullable=False),
        sa.Column("local_on", sa.Date(), nullable=False),
        sa.Column("adds", sa.Boolean(), nullable=False),
        sa.Column("start_min", WHOLE, nullable=False),
        sa.Column("end_min", WHOLE, nullable=False),
        sa.CheckConstraint(
            "start_min >= 0 AND start_min < end_min AND end_min <= 1440", name=op.f("ck_date_override_window")
        ),
        sa.ForeignKeyConstraint(["coach_id"], ["coach.id"], name=op.f("fk_date_override_coach_id_coach")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_override")),
    )
    op.create_index(op.f("ix_date_override_coach_id"), "date_override", ["coach_id"], unique=False)
    op.create_table(
        "weekly_hours",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("coach_id", WHOLE, nullable=False),
        sa.Column("weekday", WHOLE, nullable=False),
        sa.Column("start_min", WHOLE, nullable=False),
        sa.Column("end_min", WHOLE, nullable=False),
        sa.CheckConstraint(
            "weekday BETWEEN 0 AND 6 AND start_min >= 0 AND start_min < end_min AND end_min <= 1440",
            name=op.f("ck_weekly_hours_window"),
        ),
        sa.ForeignKeyConstraint(["coach_id"], ["coach.id"], name=op.f("fk_weekly_hours_coach_id_coach")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_hours")),
    )
    op.create_index(op.f("ix_weekly_hours_coach_id"), "weekly_hours", ["coach_id"], unique=False)
    op.create_table(
        "booking_event",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("booking_id", WHOLE, nullable=False),
        sa.Column("coach_id", WHOLE, nullable=False),
        sa.Column(
            "from_status",
            sa.Enum(
                "PENDING",
                "APPROVED",
                "DENIED",
                "EXPIRED",
                "CANCELLED",
                name="from_status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_status",
            sa.Enum(
                "PENDING",
                "APPROVED",
                "DENIED",
                "EXPIRED",
                "CANCELLED",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "actor",
            sa.Enum(
                "PARENT", "COACH", "ADMIN", "CLOCK", name="actor", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("account_id", WHOLE, nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "SITE",
                "MAIL",
                "CONSOLE",
                "API",
                "CLOCK",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_booking_event_account_id_account")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_booking_event_booking_id_booking")),
        sa.ForeignKeyConstraint(["coach_id"], ["coach.id"], name=op.f("fk_booking_event_coach_id_coach")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_event")),
    )
    op.create_index(op.f("ix_booking_event_booking_id"), "booking_event", ["booking_id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("coach_id", WHOLE, nullable=False),
        sa.Column("booking_id", WHOLE, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("LESSON", name="holdkind", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("busy_from", Instant(), nullable=False),
        sa.Column("busy_to", Instant(), nullable=False),
        sa.CheckConstraint("busy_from < busy_to", name=op.f("ck_hold_times")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_hold_booking_id_booking")),
        sa.ForeignKeyConstraint(["coach_id"], ["coach.id"], name=op.f("fk_hold_coach_id_coach")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_booking_id"), "hold", ["booking_id"], unique=False)
    op.create_index("ix_hold_coach_id_busy_from", "hold", ["coach_id", "busy_from"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "REQUEST",
                "BOOKED_DIRECTLY",
                "REMINDER",
                "DECIDED_BY_ADMIN",
                "LESSON_CANCELLED",
                "REQUEST_EXPIRED",
                "REQUEST_RECEIVED",
                "CONFIRMED",
                "DENIED",
                "EXPIRED",
                "CANCELLED",
                "SIGN_IN",
                name="messagekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("booking_id", WHOLE, nullable=True),
        sa.Column("booking_version", WHOLE, nullable=True),
        sa.Column("account_id", WHOLE, nullable=True),
        sa.Column("sign_in_link_id", WHOLE, nullable=True),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("not_after", Instant(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "QUEUED",
                "SENDING",
                "SENT",
                "DROPPED",
                "DEAD",
                name="messagestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("attempts", WHOLE, nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.CheckConstraint("booking_id IS NULL OR sign_in_link_id IS NULL", name=op.f("ck_outbox_one_cause")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_outbox_account_id_account")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_outbox_booking_id_booking")),
        sa.ForeignKeyConstraint(
            ["sign_in_link_id"], ["sign_in_link.id"], name=op.f("fk_outbox_sign_in_link_id_sign_in_link")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    op.create_index("ix_outbox_booking_id", "outbox", ["booking_id"], unique=False)
    op.create_index("ix_outbox_state_due_at", "outbox", ["state", "due_at"], unique=False)
    op.execute(
        "INSERT INTO gym (id, name, email, phone, street, content_version, late_cancel_hours, cancellation_fee_text, mail_held) "
        "VALUES (1, 'Spirit Athletics', '', '', '', 0, 24, '', false)"
    )
    triggers_and_constraints.create(op)
