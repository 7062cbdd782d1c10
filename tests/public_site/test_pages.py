"""Home, coaches, a coach, and a week of free times."""

from datetime import timedelta

import pytest

from core.bookings.expiry import expire_overdue
from core.people.models import Account
from core.schedule.models import Coach, DateOverride
from tests.public_site.conftest import TUESDAY_FOUR, Gym, as_text, words
from tests.support.databases import both_databases
from tests.support.people import NOW, at

WEEK = "/coaches/nora/tumbling-60?week=2026-W48"


@both_databases
def test_home_and_coaches_name_everybody_and_lead_to_them(gym: Gym) -> None:
    for path in ("/", "/coaches"):
        page = gym.get(path).text
        assert "Nora Lindqvist" in page and 'href="/coaches/nora"' in page and "Omar Haddad" in page


@both_databases
def test_a_coach_s_page_has_her_lessons_with_length_and_price(gym: Gym) -> None:
    page = words(gym.get("/coaches/nora").text)
    assert "Private tumbling" in page and "60 minutes $85" in page and "30 minutes $40" in page


def test_a_coach_who_is_not_shown_any_more_is_said_to_teach_here_no_more(gym: Gym) -> None:
    with gym.services.database.write(gym.omar_id) as transaction:
        transaction.session.get_one(Coach, gym.omar_id).published = False
    for path in ("/coaches/omar", "/coaches/omar/first-lesson-30"):
        answer = gym.get(path)
        assert answer.status_code == 410 and 'href="/coaches"' in answer.text
    assert "Omar" not in gym.get("/coaches").text


@pytest.mark.parametrize(
    "path", ["/coaches/nobody", "/coaches/nora/juggling", "/nowhere", "/coaches/nora/tumbling-60/x"]
)
def test_a_page_that_is_not_there_says_so(gym: Gym, path: str) -> None:
    answer = gym.get(path)
    assert answer.status_code == 404 and "There is nothing here" in answer.text


@both_databases
def test_a_week_lists_free_times_as_links_without_form_or_key(gym: Gym) -> None:
    page = gym.get(WEEK).text
    assert f"/coaches/nora/tumbling-60/request?start={as_text(TUESDAY_FOUR)}" in page
    assert "<form" not in page and "<input" not in page
    assert "Monday, November 23" in page and "Pacific" in page


def test_past_times_and_days_are_left_out(gym: Gym) -> None:
    gym.clock.move_to(at(2, 12))
    page = gym.get(WEEK).text
    assert "Tuesday, November 24" not in page
    assert as_text(at(2, 12)) not in page and as_text(at(2, 15)) in page


def test_without_a_week_the_page_shows_this_one(gym: Gym) -> None:
    assert gym.get("/coaches/nora/tumbling-60").text == gym.get(WEEK).text


def test_weeks_link_to_each_other_as_far_as_can_be_booked(gym: Gym) -> None:
    first = gym.get(WEEK).text
    assert 'rel="next" href="/coaches/nora/tumbling-60?week=2026-W49"' in first and 'rel="prev"' not in first
    last = gym.get("/coaches/nora/tumbling-60?week=2027-W03").text
    assert 'rel="next"' not in last and 'rel="prev"' in last


@pytest.mark.parametrize("week", ["2026-W40", "2027-W20", "2100-W01"])
def test_a_week_that_cannot_be_booked_leads_to_the_present_one(gym: Gym, week: str) -> None:
    answer = gym.get(f"/coaches/nora/tumbling-60?week={week}")
    assert answer.status_code == 303 and answer.headers["location"] == "/coaches/nora/tumbling-60"


@pytest.mark.parametrize("week", ["2026-W54", "2026-48", "W48", "99999-W01", "2026-W٣", "x" * 5000, "2026-W-1"])
def test_what_is_no_week_is_not_found(gym: Gym, week: str) -> None:
    answer = gym.get(f"/coaches/nora/tumbling-60?week={week}")
    assert answer.status_code == 404 and "2026-W48" in answer.text


def test_an_empty_week_names_the_next_free_time(gym: Gym) -> None:
    with gym.services.database.write(gym.nora_id) as transaction:
        today = NOW.date()
        transaction.session.add_all(
            DateOverride(
                coach_id=gym.nora_id, local_on=today + timedelta(days=day), adds=False, start_min=0, end_min=1440
            )
            for day in range(7)
        )
    page = words(gym.get(WEEK).text)
    assert "The next free time is Monday, November 30, 9:00–10:00 am (Pacific)" in page


def test_a_shared_page_is_answered_with_304_until_it_changes(gym: Gym) -> None:
    for path in ("/", "/coaches", "/coaches/nora", WEEK):
        first = gym.get(path)
        etag = first.headers["etag"]
        again = gym.get(path, headers={"If-None-Match": etag})
        assert again.status_code == 304 and not again.content and again.headers["etag"] == etag
        assert first.headers["cache-control"] == "no-cache"
        assert gym.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_kept_week_is_right_at_once_after_a_booking(gym: Gym) -> None:
    before = gym.get(WEEK)
    gym.book()
    after = gym.get(WEEK, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200 and as_text(TUESDAY_FOUR) not in after.text


def test_a_kept_week_is_right_at_once_when_a_request_expires_unswept(gym: Gym) -> None:
    booking = gym.book(at(9, 16))
    week = "/coaches/nora/tumbling-60?week=2026-W49"
    assert as_text(at(9, 16)) not in gym.get(week).text
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at)
    assert as_text(at(9, 16)) in gym.get(week).text


def test_a_kept_week_loses_a_time_when_its_notice_is_over(gym: Gym) -> None:
    assert as_text(at(0, 14)) in gym.get(WEEK).text
    gym.clock.move_to(at(0, 12, 1))
    assert as_text(at(0, 14)) not in gym.get(WEEK).text


def test_a_new_name_is_on_every_page_at_once(gym: Gym) -> None:
    for path in ("/", "/coaches", "/coaches/nora", WEEK):
        gym.get(path)
    with gym.services.database.write(gym.nora_id) as transaction:
        teacher = transaction.session.get_one(Coach, gym.nora_id)
        transaction.session.get_one(Account, teacher.account_id).name = "Nora Berg"
    for path in ("/", "/coaches", "/coaches/nora", WEEK):
        assert "Nora Berg" in gym.get(path).text and "Lindqvist" not in gym.get(path).text


def test_head_answers_like_get_without_a_body(gym: Gym) -> None:
    answer = gym.client.head(WEEK)
    assert answer.status_code == 200 and answer.headers["etag"] and not answer.content


def test_a_swept_expiry_and_an_unswept_one_show_the_same_week(gym: Gym) -> None:
    booking = gym.book(at(9, 16))
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at)
    unswept = gym.get("/coaches/nora/tumbling-60?week=2026-W49").text
    gym.services.database.transact(lambda tx: expire_overdue(tx.session, tx.coach, now=tx.now), coach=gym.nora_id)
    assert gym.get("/coaches/nora/tumbling-60?week=2026-W49").text == unswept
