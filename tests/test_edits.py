"""A form that was open while somebody else saved it: three-way merge, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.errors import ChangedMeanwhile, Invalid
from core.gym.form_merge import merge, merge_choices
from core.gym.models import the_gym
from core.gym.rules import GymRules, set_rules
from core.gym.texts import GymTexts, set_gym
from core.platform.db import Database
from core.schedule import hours
from core.schedule.coach_page import page_of, set_page
from core.schedule.hours import WeekWindow
from core.schedule.lessons import LessonFacts, save_lesson
from core.schedule.models import Asks
from core.schedule.preferences import Preferences, set_preferences
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, first_lesson, nora

SHOWN = {"name": "Spirit", "phone": "1"}


@pytest.mark.parametrize(
    ("wanted", "stored", "expected"),
    [
        ({"name": "Mine", "phone": "1"}, {"name": "Spirit", "phone": "2"}, {"name": "Mine", "phone": "2"}),
        ({"name": "Spirit", "phone": "1"}, {"name": "Theirs", "phone": "2"}, {"name": "Theirs", "phone": "2"}),
        ({"name": "Same", "phone": "1"}, {"name": "Same", "phone": "1"}, {"name": "Same", "phone": "1"}),
        ({"name": "Mine", "phone": "2"}, SHOWN, {"name": "Mine", "phone": "2"}),
    ],
)
def test_each_field_takes_the_value_of_whoever_changed_it(wanted: Any, stored: Any, expected: Any) -> None:
    assert merge(wanted, stored, SHOWN, read=dict) == expected


def test_a_field_that_both_changed_is_refused_with_both_values() -> None:
    wanted, stored = {"name": "Mine", "phone": "3"}, {"name": "Theirs", "phone": "1"}
    with pytest.raises(ChangedMeanwhile, match=r"last by Ada") as refused:
        merge(wanted, stored, SHOWN, read=dict, last_by="Ada")
    assert refused.value.conflicts == {"name": ("Theirs", "Mine")}


def test_what_does_not_go_with_the_other_change_is_refused_as_that() -> None:
    def read(values: dict[str, Any]) -> Any:
        raise Invalid({"name": "They do not go together."})

    with pytest.raises(ChangedMeanwhile, match="They do not go together") as refused:
        merge({"name": "Mine", "phone": "1"}, {"name": "Spirit", "phone": "2"}, SHOWN, read=read)
    assert refused.value.conflicts == {"phone": ("2", "1")}
    with pytest.raises(Invalid):
        merge({"name": "Mine", "phone": "1"}, SHOWN, SHOWN, read=read)


def test_choices_of_both_are_added_and_taken_out() -> None:
    assert merge_choices([1, 2, 5], stored=[1, 3, 4], shown=[1, 2, 3]) == {1, 4, 5}
    assert merge_choices([1, 2], stored=[3], shown=None) == {1, 2}


def test_the_gym_s_texts_keep_what_another_admin_saved_meanwhile(session: Session) -> None:
    admin = ada(session)
    shown = GymTexts.of(the_gym(session)).model_dump()
    save = partial(set_gym, session, by=as_staff(admin.id), now=NOW, shown=shown)
    save(GymTexts.parse({**shown, "phone": "555 0100"}))
    save(GymTexts.parse({**shown, "street": "Main Street 1"}))
    assert (the_gym(session).phone, the_gym(session).street) == ("555 0100", "Main Street 1")
    with pytest.raises(ChangedMeanwhile, match=rf"last by {admin.name}"):
        save(GymTexts.parse({**shown, "phone": "555 0199"}))
    assert the_gym(session).phone == "555 0100"


def test_rules_that_do_not_go_with_another_admin_s_are_not_saved(session: Session) -> None:
    admin = ada(session)
    shown = GymRules.of(the_gym(session)).model_dump()
    save = partial(set_rules, session, by=as_staff(admin.id), now=NOW, shown=shown)
    save(GymRules.parse({**shown, "most_requests_a_day": 4}))
    with pytest.raises(ChangedMeanwhile, match="More requests could wait") as refused:
        save(GymRules.parse({**shown, "most_open_requests": 5}))
    assert refused.value.conflicts == {"most_requests_a_day": (4, 6)}
    assert the_gym(session).most_open_requests == 3


def test_preferences_keep_a_mail_that_was_stopped_while_the_form_was_open(session: Session) -> None:
    coach = nora(session)
    shown = Preferences.of(coach).model_dump()
    coach.roll_up = not coach.roll_up
    wanted = Preferences.parse({**shown, "asks": Asks.NEVER})
    set_preferences(session, coach, wanted, by=as_staff(coach.account_id), now=NOW, shown=shown)
    assert coach.asks is Asks.NEVER and coach.roll_up is not shown["roll_up"]
    wanted = Preferences.parse({**shown, "asks": Asks.ALWAYS})
    with pytest.raises(ChangedMeanwhile):
        set_preferences(session, coach, wanted, by=as_staff(coach.account_id), now=NOW, shown={**shown, "asks": "?"})


def test_a_page_keeps_words_and_lessons_that_were_saved_meanwhile(session: Session) -> None:
    coach = nora(session)
    shown = page_of(coach)
    first, second = shown["lesson_ids"]
    save = partial(set_page, session, coach, by=as_staff(coach.account_id), now=NOW, shown=shown)
    save(**{**shown, "bio": "New.", "lesson_ids": [first]})
    save(**{**shown, "tagline": "Floor"})
    assert page_of(coach) == {**shown, "bio": "New.", "tagline": "Floor", "lesson_ids": [first]}
    with pytest.raises(ChangedMeanwhile):
        save(**{**shown, "bio": "Another.", "lesson_ids": [second]})
    assert page_of(coach)["bio"] == "New."


def test_a_lesson_type_keeps_a_price_that_another_admin_saved_meanwhile(session: Session) -> None:
    admin, lesson = ada(session), first_lesson(session)
    shown = LessonFacts.of(lesson).model_dump()
    save = partial(save_lesson, session, lesson.id, by=as_staff(admin.id), now=NOW, shown=shown)
    save(LessonFacts.parse({**shown, "price_cents": 4500}))
    save(LessonFacts.parse({**shown, "name": "Trial"}))
    assert (lesson.price_cents, lesson.name) == (4500, "Trial")
    with pytest.raises(ChangedMeanwhile) as refused:
        save(LessonFacts.parse({**shown, "price_cents": 4100}))
    assert refused.value.conflicts == {"price_cents": (4500, 4100)} and lesson.price_cents == 4500


def test_a_week_keeps_a_day_that_was_saved_meanwhile(session: Session) -> None:
    coach = nora(session)
    shown = hours.by_weekday(hours.weekly_hours(session, coach))

    def save(**days: list[WeekWindow]) -> None:
        week = [window for windows in {**shown, **days}.values() for window in windows]
        hours.set_weekly_hours(session, coach, week, by=as_staff(coach.account_id), now=NOW, shown=shown)

    save(Monday=[WeekWindow(0, 540, 600)])
    save(Tuesday=[])
    week = {**shown, "Monday": [WeekWindow(0, 540, 600)], "Tuesday": []}
    assert hours.by_weekday(hours.weekly_hours(session, coach)) == week
    with pytest.raises(ChangedMeanwhile):
        save(Monday=[WeekWindow(0, 540, 660)])
    assert hours.by_weekday(hours.weekly_hours(session, coach)) == week


def test_of_two_admins_at_the_same_instant_one_is_told(database: Database) -> None:
    """The row is locked before it is compared: without the lock both would compare with what neither has saved yet."""
    with database.write() as transaction:
        admin_id = ada(transaction.session).id
        shown = GymTexts.of(the_gym(transaction.session)).model_dump()
    together = Barrier(2)

    def save(phone: str) -> str:
        texts = GymTexts.parse({**shown, "phone": phone})
        together.wait()
        try:
            database.transact(lambda tx: set_gym(tx.session, texts, by=as_staff(admin_id), shown=shown, now=tx.now))
        except ChangedMeanwhile:
            return "told"
        return "saved"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(save, ("1", "2"))) == ["saved", "told"]
