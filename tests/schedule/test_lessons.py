"""Lesson types and the gym's texts: changed by admins, seen by families at once."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.bookings.requests import request_lesson
from core.errors import Invalid, NotAllowed, NotFound
from core.gym.models import the_gym
from core.gym.texts import GymTexts, set_gym
from core.people.models import Account
from core.schedule import queries
from core.schedule.lessons import LessonFacts, save_lesson
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, at, nora, sam_wants

RINGS: dict[str, Any] = {"slug": "rings-50", "name": "Rings", "minutes": 50, "price_cents": 7050}


@pytest.fixture
def admin(session: Session) -> Account:
    return ada(session)


def test_a_new_lesson_type_is_there_and_every_page_is_built_anew(session: Session, admin: Account) -> None:
    before = the_gym(session).content_version
    lesson = save_lesson(session, None, LessonFacts.parse(RINGS), by=as_staff(admin.id), now=NOW)
    assert (lesson.name, lesson.minutes, lesson.active) == ("Rings", 50, True)
    assert the_gym(session).content_version == before + 1


def test_a_change_leaves_what_is_booked_as_it_was(session: Session, admin: Account) -> None:
    coach = nora(session)
    lesson = coach.lessons[1]
    booking = request_lesson(session, coach, sam_wants(coach, lesson, at(1, 16)), now=NOW)
    facts = LessonFacts.parse({**RINGS, "slug": lesson.slug, "minutes": 90, "price_cents": 9900, "active": False})
    save_lesson(session, lesson.id, facts, by=as_staff(admin.id), now=NOW)
    assert (booking.price_cents, booking.ends_at) == (8500, at(1, 17))
    with pytest.raises(NotFound):
        queries.get_lesson(coach, lesson.slug)


def test_addresses_are_of_one_lesson_each(session: Session, admin: Account) -> None:
    first = save_lesson(session, None, LessonFacts.parse(RINGS), by=as_staff(admin.id), now=NOW)
    with pytest.raises(Invalid, match="rings-50 already"):
        save_lesson(session, None, LessonFacts.parse(RINGS), by=as_staff(admin.id), now=NOW)
    renamed = LessonFacts.parse({**RINGS, "name": "Still rings"})
    assert save_lesson(session, first.id, renamed, by=as_staff(admin.id), now=NOW).name == "Still rings"
    with pytest.raises(NotFound):
        save_lesson(session, 999, LessonFacts.parse({**RINGS, "slug": "other"}), by=as_staff(admin.id), now=NOW)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("slug", "Rings 50", "small letters"),
        ("slug", "", "small letters"),
        ("slug", "../x", "small letters"),
        ("name", " ", "fill this in"),
        ("name", "n" * 81, "80 characters"),
        ("minutes", 5, "at least 10"),
        ("minutes", 300, "at most 240"),
        ("price_cents", -1, "from $0 to $10,000"),
        ("buffer_after_min", 121, "at most 120"),
    ],
)
def test_what_cannot_be_is_said_by_field(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        LessonFacts.parse({**RINGS, name: value})
    assert sentence in refused.value.fields[name]


def test_the_gym_s_texts_are_kept_and_those_that_cannot_be_are_not(session: Session, admin: Account) -> None:
    values = {"name": "Spirit", "email": "hi@spirit.example", "late_cancel_hours": 12}
    gym = set_gym(session, GymTexts.parse(values), by=as_staff(admin.id), now=NOW)
    assert (gym.name, gym.email, gym.late_cancel_hours) == ("Spirit", "hi@spirit.example", 12)
    for wrong in ({"name": ""}, {"email": "hi"}, {"late_cancel_hours": -1}, {"phone": "1" * 41}):
        with pytest.raises(Invalid):
            GymTexts.parse({**values, **wrong})


def test_a_coach_changes_neither(session: Session, admin: Account) -> None:
    coach = nora(session).account
    with pytest.raises(NotAllowed):
        save_lesson(session, None, LessonFacts.parse(RINGS), by=as_staff(coach.id), now=NOW)
    with pytest.raises(NotAllowed):
        set_gym(session, GymTexts.parse({"name": "Mine"}), by=as_staff(coach.id), now=NOW)
