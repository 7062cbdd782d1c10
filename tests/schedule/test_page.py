"""What parents will see of a coach: her page, and a week before it is kept. And who may change any of it."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from core.bookings import requests, slots
from core.bookings.models import Status
from core.errors import Invalid, NotAllowed, NotFound
from core.platform.db import Database
from core.schedule import coach_page, hours, preferences, queries
from core.schedule.availability import Window
from core.schedule.hours import WeekWindow
from core.schedule.models import Coach
from core.schedule.preferences import Preferences
from tests.support import people
from tests.support.actors import as_staff
from tests.support.people import NOW, at, sam_wants

DAY = timedelta(days=1)
MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)
TEXTS: dict[str, Any] = {"name": "Nora Berg", "tagline": "From the first roll", "bio": "Twelve years of coaching."}


@pytest.fixture
def nora(session: Session) -> Coach:
    return people.nora(session)


def write(session: Session, coach: Coach, **changes: Any) -> None:
    """Her page as in TEXTS, with her lessons as they are, except for what `changes` says."""
    values: dict[str, Any] = {**TEXTS, "lesson_ids": [lesson.id for lesson in coach.lessons], **changes}
    coach_page.set_page(session, coach, by=as_staff(coach.account_id), now=NOW, **values)


def shown(coach: Coach) -> tuple[str, str, str, set[str]]:
    return coach.name, coach.tagline, coach.bio, {lesson.slug for lesson in coach.lessons}


def test_texts_are_kept_without_margins_and_letters_in_one_piece(session: Session, nora: Coach) -> None:
    write(
        session, nora, name="  Zoe\u0308 Berg\u2003", tagline="\n Cafe\u0301 ", bio="\r\nOne.\r\n\r\nTwo, te\u0301a.\n"
    )
    session.expire_all()
    assert shown(nora) == ("Zo\u00eb Berg", "Caf\u00e9", "One.\n\nTwo, t\u00e9a.", {"tumbling-60", "first-lesson-30"})
    write(session, nora, tagline=" ", bio="")
    assert shown(nora)[1:3] == ("", "")


@pytest.mark.parametrize(("field", "most"), [("name", 80), ("tagline", 120), ("bio", 2000)])
def test_a_text_has_room_for_so_many_letters_and_no_more(session: Session, nora: Coach, field: str, most: int) -> None:
    write(session, nora, **{field: "\n" + "e\u0301" * most + " "})
    before = shown(nora)
    assert "\u00e9" * most in before
    with pytest.raises(Invalid) as refusal:
        write(session, nora, **{field: "e" * (most + 1)})
    assert refusal.value.fields == {field: f"Please shorten this to {most} characters."}
    assert shown(nora) == before


@pytest.mark.parametrize(
    "letter", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800", "\t", "\ue000", "\u202e", "\u2028"]
)
def test_characters_that_steer_are_cleaned_from_every_text(session: Session, nora: Coach, letter: str) -> None:
    write(session, nora, **dict.fromkeys(TEXTS, f"Nora{letter}Berg"))
    said = (nora.account.name, nora.tagline, nora.bio.replace("\n", " "))
    assert set(said) <= {"Nora Berg", "NoraBerg"} and len(set(said)) == 1


def test_a_name_can_be_seen(session: Session, nora: Coach) -> None:
    with pytest.raises(Invalid) as refusal:
        write(session, nora, name="\u200b")
    assert list(refusal.value.fields) == ["name"]


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_kept(session: Session, nora: Coach) -> None:
    before, taught = shown(nora), nora.lessons[0].id
    with pytest.raises(Invalid) as refusal:
        write(session, nora, name=" \n ", tagline="t" * 121, bio="b" * 2001, lesson_ids=[taught, 999_999])
    assert refusal.value.fields == {
        "name": "Please fill this in.",
        "tagline": "Please shorten this to 120 characters.",
        "bio": "Please shorten this to 2000 characters.",
        "lesson_ids": "We know no such lesson.",
    }
    assert shown(nora) == before


def test_a_lesson_out_of_use_cannot_be_chosen(session: Session, nora: Coach) -> None:
    strength = people.strength(session)
    write(session, nora, lesson_ids=[strength.id, strength.id])
    assert nora.lessons == [strength]
    strength.active = False
    assert strength not in coach_page.all_lessons(session)
    with pytest.raises(Invalid, match="We know no such lesson"):
        write(session, nora, lesson_ids=[strength.id])


def test_a_lesson_she_no_longer_teaches_is_not_offered_and_its_booking_stands(session: Session, nora: Coach) -> None:
    tumbling, short = people.tumbling(session), people.first_lesson(session)
    booking = requests.request_lesson(session, nora, sam_wants(nora, tumbling, at(1, 16)), now=NOW)
    write(session, nora, lesson_ids=[short.id])
    session.expire_all()
    assert [lesson for lesson in queries.get_coach(session, "nora").lessons if lesson.active] == [short]
    with pytest.raises(NotFound, match="Nora Berg does not teach this lesson"):
        requests.request_lesson(session, nora, sam_wants(nora, tumbling, at(2, 16)), now=NOW)
    assert queries.get_offered(session, "nora", "first-lesson-30")[1] is short
    assert (booking.status, booking.lesson, booking.starts_at) == (Status.PENDING, tumbling, at(1, 16))
    assert slots.next_free(session, nora, short, now=NOW, after=at(1, 16))[0].starts_at == at(1, 17, 30)


def test_a_new_name_is_the_one_that_parents_read(session: Session, nora: Coach) -> None:
    people.omar(session)
    assert [coach.name for coach in queries.published_coaches(session)] == ["Nora Lindqvist", "Omar Haddad"]
    write(session, nora, name="Zo\u00eb Berg")
    session.expire_all()
    assert [coach.name for coach in queries.published_coaches(session)] == ["Omar Haddad", "Zo\u00eb Berg"]


WEEKS = st.dictionaries(  # an hour or so from every third hour on; three hours touch the next
    st.tuples(st.integers(0, 6), st.integers(0, 7)), st.integers(1, 36), max_size=12
).map(lambda week: [WeekWindow(day, part * 180, part * 180 + length * 5) for (day, part), length in week.items()])


@given(WEEKS, st.sampled_from([MONDAY, date(2026, 10, 30), date(2027, 3, 12)]))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_week_shows_before_it_is_kept_what_it_offers_afterwards(
    session: Session, nora: Coach, week: list[WeekWindow], first_on: date
) -> None:
    lesson, last_on, now = people.first_lesson(session), first_on + 6 * DAY, at((first_on - MONDAY).days, 9)
    if not hours.overrides_from(session, nora, MONDAY):  # the first time: a lesson that waits, and a day more
        requests.request_lesson(session, nora, sam_wants(nora, lesson, at(1, 16)), now=NOW)
        ADD_A_SINGLE_DAY(session, nora, by=as_staff(nora.account_id), now=NOW)
    rules = hours.with_week(slots.rules_for(session, nora, lesson, first_on=first_on, last_on=last_on), week)
    preview = slots.open_slots_under(session, nora, rules, first_on=first_on, last_on=last_on, now=now)
    hours.set_weekly_hours(session, nora, week, by=as_staff(nora.account_id), now=NOW)
    assert slots.open_slots(session, nora, lesson, first_on=first_on, last_on=last_on, now=now) == preview


def remove_the_first_single_day(session: Session, coach: Coach, **by: Any) -> None:
    hours.remove_override(session, coach, hours.overrides_from(session, coach, MONDAY)[0].id, **by)


ADD_A_SINGLE_DAY = partial(hours.add_override, on=SUNDAY, window=Window(540, 720), adds=True)
COMMANDS: dict[str, Callable[..., object]] = {
    "a week": partial(hours.set_weekly_hours, windows=[WeekWindow(1, 540, 720)]),
    "a day more": ADD_A_SINGLE_DAY,
    "a day less": remove_the_first_single_day,
    "preferences": lambda session, coach, **by: preferences.set_preferences(
        session, coach, Preferences.of(coach).model_copy(update={"notice_min": 45}), **by
    ),
    "a page": partial(coach_page.set_page, **TEXTS, lesson_ids=[]),
}


def record(session: Session, coach: Coach) -> tuple[Any, ...]:
    """All that these commands can change."""
    session.flush()
    session.expire_all()
    days = [day.id for day in hours.overrides_from(session, coach, MONDAY)]
    return shown(coach), Preferences.of(coach), hours.weekly_hours(session, coach), days


@pytest.mark.parametrize("command", COMMANDS)
def test_she_herself_and_an_admin_change_it_and_nobody_else(session: Session, nora: Coach, command: str) -> None:
    ada, omar = people.ada(session), people.omar(session)
    ADD_A_SINGLE_DAY(session, nora, by=as_staff(nora.account_id), now=NOW)
    before = record(session, nora)
    nora.account.disabled_at = ada.disabled_at = NOW
    for account_id in (omar.account_id, nora.account_id, ada.id, 999_999):
        with pytest.raises(NotAllowed):
            COMMANDS[command](session, nora, by=as_staff(account_id), now=NOW)
        assert record(session, nora) == before
    nora.account.disabled_at = ada.disabled_at = None
    for account_id in (nora.account_id, ada.id):
        with session.begin_nested() as attempt:
            COMMANDS[command](session, nora, by=as_staff(account_id), now=NOW)
            assert record(session, nora) != before
            attempt.rollback()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_change_moves_her_version_by_one(database: Database, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr("core.platform.clock.now", lambda: NOW)
    with database.write() as transaction:
        nora, omar = people.nora(transaction.session), people.omar(transaction.session)
        ADD_A_SINGLE_DAY(transaction.session, nora, by=as_staff(nora.account_id), now=NOW)
    with pytest.raises(NotAllowed):
        database.transact(
            lambda tx: COMMANDS[command](tx.session, tx.coach, by=as_staff(omar.account_id), now=tx.now), coach=nora.id
        )
    database.transact(
        lambda tx: COMMANDS[command](tx.session, tx.coach, by=as_staff(nora.account_id), now=tx.now), coach=nora.id
    )
    with database.read() as session:
        assert [session.get_one(Coach, coach.id).schedule_version for coach in (nora, omar)] == [1, 0]
