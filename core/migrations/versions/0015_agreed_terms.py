"""A booking keeps its calendar entry's UID, the terms of cancelling that were agreed to, and why it was approved after all."""

from email.utils import parseaddr

import sqlalchemy as sa
from alembic import op
from pydantic import ValidationError

from core.platform.settings import Settings

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("booking", sa.Column("calendar_uid", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("booking", sa.Column("late_cancel_hours", WHOLE, nullable=True))
    op.add_column("booking", sa.Column("late_fee_text", sa.String(), nullable=True))
    op.add_column("booking", sa.Column("after_all_reason", sa.String(), nullable=True))
    fill_calendar_uids(_sender_domain())


def fill_calendar_uids(domain: str) -> None:
    """Entries that families and coaches have in their calendars were named after the sender's domain: those names stay."""
    booking = sa.table("booking", sa.column("id", sa.Integer()), sa.column("calendar_uid", sa.String()))
    named = sa.literal("booking-") + sa.cast(booking.c.id, sa.String()) + sa.literal(f"@{domain}")
    op.get_bind().execute(sa.update(booking).where(booking.c.calendar_uid == "").values(calendar_uid=named))


def _sender_domain() -> str:
    """As the program before this one read it. Settings that cannot be read have mailed nothing."""
    try:
        sender = Settings().mail_from
    except ValidationError:
        sender = Settings.model_fields["mail_from"].default
    return parseaddr(sender)[1].rpartition("@")[2]
