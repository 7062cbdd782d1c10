"""The badge: how many wait, whose, and how it is said."""

from datetime import timedelta

import pytest

from console.widgets.badge import Badge, badge_for
from console.widgets.session import Staff
from core.bookings.decisions import Decision
from core.people.models import Role
from tests.console.app_reader import navigation
from tests.console.conftest import OPENS, Desk


def staff(desk: Desk, who: str) -> Staff:
    account = desk.account(who)
    coach_id = {"nora": desk.booking("Ida").coach_id, "omar": desk.booking("Mia").coach_id}.get(who)
    return Staff(1, account.id, account.name, account.role, coach_id, OPENS)


@pytest.mark.parametrize(
    ("count", "said"), [(0, "Requests"), (1, "(1) Requests"), (9, "(9) Requests"), (10, "(9+) Requests")]
)
def test_the_badge_counts_to_nine_and_then_says_more(count: int, said: str) -> None:
    assert Badge(count, False).before("Requests") == said


def test_a_coach_s_badge_counts_her_requests_and_an_admin_s_everybody_s(desk: Desk) -> None:
    assert [badge_for(staff(desk, who)).count for who in ("nora", "omar", "ada")] == [2, 1, 3]
    assert badge_for(Staff(1, 1, "Somebody", Role.COACH, None, OPENS)).count == 0


def test_the_badge_counts_no_answered_and_no_expired_request(desk: Desk) -> None:
    desk.answer("Ida", Decision.APPROVE)
    assert badge_for(staff(desk, "nora")).count == 1
    expires_at = desk.booking("Ben").expires_at
    assert expires_at is not None
    desk.clock.move_to(expires_at)
    assert badge_for(staff(desk, "nora")).count == 0


def test_the_badge_is_urgent_when_a_request_expires_within_two_hours(desk: Desk) -> None:
    expires_at = desk.booking("Ben").expires_at
    assert expires_at is not None
    desk.clock.move_to(expires_at - timedelta(hours=2))
    assert not badge_for(staff(desk, "nora")).is_urgent
    desk.clock.move_to(expires_at - timedelta(hours=2) + timedelta(seconds=1))
    assert badge_for(staff(desk, "nora")).is_urgent


def test_the_badge_is_in_the_navigation_of_every_page_and_a_new_request_is_announced(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    assert navigation(app)[0] == "Requests (2)" and not app.toast
    desk.answer("Ida", Decision.DENY)
    assert navigation(app.run())[0] == "Requests (1)" and not app.toast
    app.session_state["counted"] = 0
    assert [toast.value for toast in app.run().toast] == ["A new request has come."]
