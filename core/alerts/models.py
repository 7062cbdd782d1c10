"""Where each rule stands, what an admin has changed about it, its incidents, and every change: rows of the gym's database."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.people.models import Account
from core.platform.orm import Base

OPEN_CAUSE = text("closed_at IS NULL AND cause <> ''")


class RuleChoice(Base):
    """
    What an admin wants different about a rule; None: as it came. Without a row all of it is.

    title, metric: of a rule that an admin has added; then nothing else is None. repeat_min: 0 for once.
    quiet: as it is written, "22:00–06:00, 12:00–13:00", of every day at the gym. muted_until: nothing is said before.
    """

    __tablename__ = "alert_choice"
    __table_args__ = (Index("uq_alert_choice_title", "title", unique=True),)

    rule_key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str | None]
    metric: Mapped[str | None]
    enabled: Mapped[bool | None]
    severity: Mapped[str | None]
    kind: Mapped[str | None]
    service: Mapped[str | None]
    route: Mapped[str | None]
    fire_at: Mapped[float | None] = mapped_column(Float)
    recover_at: Mapped[float | None] = mapped_column(Float)
    window_min: Mapped[int | None]
    short_window_min: Mapped[int | None]
    after_min: Mapped[int | None]
    keep_firing_min: Mapped[int | None]
    min_samples: Mapped[int | None]
    no_data: Mapped[str | None]
    no_data_after_min: Mapped[int | None]
    repeat_min: Mapped[int | None]
    quiet: Mapped[str | None]
    muted_until: Mapped[datetime | None]


class Incident(Base):
    """
    From the instant that a rule fires until it is good again, or somebody has resolved it.

    title, metric, sentence: of its rule when it opened, for a rule may change and go. sentence: when it rings.
    instance: what it is about where a rule watches several things, such as a route; else "".
    worst: the worst number so far. told_at, told_change_id: the latest word of it; None while nobody was told.
    closed_by: who resolved it; None: it ended by itself.
    cause: what it is about; several rules may share it, and rule_key is then the most severe that has fired so far.
    lead_service, lead_route, lead_error_id, lead_error: what fails most, for whoever looks for the reason.
    """

    __tablename__ = "alert_incident"
    __table_args__ = (
        Index("ix_alert_incident_closed_at", "closed_at"),
        Index(  # two evaluators that see two rules of one cause fire at the same moment
            "uq_alert_incident_cause", "cause", unique=True, sqlite_where=OPEN_CAUSE, postgresql_where=OPEN_CAUSE
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_key: Mapped[str]
    title: Mapped[str] = mapped_column(server_default=text("''"))
    metric: Mapped[str] = mapped_column(server_default=text("''"))
    sentence: Mapped[str] = mapped_column(server_default=text("''"))
    instance: Mapped[str]
    severity: Mapped[str]
    fire_at: Mapped[float] = mapped_column(Float)
    worst: Mapped[float | None] = mapped_column(Float)
    detail: Mapped[str]
    opened_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    told_at: Mapped[datetime | None]
    told_change_id: Mapped[int | None]
    cause: Mapped[str] = mapped_column(server_default=text("''"))
    lead_service: Mapped[str] = mapped_column(default="", server_default=text("''"))
    lead_route: Mapped[str] = mapped_column(default="", server_default=text("''"))
    lead_error_id: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    lead_error: Mapped[str] = mapped_column(default="", server_default=text("''"))

    acknowledger: Mapped[Account | None] = relationship(lazy="joined", foreign_keys=[acknowledged_by])
    closer: Mapped[Account | None] = relationship(lazy="joined", foreign_keys=[closed_by])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class AlertStanding(Base):
    """
    Where a rule stands, for one instance, with its latest number.

    number: of its latest change. problem: why it could not be measured, if so.
    """

    __tablename__ = "alert_standing"

    rule_key: Mapped[str] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    since: Mapped[datetime]
    silent_since: Mapped[datetime | None]
    number: Mapped[int]
    value: Mapped[float | None] = mapped_column(Float)
    samples: Mapped[int]
    detail: Mapped[str]
    problem: Mapped[str]
    measured_at: Mapped[datetime]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("alert_incident.id"))

    incident: Mapped[Incident | None] = relationship(lazy="joined")


class AlertChange(Base):
    """
    One change of one rule, or one more word about an incident that goes on (then both states are the same).

    A change has one number, and `uq_alert_change_rule_key_instance_number` lets nobody make it twice, however many
    evaluators there are. told: whether notices went out with it. metric: what value and fire_at are of, for several
    rules may share an incident. worse: the incident was open, and became more severe.
    """

    __tablename__ = "alert_change"
    __table_args__ = (
        Index("uq_alert_change_rule_key_instance_number", "rule_key", "instance", "number", unique=True),
        Index("ix_alert_change_incident_id", "incident_id"),
        Index("ix_alert_change_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_key: Mapped[str]
    instance: Mapped[str]
    number: Mapped[int]
    at: Mapped[datetime]
    before: Mapped[str]
    after: Mapped[str]
    value: Mapped[float | None] = mapped_column(Float)
    fire_at: Mapped[float] = mapped_column(Float)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("alert_incident.id"))
    told: Mapped[bool]
    metric: Mapped[str] = mapped_column(default="", server_default=text("''"))
    worse: Mapped[bool] = mapped_column(default=False, server_default=false())


class AlertClock(Base):
    """
    The evaluator's clock: one row, which the migration makes.

    due_at: nobody evaluates before. evaluated_at: when somebody last did, to the end.
    """

    __tablename__ = "alert_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[datetime | None]
    evaluated_at: Mapped[datetime | None]
