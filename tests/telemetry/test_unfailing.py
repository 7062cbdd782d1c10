"""Recording fails nobody: what is stored is stored, what cannot be recorded is counted, one bad row costs no other."""

import threading
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from core.platform.services import Services
from core.telemetry import recording
from core.telemetry.log_rows import RequestRow
from core.telemetry.recorder import Recorder
from core.telemetry.request_context import RequestContext, current
from core.telemetry.store import Store, store_for
from tests.telemetry.conftest import Kept, good_row


class Odd:
    """No database knows what to do with it."""


@pytest.fixture
def still(watching: Any) -> Any:
    """A recorder whose thread is not started yet."""
    recorder = Recorder(store_for(watching), service="site", release="test")
    recorder._ticket.clear()
    yield recorder
    recorder.store.dispose()


def test_a_booking_is_stored_and_answered_though_no_thread_can_be_started(
    services: Services, watching: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(store_for(watching), service="site", release="test")

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        patch.setattr(recording, "current", recorder)
        with services.database.write() as transaction:
            recording.note(transaction.session, "business", "requested")
        recorder.event("mail", "SENT")
        recorder.requests.add(good_row(1))
        recorder.wake()
    assert recorder._thread is None
    assert any("RuntimeError" in reason for reason, _ in recorder.writer._fresh_losses), "and it is counted"
    recorder._start_at = 0.0
    recorder.event("mail", "SENT")
    assert recorder._thread is not None and recorder._thread.is_alive(), "the thread comes when one is to be had"
    recorder.flush_now()
    assert recorder.writer.written == 4, "nothing was lost, though nobody could write it meanwhile"
    recorder.end()


@pytest.mark.parametrize("error", [MemoryError, RuntimeError, OSError])
def test_whatever_recording_raises_stops_there_and_is_counted(
    still: Recorder, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def broken(*about: object) -> str:
        raise error("no more")

    monkeypatch.setattr(RequestContext, "route", property(broken))
    current.set(RequestContext("r-1"))
    still.event("mail", "SENT")
    still.catch(None, source="core", message="odd", level="ERROR", extra={})
    current.set(None)
    still.writer._settle()
    assert still.lost[f"recorder: {error.__name__}"] == 2


@pytest.mark.parametrize(
    "bad",
    [
        good_row(2**70),
        good_row(2, route=Odd()),
        good_row(2, status=Odd()),
        good_row(2, route="\ud800"),
    ],
    ids=["a number too large", "no text", "no number", "half a letter"],
)
def test_one_row_that_cannot_be_stored_is_put_aside_and_the_others_are_written(
    still: Recorder, kept: Kept, bad: RequestRow
) -> None:
    for number in range(300):
        still.requests.add(bad if number == 123 else good_row(number))
    still.event("mail", "SENT")
    still.flush_now()
    assert len(kept.rows("request_log")) == 299
    assert len([row for row in kept.rows("event_log") if row.kind == "mail"]) == 1
    assert still.flush_now(), "and what comes next is written as ever"
    assert still.lost == {"could not be written": 1}
    told = [(row.name, row.value) for row in kept.rows("event_log") if row.kind == "lost"]
    assert told == [("could not be written", 1.0)]


def test_an_error_whose_story_cannot_be_written_down_costs_no_other(
    still: Recorder, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.telemetry.error_capture import CapturedError

    whole = CapturedError.body

    def body(one: CapturedError) -> str:
        if one.text == "odd":
            raise TypeError("not serializable")
        return whole(one)

    monkeypatch.setattr(CapturedError, "body", body)
    for message in ("first", "odd", "last"):
        still.catch(ValueError(message), source="core", message=message, level="ERROR", extra={})
    still.requests.add(good_row(1))
    still.flush_now()
    assert {group.title for group in kept.groups()} == {"ValueError: first", "ValueError: last"}
    assert len(kept.rows("request_log")) == 1
    still.writer._settle()
    assert still.lost["could not be written"] == 1


def test_a_commit_whose_answer_was_lost_is_counted_once(
    still: Recorder, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, lost = Connection.commit, [True, True, True]

    def lose_the_answer(connection: Connection) -> None:
        commit(connection)
        if lost and connection.engine is still.store.engine:
            lost.pop()
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    still.store.prepare()
    monkeypatch.setattr(Connection, "commit", lose_the_answer)
    still.requests.add(good_row(1))
    still.catch(ValueError("once"), source="core", message="once", level="ERROR", extra={})
    still.flush_now()
    still.requests.add(good_row(2))
    still.flush_now()
    still.flush_now()
    assert not lost
    assert [row.at_us for row in kept.rows("request_log")] == [1, 2]
    assert [group.count for group in kept.groups()] == [1]


def test_a_store_that_is_away_loses_nothing_and_is_not_searched_for_bad_rows(
    still: Recorder, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, away = Store.write, [True]

    def refuse(store: Store) -> Any:
        if away:
            raise OperationalError("BEGIN", {}, Exception("database is locked"))
        return write(store)

    monkeypatch.setattr(Store, "write", refuse)
    still.requests.add(good_row(1))
    assert not still.flush_now()
    away.clear()
    assert still.flush_now()
    assert len(kept.rows("request_log")) == 1 and not still.lost
