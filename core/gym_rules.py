"""The gym's rules: how much a family may ask for, how long names and measurements are kept, how often the console looks anew."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.edits import Values, last_changed_by, merge
from core.errors import Invalid
from core.gym import Gym, lock_gym
from core.people.staff import check_is_admin

NAMES = {
    "most_open_requests": "Requests that wait, for one family",
    "most_requests_a_day": "Requests of one family within a day",
    "most_open_per_network": "Requests from one network that hold time",
    "most_new_per_network": "Requests from one network within an hour",
    "most_strangers_per_coach": "Requests at one coach that hold time, nobody having confirmed them",
    "anonymise_after_months": "Months until names are taken away",
    "console_refresh_s": "Seconds until a page is drawn anew",
    "monitoring_days": "Days that every request is kept",
    "monitoring_budget_mb": "Megabytes for monitoring",
}


class GymRules(BaseModel):
    """As on core.gym.Gym."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_open_requests: Annotated[int, Field(ge=1, le=20)]
    most_requests_a_day: Annotated[int, Field(ge=1, le=100)]
    most_open_per_network: Annotated[int, Field(ge=1, le=10_000)]
    most_new_per_network: Annotated[int, Field(ge=1, le=10_000)]
    most_strangers_per_coach: Annotated[int, Field(ge=1, le=10_000)]
    anonymise_after_months: Annotated[int, Field(ge=0, le=240)]
    console_refresh_s: Annotated[int, Field(ge=10, le=600)]
    monitoring_days: Annotated[int, Field(ge=7, le=366)]
    monitoring_budget_mb: Annotated[int, Field(ge=16, le=100_000)]

    @classmethod
    def of(cls, gym: Gym) -> "GymRules":
        """Those in force."""
        return cls.model_construct(**{name: getattr(gym, name) for name in cls.model_fields})

    @classmethod
    def parse(cls, values: dict[str, Any]) -> "GymRules":
        """Raises Invalid with a sentence for each value that cannot be, or cannot work with another."""
        try:
            rules = cls.model_validate(values)
        except ValidationError as error:
            raise Invalid({str(problem["loc"][0]): _sentence(problem) for problem in error.errors()}) from None
        if rules.most_open_requests > rules.most_requests_a_day:
            raise Invalid(
                {"most_open_requests": "More requests could wait than may be made in a day. Please lower the first."}
            )
        return rules


def set_rules(session: Session, rules: GymRules, *, account_id: int, now: datetime, shown: Values | None = None) -> Gym:
    """
    From now on.

    Args:
        shown: what the form had shown, as of core.edits.

    Raises NotAllowed, ChangedMeanwhile.
    """
    check_is_admin(session, account_id)
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
    audit.record(session, Verb.RULES_CHANGED, "gym", by=account_id, now=now)
    session.flush()
    return gym


def _sentence(problem: Any) -> str:
    bounds = problem.get("ctx", {})
    name = NAMES.get(str(problem["loc"][0]), "This")
    if "ge" in bounds:
        return f"{name}: {bounds['ge']} at least."
    if "le" in bounds:
        return f"{name}: {bounds['le']} at most."
    return f"{name}: this should be a whole number."
