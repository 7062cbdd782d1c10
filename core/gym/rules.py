"""The gym's limits and retention times as a form, changed by admins: rate limits, anonymisation, monitoring, refresh."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid
from core.gym.form_merge import Values, last_changed_by, merge
from core.gym.models import Gym, lock_gym
from core.people.permissions import check_is_admin
from core.platform.actor import Actor
from core.platform.forms import Form


class GymRules(Form):
    """The form of the gym's rules; fields as on core.gym.models.Gym."""

    most_open_requests: Annotated[int, Field(ge=1, le=20, title="Requests that wait, for one family")]
    most_requests_a_day: Annotated[int, Field(ge=1, le=100, title="Requests of one family within a day")]
    most_open_per_network: Annotated[int, Field(ge=1, le=10_000, title="Requests from one network that hold time")]
    most_new_per_network: Annotated[int, Field(ge=1, le=10_000, title="Requests from one network within an hour")]
    most_strangers_per_coach: Annotated[
        int, Field(ge=1, le=10_000, title="Requests at one coach that hold time, nobody having confirmed them")
    ]
    anonymise_after_months: Annotated[int, Field(ge=0, le=240, title="Months until names are taken away")]
    console_refresh_s: Annotated[int, Field(ge=10, le=600, title="Seconds until a page is drawn anew")]
    monitoring_days: Annotated[int, Field(ge=7, le=366, title="Days that every request is kept")]
    monitoring_budget_mb: Annotated[int, Field(ge=16, le=100_000, title="Megabytes for monitoring")]

    def check(self) -> None:
        if self.most_open_requests > self.most_requests_a_day:
            raise Invalid(
                {"most_open_requests": "More requests could wait than may be made in a day. Please lower the first."}
            )


def set_rules(session: Session, rules: GymRules, *, by: Actor, now: datetime, shown: Values | None = None) -> Gym:
    """
    Store the gym's rules, by three-way merge with what the form had shown; in force at once.

    Args:
        shown: what the form had shown, as of core.gym.form_merge.

    Raises NotAllowed, ChangedMeanwhile.
    """
    check_is_admin(session, by)
    gym = lock_gym(session)
    rules = merge(
        rules.model_dump(),
        GymRules.of(gym).model_dump(),
        shown,
        read=GymRules.parse,
        last_by=last_changed_by(session, Verb.RULES_CHANGED, "gym"),
    )
    for name, value in rules:
        setattr(gym, name, value)
    audit.record(session, Verb.RULES_CHANGED, "gym", by=by, now=now)
    session.flush()
    return gym
