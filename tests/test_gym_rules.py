"""The gym's rules: what they allow, and that they hold at once."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.bookings.requests import request_lesson
from core.errors import Invalid, NotAllowed, TooMany
from core.gym.models import the_gym
from core.gym.rules import GymRules, set_rules
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, at, nora, sam_wants

DEFAULTS = {
    "most_open_requests": 3,
    "most_requests_a_day": 6,
    "most_open_per_network": 6,
    "most_new_per_network": 12,
    "most_strangers_per_coach": 30,
    "anonymise_after_months": 24,
    "console_refresh_s": 30,
    "monitoring_days": 90,
    "monitoring_budget_mb": 512,
}


def test_the_rules_of_a_fresh_gym_are_the_product_s(session: Session) -> None:
    assert GymRules.of(the_gym(session)).model_dump() == DEFAULTS


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"most_open_requests": 0}, "Requests that wait, for one family: this should be at least 1."),
        ({"most_requests_a_day": 101}, "Requests of one family within a day: this should be at most 100."),
        ({"console_refresh_s": "soon"}, "Seconds until a page is drawn anew: this should be a whole number."),
        ({"monitoring_days": 6}, "Days that every request is kept: this should be at least 7."),
        ({"monitoring_budget_mb": 15}, "Megabytes for monitoring: this should be at least 16."),
        ({"most_open_requests": 7}, "More requests could wait than may be made in a day. Please lower the first."),
    ],
)
def test_what_cannot_be_is_said(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        GymRules.parse({**DEFAULTS, **changes})
    assert str(refused.value) == sentence


def test_a_family_may_ask_for_as_much_as_the_gym_says_from_now_on(session: Session) -> None:
    admin, coach = ada(session), nora(session)
    set_rules(session, GymRules.parse({**DEFAULTS, "most_open_requests": 1}), by=as_staff(admin.id), now=NOW)
    request_lesson(session, coach, sam_wants(coach, coach.lessons[0], at(3, 9)), now=NOW)
    with pytest.raises(TooMany, match="You have a request that waits for an answer"):
        request_lesson(session, coach, sam_wants(coach, coach.lessons[0], at(4, 9)), now=NOW)


def test_a_coach_does_not_change_them(session: Session) -> None:
    coach = nora(session)
    with pytest.raises(NotAllowed):
        set_rules(session, GymRules.parse(DEFAULTS), by=as_staff(coach.account_id), now=NOW)
