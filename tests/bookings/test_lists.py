"""Bookings in lists: what is to come and what has been, page by page, each with its whole story."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.bookings import lists
from core.bookings.access_scope import Everyone, OfCoach
from core.bookings.cancellation import cancel
from core.bookings.decisions import Decision, by_link, decide
from core.bookings.lists import Search
from core.bookings.models import Booking, Status
from core.bookings.requests import request_lesson
from core.outbox.models import MessageKind
from core.platform.actor import PARENT_ON_SITE
from core.schedule.models import Coach
from tests.support.people import NOW, at, nora, omar, sam_wants


@pytest.fixture
def coach(session: Session) -> Coach:
    return omar(session)


def booked(session: Session, coach: Coach, day: int, **changes: str) -> Booking:
    return request_lesson(session, coach, sam_wants(coach, coach.lessons[0], at(day, 16), **changes), now=NOW)


def test_what_is_to_come_is_soonest_first_until_it_has_ended(session: Session, coach: Coach) -> None:
    later, sooner = booked(session, coach, 3), booked(session, coach, 1)
    assert list(lists.upcoming(session, Search(OfCoach(coach.id)), now=NOW)) == [sooner, later]
    ended = sooner.ends_at
    assert list(lists.upcoming(session, Search(OfCoach(coach.id)), now=ended)) == [later]
    assert list(lists.past(session, Search(OfCoach(coach.id)), now=ended)) == [sooner]
    assert lists.upcoming(session, Search(OfCoach(coach.id)), now=ended - timedelta(seconds=1))[0] is sooner


def test_what_came_to_nothing_is_past_when_its_time_is_and_what_waits_is_in_neither(session: Session) -> None:
    teacher = nora(session)
    waiting, denied, cancelled = (booked(session, teacher, day) for day in (7, 8, 9))
    decide(session, teacher, denied.id, Decision.DENY, by=by_link(teacher), now=NOW)
    cancel(session, teacher, cancelled.id, by=PARENT_ON_SITE, now=NOW)
    assert not lists.past(session, Search(OfCoach(teacher.id)), now=NOW)
    assert list(lists.upcoming(session, Search(OfCoach(teacher.id)), now=NOW)) == [denied, cancelled]
    assert waiting.expires_at is not None
    expired = lists.upcoming(session, Search(OfCoach(teacher.id)), now=waiting.expires_at)
    assert list(expired) == [waiting, denied, cancelled]
    assert list(lists.past(session, Search(OfCoach(teacher.id)), now=denied.ends_at)) == [denied, waiting]


def test_a_coach_s_list_has_hers_only_and_everybody_s_has_all(session: Session, coach: Coach) -> None:
    own = booked(session, coach, 1)
    teacher = nora(session)
    other = booked(session, teacher, 1)
    decide(session, teacher, other.id, Decision.APPROVE, by=by_link(teacher), now=NOW)
    assert list(lists.upcoming(session, Search(OfCoach(coach.id)), now=NOW)) == [own]
    assert set(lists.upcoming(session, Search(Everyone()), now=NOW)) == {own, other}


def test_a_search_finds_names_and_addresses_in_any_case_and_no_wildcards(session: Session, coach: Coach) -> None:
    ida = booked(session, coach, 1)
    booked(session, coach, 2, athlete_name="Bo 100%", customer_name="Priya", customer_email="priya@example.org")
    for text, count in (("IDA", 1), ("sam@", 1), ("rivera ", 1), ("%", 1), ("_", 0), ("nobody", 0), ("", 2)):
        assert len(lists.upcoming(session, Search(OfCoach(coach.id), text), now=NOW)) == count, text
    assert list(lists.upcoming(session, Search(OfCoach(coach.id), "ida"), now=NOW)) == [ida]


def test_a_page_and_one_more(session: Session, coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    all_of_them = [booked(session, coach, day, customer_email=f"family{day}@example.org") for day in (0, 1, 2, 3, 4)]
    first = lists.upcoming(session, Search(OfCoach(coach.id)), now=NOW)
    assert list(first) == all_of_them[:3]
    second = lists.upcoming(session, Search(OfCoach(coach.id)), after=lists.cursor_of(first[1]), now=NOW)
    assert list(second) == all_of_them[2:]
    assert (
        list(lists.upcoming(session, Search(OfCoach(coach.id)), after=lists.cursor_of(second[1]), now=NOW))
        == all_of_them[4:]
    )
    ended = all_of_them[-1].ends_at
    latest = lists.past(session, Search(OfCoach(coach.id)), now=ended)
    assert list(latest) == all_of_them[:1:-1]
    assert (
        list(lists.past(session, Search(OfCoach(coach.id)), after=lists.cursor_of(latest[1]), now=ended))
        == all_of_them[2::-1]
    )
    read = partial(_past_of, session, coach, ended)
    assert list(lists.all_pages(read, at_most=100)) == all_of_them[::-1]
    assert list(lists.all_pages(read, at_most=3)) == all_of_them[:1:-1]


def _past_of(session: Session, coach: Coach, now: datetime, after: lists.Cursor | None) -> Sequence[Booking]:
    return lists.past(session, Search(OfCoach(coach.id)), after=after, now=now)


def test_a_list_is_narrowed_by_lesson_state_and_dates(session: Session) -> None:
    teacher = nora(session)
    denied, waits, approved = (booked(session, teacher, day, customer_email=f"f{day}@example.org") for day in (7, 8, 9))
    decide(session, teacher, denied.id, Decision.DENY, by=by_link(teacher), now=NOW)
    decide(session, teacher, approved.id, Decision.APPROVE, by=by_link(teacher), now=NOW)
    first, second = teacher.lessons

    def found(**wanted: Any) -> list[Booking]:
        return list(lists.upcoming(session, Search(OfCoach(teacher.id), **wanted), now=NOW))

    assert found() == [denied, approved]
    assert found(status=Status.APPROVED) == [approved] and found(status=Status.DENIED) == [denied]
    assert found(lesson_id=first.id) == [denied, approved] and found(lesson_id=second.id) == []
    assert found(start=approved.starts_at) == [approved] and found(end=approved.starts_at) == [denied]
    assert waits.expires_at is not None
    assert list(lists.upcoming(session, Search(OfCoach(teacher.id), status=Status.EXPIRED), now=waits.expires_at)) == [
        waits
    ]


def test_a_booking_s_story_has_every_change_and_every_mail(session: Session, coach: Coach) -> None:
    booking = booked(session, coach, 2)
    cancel(session, coach, booking.id, by=PARENT_ON_SITE, now=NOW)
    assert [event.to_status.value for event in lists.events_of(session, booking.id)] == ["APPROVED", "CANCELLED"]
    assert [mail.kind for mail in lists.mails_of(session, booking.id)] == [
        MessageKind.CONFIRMED, MessageKind.BOOKED_DIRECTLY, MessageKind.CANCELLED, MessageKind.LESSON_CANCELLED,
    ]  # fmt: skip


def test_lessons_of_a_day_are_those_that_begin_in_it(session: Session, coach: Coach) -> None:
    one, two = booked(session, coach, 1), booked(session, coach, 2)
    assert list(lists.lessons_between(session, one.starts_at, two.starts_at, whose=OfCoach(coach.id))) == [one]
    assert list(lists.lessons_between(session, one.starts_at, two.ends_at, whose=Everyone())) == [one, two]


def test_what_others_changed_is_all_but_one_s_own(session: Session) -> None:
    teacher = nora(session)
    own, other = booked(session, teacher, 7), booked(session, teacher, 8)
    decide(session, teacher, own.id, Decision.DENY, by=by_link(teacher), now=NOW)
    since = NOW - timedelta(seconds=1)
    changed = lists.changed_by_others(session, since, whose=OfCoach(teacher.id), account_id=teacher.account_id)
    assert list(changed) == [other]
    assert not lists.changed_by_others(session, NOW, whose=OfCoach(teacher.id), account_id=teacher.account_id)
