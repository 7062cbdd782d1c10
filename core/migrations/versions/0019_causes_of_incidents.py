"""One incident a cause: rules about one thing share it. A burn rate asks for so many requests, not for lost ones."""

import math

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BURNS = {"burn-fast": 14.4, "burn-steady": 6.0, "burn-slow": 1.0}  # the limits that they came with
OF_FAMILIES = ("errors", "errors-critical", "slow-route", *BURNS)
BURN_METRIC, LOST_ALLOWED, MAX_SAMPLES = "requests.burn_times", 0.005, 1_000_000
OPEN_CAUSE = sa.text("closed_at IS NULL AND cause <> ''")


def upgrade() -> None:
    for name in ("cause", "lead_service", "lead_route", "lead_error"):
        op.add_column("alert_incident", sa.Column(name, sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("alert_incident", sa.Column("lead_error_id", WHOLE, nullable=False, server_default=sa.text("0")))
    op.add_column("alert_change", sa.Column("metric", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("alert_change", sa.Column("worse", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "uq_alert_incident_cause",
        "alert_incident",
        ["cause"],
        unique=True,
        sqlite_where=OPEN_CAUSE,
        postgresql_where=OPEN_CAUSE,
    )
    op.execute(
        sa.text(
            "UPDATE alert_change SET metric = coalesce("
            "(SELECT metric FROM alert_incident WHERE alert_incident.id = alert_change.incident_id), '')"
        )
    )
    _keep_what_is_narrowed()
    _ask_for_requests()


def _keep_what_is_narrowed() -> None:
    """These rules count what families ask for, from now on. One that somebody narrowed goes on counting what it did."""
    choice = sa.table("alert_choice", *map(sa.column, ("rule_key", "kind", "service", "route")))
    narrowed = choice.c.service.is_not(None) | choice.c.route.is_not(None)
    op.execute(
        sa.update(choice)
        .where(choice.c.rule_key.in_(OF_FAMILIES), choice.c.kind.is_(None), narrowed)
        .values(kind="http")
    )


def _ask_for_requests() -> None:
    """Where somebody chose how many lost requests begin a burn: as many requests as lose so many at the rule's limit."""
    choice = sa.table("alert_choice", *map(sa.column, ("rule_key", "metric", "fire_at", "min_samples")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(choice).where(choice.c.min_samples > 0)).all():
        if row.metric != BURN_METRIC and row.rule_key not in BURNS:
            continue
        limit = row.fire_at or BURNS.get(row.rule_key, 1.0)
        requests = min(MAX_SAMPLES, math.ceil(row.min_samples / (limit * LOST_ALLOWED)))
        connection.execute(sa.update(choice).where(choice.c.rule_key == row.rule_key).values(min_samples=requests))
