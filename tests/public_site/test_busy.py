"""Many at once, and a database that somebody else holds: nobody is told wrong, nothing typed is lost, pages go on."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from httpx2 import Response

from public_site.transact import WRITERS
from tests.public_site.conftest import TUESDAY_FOUR, Gym, as_text, hidden
from tests.support.databases import both_databases
from tests.support.people import at

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@contextmanager
def held_by_somebody(gym: Gym) -> Iterator[Callable[[], None]]:
    """A lock from outside our queue, as a copy program or a shell would hold it. Yields what lets it go."""
    path = gym.services.database.url.database
    assert path is not None
    outside = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    outside.execute("BEGIN IMMEDIATE")
    try:
        yield outside.rollback
    finally:
        outside.close()


def at_once(post: Callable[[int], Response], count: int) -> list[Response]:
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(post, range(count)))


@both_databases
def test_a_form_posted_twenty_times_at_once_is_one_booking(gym: Gym) -> None:
    form = gym.form()
    answers = at_once(lambda _: gym.post("/bookings", form), 20)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1 and len(gym.bookings()) == 1


@both_databases
def test_twenty_families_at_once_get_one_lesson_and_nineteen_other_times(gym: Gym) -> None:
    forms = [{**gym.form(), "customer_email": f"family{number}@example.org"} for number in range(20)]
    answers = at_once(lambda number: gym.post("/bookings", forms[number]), 20)
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * 19
    assert all('name="next_start"' in answer.text for answer in answers if answer.status_code == 409)


@on_sqlite
def test_a_short_lock_is_waited_for(gym: Gym) -> None:
    form = gym.form()
    with held_by_somebody(gym) as let_go:
        timer = threading.Timer(0.3, let_go)
        timer.start()
        assert gym.post("/bookings", form).status_code == 303
        timer.join()


@on_sqlite
def test_a_long_lock_is_told_with_the_form_kept_and_the_next_try_succeeds(gym: Gym) -> None:
    form = {**gym.form(), "notes": "Her first lesson."}
    gym.services.database.wait_s = 0.3
    with held_by_somebody(gym):
        refused = gym.post("/bookings", form)
    assert refused.status_code == 503 and refused.headers["retry-after"] == "10"
    assert "Nothing was stored" in refused.text and "Her first lesson." in refused.text and not gym.bookings()
    assert gym.post("/bookings", {**form, **hidden(refused.text)}).status_code == 303


@on_sqlite
def test_a_long_lock_keeps_the_coach_s_reason_and_the_family_s(gym: Gym) -> None:
    booking = gym.book()
    gym.services.database.wait_s = 0.2
    with held_by_somebody(gym):
        denied = gym.post(f"/approvals/{gym.token(booking)}", {"decision": "deny", "reason": "At a meet."})
        cancelled = gym.post(f"/bookings/{booking.handle}/cancel", {"reason": "We are ill."})
    for answer, typed in ((denied, "At a meet."), (cancelled, "We are ill.")):
        assert answer.status_code == 503 and typed in answer.text and "Nothing was stored" in answer.text


@on_sqlite
def test_pages_are_served_while_every_writer_waits(gym: Gym) -> None:
    forms = [
        {**gym.form(at(1, 9 + number % 8)), "customer_email": f"f{number}@example.org"} for number in range(WRITERS + 4)
    ]
    with held_by_somebody(gym) as let_go, ThreadPoolExecutor(len(forms)) as threads:
        waiting = [threads.submit(gym.post, "/bookings", form) for form in forms]
        pages = [gym.get(path).status_code for path in ("/coaches", "/coaches/nora", "/healthz") for _ in range(5)]
        still_waiting = [answer for answer in waiting if not answer.done()]
        let_go()
        answers: list[Any] = [answer.result().status_code for answer in waiting]
    assert pages == [200] * 15 and len(still_waiting) == len(forms)
    assert set(answers) <= {303, 409} and answers.count(303) >= 1


@both_databases
def test_the_time_that_one_family_got_is_not_listed_for_the_next(gym: Gym) -> None:
    gym.book()
    assert as_text(TUESDAY_FOUR) not in gym.get("/coaches/nora/tumbling-60").text
