"""Statements of the gym's database, as the work that asks them is told."""

import time
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from core.bookings import queries
from core.errors import NotFound
from core.gym.models import Gym
from core.platform.services import Services
from core.telemetry.recorder import Recorder
from core.telemetry.request_context import RequestContext, current, suppress_recording
from core.telemetry.sql_statements import instrument, keep_repeated, shape_of
from tests.telemetry.conftest import Kept


@pytest.fixture
def work() -> Any:
    at_hand = RequestContext("r-1")
    at_hand.name = "a test"
    token = current.set(at_hand)
    yield at_hand
    current.reset(token)


def slow_down(engine: Engine) -> None:
    """Each statement takes a while."""

    @event.listens_for(engine, "before_cursor_execute")
    def wait(*arguments: Any) -> None:
        time.sleep(0.11)


def test_a_slow_statement_is_kept_as_a_shape_with_the_place_that_asked(
    services: Services, recorder: Recorder, kept: Kept, work: RequestContext
) -> None:
    instrument(services.database.read_engine)
    slow_down(services.database.read_engine)
    with services.database.read() as session, pytest.raises(NotFound):
        queries.get_booking(session, 4711)
    recorder.flush_now()
    row = kept.rows("statement_log")[-1]
    assert row.kind == "slow" and row.shape.startswith("SELECT booking.") and "4711" not in row.shape
    assert row.place == "core/bookings/queries.py _one"
    assert row.duration_us >= 100_000 and (row.route, row.request_id) == ("a test", "r-1")


@pytest.mark.parametrize(("times", "told"), [(9, []), (10, [10]), (500, [500])])
def test_a_statement_that_is_repeated_is_kept_once_with_its_true_count_and_all_of_its_time(
    services: Services, recorder: Recorder, kept: Kept, work: RequestContext, times: int, told: list[int]
) -> None:
    instrument(services.database.read_engine)
    with services.database.read() as session:
        for number in range(times):
            session.execute(select(Gym.id).where(Gym.id.in_(range(number % 20 + 1))))
    keep_repeated(work)
    keep_repeated(work)
    recorder.flush_now()
    found = [row for row in kept.rows("statement_log") if row.kind == "repeated"]  # one may be slow as well
    assert [row.count for row in found] == told and (work.db_count, work.same_max) == (times, times)
    for row in found:
        assert row.shape.endswith("IN (?, …)")
        assert row.duration_us == work.db_us > 0, "the time of all its runs"


def test_the_monitor_s_own_statements_are_not_seen(
    services: Services, recorder: Recorder, work: RequestContext
) -> None:
    instrument(services.database.read_engine)
    with suppress_recording(), services.database.read() as session:
        session.execute(select(Gym.id))
    assert work.db_count == 0
    with services.database.read() as session:
        session.execute(text("SELECT 1"))
    assert work.db_count == 1


@pytest.mark.parametrize(
    ("statement", "shape"),
    [
        ("SELECT * FROM a WHERE b = 'it''s hunter2' AND c=-12.5", "SELECT * FROM a WHERE b = ? AND c=?"),
        ("SELECT a FROM t1 WHERE x IN (?, ?, ?)", "SELECT a FROM t1 WHERE x IN (?, …)"),
        ("SELECT a FROM t1 WHERE x IN (?)", "SELECT a FROM t1 WHERE x IN (?, …)"),
        ("SELECT a FROM t WHERE x IN (4111, 22, 3)", "SELECT a FROM t WHERE x IN (?, …)"),
        ("INSERT INTO t (a, b) VALUES (%(a)s, %(b)s::VARCHAR)", "INSERT INTO t (a, b) VALUES (?, …)"),
        ("INSERT INTO t VALUES (?, ?), (?, ?), (?, ?)", "INSERT INTO t VALUES (?, …)"),
        ("SELECT $$hunter2$$, $tag$hunter2$tag$ -- hunter2\n, /* hunter2 */ 1", "SELECT ?, ? , ?"),
        ("SELECT col_1, t2.col3 FROM t2\n  WHERE id = $1", "SELECT col_1, t2.col3 FROM t2 WHERE id = ?"),
        ("SELECT 'unclosed hunter2", "SELECT ?"),
        ("SELECT e'hunter\\'2'", "SELECT ?"),
    ],
)
def test_a_shape_has_no_value(statement: str, shape: str) -> None:
    assert shape_of(statement) == shape
