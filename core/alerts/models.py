"""Tables of alerting in the gym's database: overrides of rules, standings, incidents, changes, the evaluator's clock."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.people.models import Account
from core.platform.orm import Base

OPEN_CAUSE = text("closed_at IS NULL AND cause <> ''")


class RuleChoice(Base):
    """
    An admin's overrides of a rule, or a custom rule. None: as the rule came; without a row all of it is.

    Columns mean what the fields of core.alerts.rules.Rule and Filter mean; `_min` is in minutes.
    """

    __tablename__ = "alert_choice"
    __table_args__ = (
        Index("uq_alert_choice_title", "title", unique=True),  # two admins cannot add one title at the same moment
    )

    rule_key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str | None]  # this and metric: of a custom rule; then nothing else is None
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
    repeat_min: Mapped[int | None]  # 0: one notification
    quiet: Mapped[str | None]  # quiet hours of every day at the gym, as typed: "22:00–06:00, 12:00–13:00"
    muted_until: Mapped[datetime | None]  # no notification before


class Incident(Base):
    """An incident: from the instant that a rule fires until it is good again, or somebody has resolved it."""

    __tablename__ = "alert_incident"
    __table_args__ = (
        Index(
            "ix_alert_incident_closed_at", "closed_at"
        ),  # for what is open (the badge, each minute), and the past list
        Index(  # two evaluators that see two rules of one cause fire at the same moment
            "uq_alert_incident_cause", "cause", unique=True, sqlite_where=OPEN_CAUSE, postgresql_where=OPEN_CAUSE
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_key: Mapped[str]  # the leading rule: of several, the most severe that has fired so far
    # This and the next two: copies, for a rule may change and go.
    title: Mapped[str] = mapped_column(server_default=text("''"))
    metric: Mapped[str] = mapped_column(server_default=text("''"))
    sentence: Mapped[str] = mapped_column(server_default=text("''"))  # when it fires
    instance: Mapped[str]  # what it is about where a rule watches several things, such as a route; else ""
    severity: Mapped[str]
    fire_at: Mapped[float] = mapped_column(Float)
    worst: Mapped[float | None] = mapped_column(Float)  # value so far
    detail: Mapped[str]  # the numbers behind the value, in words
    opened_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))  # who resolved it; None: it ended by itself
    told_at: Mapped[datetime | None]  # latest notification; None: none was sent
    told_change_id: Mapped[int | None]  # the change that it was about
    cause: Mapped[str] = mapped_column(server_default=text("''"))  # what it is about; several rules may share it
    # This and the next three: what fails most.
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
    """Standing of a rule, for one instance: its state and its latest value."""

    __tablename__ = "alert_standing"

    rule_key: Mapped[str] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(primary_key=True)  # a route, process or error; "" where the rule has one
    state: Mapped[str]
    since: Mapped[datetime]  # of the state
    silent_since: Mapped[datetime | None]  # since when there is nothing to measure
    number: Mapped[int]  # of its latest change: the optimistic lock
    value: Mapped[float | None] = mapped_column(Float)
    samples: Mapped[int]  # that the value was made of
    detail: Mapped[str]  # the numbers behind the value, in words
    problem: Mapped[str]  # why it could not be measured, if so
    measured_at: Mapped[datetime]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("alert_incident.id"))

    incident: Mapped[Incident | None] = relationship(lazy="joined")


class AlertChange(Base):
    """A state change of one rule, or a reminder about an incident that goes on (then both states are the same)."""

    __tablename__ = "alert_change"
    __table_args__ = (
        # however many evaluators there are, one of them makes a change, and notifies
        Index("uq_alert_change_rule_key_instance_number", "rule_key", "instance", "number", unique=True),
        Index("ix_alert_change_incident_id", "incident_id"),  # for an incident's history on the page
        Index("ix_alert_change_at", "at"),  # for notifications of the last hour, and for deleting old ones
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_key: Mapped[str]
    instance: Mapped[str]
    number: Mapped[int]
    at: Mapped[datetime]
    before: Mapped[str]  # this and after: states
    after: Mapped[str]
    value: Mapped[float | None] = mapped_column(Float)
    fire_at: Mapped[float] = mapped_column(Float)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("alert_incident.id"))
    told: Mapped[bool]  # whether notifications went out with it
    # Of value and fire_at: an incident may have several.
    metric: Mapped[str] = mapped_column(default="", server_default=text("''"))
    # The incident was open, and became more severe.
    worse: Mapped[bool] = mapped_column(default=False, server_default=false())


class AlertClock(Base):
    """Lease of the evaluation: one row, which the migration makes."""

    __tablename__ = "alert_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[datetime | None]  # nobody evaluates before
    evaluated_at: Mapped[datetime | None]  # when an evaluation last came to its end
