"""All of a rule can be changed, rules can be added, and an incident knows what it was about when its rule is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = ("title", "metric", "severity", "kind", "service", "route", "no_data", "quiet")
NUMBERS = ("window_min", "short_window_min", "after_min", "keep_firing_min", "min_samples", "no_data_after_min")
SO_FAR = (  # the rules that there were, and what each of them measures
    ("errors", "Requests fail", "requests.error_share"),
    ("errors-critical", "Many requests fail", "requests.error_share"),
    ("slow-route", "A page is slow", "requests.p95_ms"),
    ("slow-statements", "The database is slow", "statements.slow_share"),
    ("mail-waits", "Mail is not going out", "outbox.oldest_due_s"),
    ("mail-fails", "Mail fails", "mail.troubled_count"),
    ("worker-silent", "The worker is silent", "worker.silent_s"),
    ("disk", "The disk fills up", "disk.used_share"),
    ("disk-critical", "The disk is almost full", "disk.used_share"),
    ("lost", "Monitoring loses events", "monitor.lost_count"),
    ("recorder-silent", "Nothing is recorded", "monitor.silent_s"),
    ("bookings-low", "Far fewer requests than usual", "bookings.usual_share"),
    ("burn-fast", "Failing fast", "requests.burn_times"),
    ("burn-steady", "Failing steadily", "requests.burn_times"),
    ("burn-slow", "Failing slowly", "requests.burn_times"),
)


def upgrade() -> None:
    for name in WORDS:
        op.add_column("alert_choice", sa.Column(name, sa.String(), nullable=True))
    for name in NUMBERS:
        op.add_column("alert_choice", sa.Column(name, WHOLE, nullable=True))
    op.create_index("uq_alert_choice_title", "alert_choice", ["title"], unique=True)
    _write_quiet_hours_out()
    for name in ("title", "metric", "sentence"):
        op.add_column("alert_incident", sa.Column(name, sa.String(), nullable=False, server_default=sa.text("''")))
    op.execute(sa.text("UPDATE alert_incident SET title = rule_key"))
    named = sa.text("UPDATE alert_incident SET title = :title, metric = :metric WHERE rule_key = :key")
    for key, title, metric in SO_FAR:
        op.get_bind().execute(named, {"key": key, "title": title, "metric": metric})


def _write_quiet_hours_out() -> None:
    """There can be several now."""
    choice = sa.table("alert_choice", *map(sa.column, ("rule_key", "quiet_from_min", "quiet_to_min", "quiet")))
    for key, begins, ends in (
        op.get_bind()
        .execute(
            sa.select(choice.c.rule_key, choice.c.quiet_from_min, choice.c.quiet_to_min).where(
                choice.c.quiet_from_min.is_not(None), choice.c.quiet_to_min.is_not(None)
            )
        )
        .all()
    ):
        written = "–".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (begins, ends))
        op.get_bind().execute(sa.update(choice).where(choice.c.rule_key == key).values(quiet=written))
    op.drop_column("alert_choice", "quiet_from_min")
    op.drop_column("alert_choice", "quiet_to_min")
