"""A group's life: resolved in a release, ignored for a while, and back when the news is new."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Invalid, NotFound
from core.platform.clock import microseconds
from core.platform.settings import Settings
from core.telemetry import error_queries
from core.telemetry.error_groups import mark_release
from core.telemetry.error_queries import ErrorGroup
from core.telemetry.pseudonyms import Pseudonyms
from core.telemetry.recorder import Recorder
from core.telemetry.request_context import RequestContext, current
from core.telemetry.store import Store
from tests.support.actors import as_staff
from tests.telemetry.conftest import Kept

ADA = 7
Again = Callable[..., ErrorGroup]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def store(kept: Kept) -> Store:
    return kept.store


@pytest.fixture
def again(recorder: Recorder, kept: Kept) -> Again:
    """The same error happens once more (or several times) and is written; the group as it is then."""

    def happen(times: int = 1, *, who: str = "", release: str | None = None) -> ErrorGroup:
        recorder.writer.release = release or recorder.writer.release
        work = RequestContext("r")
        work.who = who
        token = current.set(work)
        for _ in range(times):
            logging.getLogger("core.test").error("the dog ate it")
        current.reset(token)
        assert recorder.flush_now()
        (group,) = kept.groups()
        return error_queries.get_group(kept.store, group.id)

    return happen


def states(store: Store, group: ErrorGroup) -> list[tuple[str, int | None]]:
    return [(change.state, change.by) for change in error_queries.list_changes(store, group.id)]


def test_a_resolved_error_that_happens_again_is_regressed(store: Store, again: Again) -> None:
    group = again()
    resolved = error_queries.resolve(store, group.id, by=as_staff(ADA), now=now())
    assert (resolved.state, resolved.resolved_by) == ("resolved", ADA) and resolved.resolved_in
    assert error_queries.resolve(store, group.id, by=as_staff(ADA + 1), now=now()) == resolved
    assert again().state == "regressed"
    assert states(store, group) == [("open", None), ("resolved", ADA), ("regressed", None)]


def test_late_news_from_before_it_was_resolved_opens_nothing(store: Store, again: Again) -> None:
    group = again()
    error_queries.resolve(store, group.id, by=as_staff(ADA), now=now() + timedelta(hours=1))
    after = again()
    assert (after.state, after.count) == ("resolved", 2)


def test_an_older_release_that_still_runs_opens_nothing(store: Store, again: Again) -> None:
    group = again(release="1.0")
    with store.write() as connection:
        mark_release(connection, "1.1", at_us=microseconds(now() + timedelta(minutes=1)))
    error_queries.resolve(store, group.id, by=as_staff(ADA), now=now(), release="1.1")
    assert again(release="1.0").state == "resolved"
    assert again(release="1.1").state == "regressed"


def test_an_ignored_error_comes_back_after_a_count(store: Store, again: Again) -> None:
    group = again(5)
    assert error_queries.ignore(store, group.id, by=as_staff(ADA), more=3, now=now()).ignored_until_count == 8
    assert again(2).state == "ignored"
    assert again().state == "open"


def test_an_ignored_error_comes_back_after_people(store: Store, again: Again) -> None:
    group = again(who="a")
    error_queries.ignore(store, group.id, by=as_staff(ADA), more_people=2, now=now())
    assert again(9, who="a").state == "ignored"
    assert again(who="b").state == "ignored"
    assert again(who="c").state == "open"


def test_an_ignored_error_comes_back_after_a_time(store: Store, again: Again) -> None:
    group = again()
    error_queries.ignore(store, group.id, by=as_staff(ADA), until=now() + timedelta(hours=1), now=now())
    assert again().state == "ignored"
    moment = now()
    error_queries.ignore(store, group.id, by=as_staff(ADA), until=moment + timedelta(microseconds=1), now=moment)
    assert again().state == "open"


def test_nothing_is_ignored_for_ever(store: Store, again: Again) -> None:
    group = again()
    with pytest.raises(Invalid, match="until when"):
        error_queries.ignore(store, group.id, by=as_staff(ADA), now=now())
    with pytest.raises(Invalid, match="passed"):
        error_queries.ignore(store, group.id, by=as_staff(ADA), until=now() - timedelta(hours=1), now=now())
    with pytest.raises(NotFound):
        error_queries.ignore(store, group.id + 1, by=as_staff(ADA), more=1, now=now())
    assert states(store, group) == [("open", None)]


def test_a_reopened_error_is_open(store: Store, again: Again) -> None:
    group = again()
    error_queries.resolve(store, group.id, by=as_staff(ADA), now=now())
    opened = error_queries.reopen(store, group.id, by=as_staff(ADA), now=now())
    assert (opened.state, opened.resolved_at) == ("open", None)


def test_the_first_twenty_and_the_newest_fifty_stories_are_kept(store: Store, again: Again) -> None:
    for _ in range(12):
        group = again(10)
    events = error_queries.list_events(store, group.id, limit=1000)
    assert group.count == 120 and len(events) == 70
    kept_ids = [event.event_id for event in events]
    again(10)
    later = [event.event_id for event in error_queries.list_events(store, group.id, limit=1000)]
    assert later[-20:] == kept_ids[-20:] and later[10:50] == kept_ids[:40]


def test_groups_are_found_by_range_state_level_and_words(store: Store, again: Again, recorder: Recorder) -> None:
    group = again(3)
    logging.getLogger("core.test").warning("100% of it")
    recorder.flush_now()
    hour, soon = now() - timedelta(hours=1), now() + timedelta(seconds=1)
    both = error_queries.list_groups(store, start=hour, end=soon)
    assert [(one.title, one.count_in_range) for one in both] == [("100% of it", 1), ("the dog ate it", 3)]
    assert [one.id for one in error_queries.list_groups(store, start=hour, end=soon, level="ERROR")] == [group.id]
    assert [one.id for one in error_queries.list_groups(store, start=hour, end=soon, search="DOG")] == [group.id]
    assert [one.title for one in error_queries.list_groups(store, start=hour, end=soon, search="0%")] == ["100% of it"]
    assert error_queries.list_groups(store, start=hour, end=soon, states=["resolved"]) == []
    assert error_queries.list_groups(store, start=hour - timedelta(days=2), end=hour - timedelta(days=1)) == []
    assert [count for _, count in error_queries.trend(store, None, start=hour, end=soon)] == [4]


def test_people_are_counted_and_not_known(store: Store, again: Again, watching: Settings) -> None:
    token = current.set(RequestContext("r"))
    assert Pseudonyms(watching).of_context() == ""
    current.reset(token)
    hashed = Pseudonyms(watching).session("her token")
    assert len(hashed) == 16 and "token" not in hashed
    assert again(who=hashed).people == again(who=hashed).people == 1
    assert again(who="somebody else").people == 2
