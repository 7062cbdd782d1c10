"""One booking as the monitor tells it: one id from the page through its statements and mails to the worker's task."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core.telemetry import jobs
from core.telemetry.recorder import Recorder
from core.telemetry.request_context import current, request_id
from core.telemetry.store import Store
from tests.support.processes import RunningGym, running_gym
from tests.telemetry.conftest import Kept


def test_a_job_knows_who_asked_for_it_and_how_long_it_waited(recorder: Recorder, kept: Kept) -> None:
    with jobs.run("a page"):
        asking = request_id()
        task_id = jobs.new_task_id()
    with pytest.raises(ZeroDivisionError), jobs.run("a pass"):
        raise ZeroDivisionError
    jobs.began("deliver_mail", task_id)
    assert request_id() == asking
    jobs.ended(task_id, "ok")
    jobs.ended(task_id, "error")
    jobs.never_ran("sweep", "a name of Huey's own", "expired")
    jobs.began("make_pictures", jobs.new_task_id(), attempt=2)
    jobs.interrupt_all()
    assert current.get() is None
    recorder.flush_now()
    rows = kept.rows("request_log")
    assert [(row.route, row.outcome) for row in rows] == [
        ("a page", "ok"), ("a pass", "error"), ("deliver_mail", "ok"), ("sweep", "expired"),
        ("make_pictures", "interrupted"),
    ]  # fmt: skip
    assert rows[0].request_id == rows[2].request_id == asking and rows[2].wait_us > 0 == rows[3].wait_us
    assert {row.kind for row in rows} == {"task"} and [row.status for row in rows] == [1, 1, 1, 1, 2]


@pytest.mark.processes
def test_one_id_leads_from_the_request_to_its_mails_and_the_task_that_sent_them(tmp_path: Path) -> None:
    with running_gym(tmp_path, "site", "worker", demo=True) as gym:
        booked = book(gym)
        mails = tmp_path / "var" / "mail"
        gym.wait_until(
            lambda: any("sam@example.org" in mail.read_text() for mail in mails.glob("*.eml")), "a mail", "worker"
        )
        gym["worker"].stop()
        gym["site"].stop()
    store = Store(f"sqlite:///{tmp_path / 'var' / 'telemetry.db'}")
    told = Kept(store)
    cause = booked.headers["x-request-id"]
    caused = [row for row in told.rows("request_log") if row.request_id == cause]
    (page,) = [row for row in caused if row.kind == "http"]
    assert (page.service, page.method, page.route, page.status) == ("site", "POST", "/api/book/private", 201)
    assert page.db_count > 5 and 0 < page.db_us < page.duration_us
    tasks = [row for row in caused if row.kind == "task"]
    assert {(row.service, row.route) for row in tasks} == {("worker", "deliver_mail")} and tasks[0].outcome == "ok"
    events = [row for row in told.rows("event_log") if row.request_id == cause]
    assert ("business", "requested") in {(row.kind, row.name) for row in events}
    sent = [row for row in events if row.kind == "mail"]
    assert {row.name for row in sent} == {"SENT"} and {row.detail for row in sent} >= {"request_received"}
    sweeps = [row for row in told.rows("request_log") if row.route == "sweep"]
    assert sweeps and {row.service for row in sweeps} == {"worker"}
    assert {row.outcome for row in sweeps} <= {"ok", "interrupted"}
    measured = {(row.service, row.name) for row in told.rows("metric_log")}
    assert measured >= {
        ("worker", "queue.pending_count"),
        ("worker", "outbox.oldest_due_s"),
        ("site", "process.memory_bytes"),
    }
    store.dispose()


def book(gym: RunningGym) -> httpx2.Response:
    """Sam's request, over JSON."""
    with httpx2.Client(base_url=gym.site_url) as client:
        coach: Any = next(one for one in client.get("/api/coaches").json() if one["requiresApproval"] == "always")
        lesson, day = coach["lessons"][0]["id"], datetime.now(UTC).date() + timedelta(days=8)
        asked = {"lessonId": str(lesson), "from": str(day), "to": str(day + timedelta(days=20))}
        slots = client.get(f"/api/coaches/{coach['id']}/slots", params=asked).json()["slots"]
        wanted = {
            "coachId": coach["id"], "lessonId": lesson, "startDateTimeUTC": slots[0]["startDateTimeUTC"],
            "customerName": "Sam Rivera", "customerEmail": "sam@example.org", "athleteName": "Ida",
        }  # fmt: skip
        answer = client.post("/api/book/private", json=wanted)
        assert answer.status_code == 201, answer.text
        return answer
