"""Errors as they are grouped: one group a mistake, exact counts, what a person needs to understand it, no secret."""

import json
import logging
from typing import Any

import structlog
from starlette.testclient import TestClient

from core.platform.services import Services
from core.platform.settings import Settings
from core.telemetry.recorder import Recorder
from core.telemetry.request_context import RequestContext, current
from public_site import health
from public_site.app import create_app
from tests.telemetry.conftest import Kept, run_program

log = structlog.get_logger()

EIGHT_PROCESSES = """
import logging, os, time
from core.platform.settings import load_settings
from core.telemetry.recording import recording
from core.telemetry.log_handler import ErrorHandler

logging.getLogger().addHandler(ErrorHandler())
settings = load_settings(_env_file=None)
ready, go = os.pipe()
children = []
for _ in range(8):
    if child := os.fork():
        children.append(child)
        continue
    os.close(go)
    with recording(settings, "site") as recorder:
        os.read(ready, 1)  # until the parent closes it
        for _ in range(125):
            logging.getLogger("core.somewhere").error("the same mistake")
        while not recorder.flush_now():  # the end alone has two seconds, which a busy machine may need for less
            time.sleep(0.1)
    os._exit(0)
os.close(go)
assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 8
"""


def test_an_error_of_the_site_becomes_a_group_with_its_story(watched: Services, kept: Kept, monkeypatch: Any) -> None:
    def broken(*arguments: Any, **options: Any) -> None:
        raise ZeroDivisionError("for sam@example.org")

    monkeypatch.setattr(health, "readiness", broken)
    with TestClient(create_app(watched), base_url=watched.settings.base_url) as client:
        answers = [client.get("/readyz") for _ in range(3)]
    (group,) = kept.groups()
    assert (group.title, group.count, group.state, group.level) == ("ZeroDivisionError: for …@…", 3, "open", "ERROR")
    assert group.culprit == "public_site.health:ReadinessProbe.check" and group.people == 1
    events, requests = kept.rows("error_event"), kept.rows("request_log")
    assert [event.request_id for event in events] == [answer.headers["x-request-id"] for answer in answers]
    assert [(row.outcome, row.status, row.error_id) for row in requests] == [
        ("error", 500, event.event_id) for event in events
    ]
    (exception,) = json.loads(events[0].body)["exceptions"]
    ours = [frame for frame in exception["frames"] if frame["own"]]
    assert ours[-1]["function"] == "ReadinessProbe.check" and any("readiness" in line for line in ours[-1]["source"])
    assert ["request", "Request", ""] in [local for frame in ours for local in frame["locals"]] and [
        "writes",
        "bool",
        "True",
    ] in ours[-1]["locals"]
    assert [hour.count for hour in kept.rows("error_hour")] == [3]


def test_a_line_of_the_log_becomes_a_group_of_what_it_says(recorder: Recorder, kept: Kept) -> None:
    for number in range(4):
        logging.getLogger("core.mail.delivery").warning("mail %d not sent to sam%d@example.org", number, number)
    assert recorder.flush_now()
    (group,) = kept.groups()
    assert (group.count, group.level, group.title) == (4, "WARNING", "mail 0 not sent to …@…")


def test_the_trail_of_a_request_is_told(recorder: Recorder, kept: Kept) -> None:
    token = current.set(RequestContext("r-1"))
    logging.getLogger("core.test").info("first step")
    log.error("went wrong", auth_token="hunter2", amount=3)
    current.reset(token)
    recorder.flush_now()
    (event,) = kept.rows("error_event")
    body = json.loads(event.body)
    assert event.request_id == "r-1" and [step[2] for step in body["trail"]] == ["first step"]
    assert body["log"] == {"auth_token": "…", "amount": 3}


def test_eight_processes_that_meet_a_new_error_at_once_make_one_group_with_an_exact_count(
    watching: Settings, kept: Kept
) -> None:
    run_program(EIGHT_PROCESSES, watching)
    (group,) = kept.groups()
    assert group.count == 1000
    assert len(kept.rows("error_event")) == 70
    assert sum(hour.count for hour in kept.rows("error_hour")) == 1000
    assert [change.state for change in kept.rows("error_change")] == ["open"]
