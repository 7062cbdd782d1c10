"""Each part of the gym rings by itself: processes, tasks, errors, disk, room for pictures, monitoring itself."""

import shutil
from collections import namedtuple
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from analytics import alert_metrics
from analytics.alert_inputs import MetricInputs as Measured
from core.alerts import liveness
from core.alerts.default_rules import BY_KEY
from core.alerts.models import RuleChoice
from core.alerts.state_machine import Reading
from core.gym.models import the_gym
from core.images.models import Image, ImageKind
from core.platform.clock import microseconds
from core.platform.services import Services
from core.schedule.models import Coach, DateOverride
from core.telemetry import error_queries
from core.telemetry.error_capture import CapturedError
from core.telemetry.error_groups import PendingGroup, write
from core.telemetry.process_life import LOOP_SILENT, STOPPED
from tests.analytics.alarmed import MINUTE, NOW, Watched
from tests.analytics.house import House
from tests.analytics.test_evaluator import DAY, HOUR, ask
from tests.support.actors import as_staff
from tests.telemetry.alarm import hire

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def watched(services: Services, house: House) -> Watched:
    hire(services, "Ada")
    recording = services.settings.model_copy(update={"telemetry": True})
    return Watched(replace(services, settings=recording), house)


def read(watched: Watched, key: str) -> dict[str, Reading]:
    """One rule, measured as of now."""
    house = Measured(watched.services, watched.monitor, [BY_KEY[key]])
    return alert_metrics.measure(house, BY_KEY[key], at=watched.now)


def beat(watched: Watched, *services: str, name: str = "process.memory_bytes", value: float = 1.0) -> None:
    at_us = microseconds(watched.now)
    rows = [{"service": one, "process": 7, "name": name, "value": value, "at_us": at_us} for one in services]
    watched.house.note(rows, "metric_log")


def only(watched: Watched, *keys: str) -> None:
    """Measure these rules alone, since the others have tests of their own."""
    with watched.services.database.write() as transaction:
        for key in BY_KEY.keys() - set(keys):
            transaction.session.add(RuleChoice(rule_key=key, enabled=False))


def test_a_site_that_stands_still_rings_within_minutes_and_once(watched: Watched) -> None:
    only(watched, "process-silent", "worker-silent", "recorder-silent")
    watched.recorder_lives = False
    beat(watched, "site", "console", "worker")
    began = watched.now
    for _ in range(6):
        watched.pass_a_minute(0, 0)
        beat(watched, "console", "worker")
        watched.evaluate()
    (incident,) = watched.open_now()
    assert (incident.instance, incident.severity) == ("site", "critical")
    assert incident.opened_at - began <= 4 * MINUTE and len(watched.mails()) == 1
    for _ in range(3):
        beat(watched, "site", "console", "worker")
        watched.pass_a_minute(0, 0)
        watched.evaluate()
    assert not watched.open_now() and watched.told("service.silent site") == ["fires", "resolved"]


def test_a_process_that_was_stopped_is_not_missed(watched: Watched) -> None:
    beat(watched, "site", "console", "worker")
    beat(watched, "site", name=STOPPED)
    watched.now += 10 * MINUTE
    beat(watched, "console", "worker")
    assert set(read(watched, "process-silent")) == {"console", "worker"}
    assert liveness.silence_of_the_recorders(watched.house.store, now=watched.now) == []
    beat(watched, "site")  # it was started anew, in a container with the same number
    assert "site" in read(watched, "process-silent")


def test_a_process_that_hangs_and_records_on_is_seen(watched: Watched) -> None:
    """Its event loop answers nobody; its recorder is a thread of its own."""
    beat(watched, "site", "worker")
    beat(watched, "site", name=LOOP_SILENT, value=95.0)
    found = read(watched, "process-silent")
    assert found["site"].value == 95.0 and "hangs" in found["site"].detail and found["worker"].value == 0.0
    (silence,) = liveness.silence_of_the_recorders(watched.house.store, now=watched.now)
    assert silence.part == "The site" and "hangs" in silence.follows
    watched.now += MINUTE
    beat(watched, "site", name=LOOP_SILENT, value=0.0)
    assert read(watched, "process-silent")["site"].value == 0.0


def test_where_nobody_records_it_is_the_store_and_no_process(watched: Watched) -> None:
    beat(watched, "site", "console", "worker")
    watched.now += 10 * MINUTE
    assert {reading.value for reading in read(watched, "process-silent").values()} == {0.0}
    assert read(watched, "recorder-silent")[""].value == 600.0


def test_a_machine_that_slept_rings_nothing(watched: Watched) -> None:
    only(watched, "process-silent")
    beat(watched, "site", "worker")
    watched.now += 8 * HOUR
    beat(watched, "worker")  # awake a moment earlier
    watched.evaluate()
    watched.now += MINUTE
    beat(watched, "site", "worker")
    watched.evaluate()
    assert not watched.incidents()


def task(watched: Watched, name: str, count: int, outcome: str) -> None:
    row = {"service": "worker", "kind": "task", "route": name, "status": 1, "outcome": outcome, "duration_us": 900}
    watched.house.note([row | {"at_us": microseconds(watched.now) - 1_000_000 - number} for number in range(count)])


def test_a_task_that_always_fails_rings_beside_many_that_do_well(watched: Watched) -> None:
    task(watched, "sweep", 45, "ok")
    task(watched, "make_pictures", 5, "error")
    task(watched, "archive", 1, "error")
    (found,) = read(watched, "tasks-fail").values()
    assert (found.value, found.samples) == (1.0, 5) and found.detail.startswith("make_pictures: 5 of 5 failed")
    assert found.lead is not None and found.lead.route == "make_pictures"


def meet(watched: Watched, title: str, release: str = "1.1", level: str = "ERROR", culprit: str = "core.x:f") -> None:
    at_us = microseconds(watched.now) - 20_000_000
    one = CapturedError(
        fingerprint=f"{title}{culprit}", kind="ValueError", text=title, culprit=culprit, level=level, at_us=at_us,
        event_id=f"{title}{at_us}", route="/bookings", request_id="", who="", exceptions=None, extra={},
    )  # fmt: skip
    pending = PendingGroup(one)
    pending.add(one)
    with watched.house.store.write() as connection:
        write(connection, [pending], service="site", release=release)


def test_a_new_error_is_said_once_and_what_is_no_news_is_not(watched: Watched) -> None:
    only(watched, "error-new", "error-back")
    meet(watched, "no hours")
    meet(watched, "slow", level="WARNING")
    meet(watched, "made up by anybody", culprit="browser:app.js:f")
    for _ in range(4):
        watched.pass_a_minute(0, 0)
        meet(watched, "no hours")
        watched.evaluate()
    (incident,) = watched.incidents()
    assert incident.lead_error_id and "no hours" in incident.instance and len(watched.mails()) == 1


def test_an_error_that_was_resolved_and_is_back_is_said_once(watched: Watched) -> None:
    only(watched, "error-new", "error-back")
    meet(watched, "no hours")
    watched.now += HOUR
    store = watched.house.store
    (group,) = error_queries.list_groups(store, start=watched.now - DAY, end=watched.now + DAY)
    error_queries.resolve(store, group.id, by=as_staff(1), now=watched.now, release="1.2")
    meet(watched, "no hours", "1.1")  # an older one, that runs still
    watched.pass_a_minute(0, 0)
    watched.evaluate()
    assert watched.incidents() == []
    watched.now += MINUTE
    meet(watched, "no hours", "1.2")
    for _ in range(3):
        watched.pass_a_minute(0, 0)
        watched.evaluate()
    assert [one.title for one in watched.incidents()] == ["An error is back"] and len(watched.mails()) == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("usage", "rings"),
    [
        (Usage(1000, 949, 0), {"disk", "disk-critical"}),  # ext4 keeps five hundredths for root: nothing is left
        (Usage(20 * 10**9, 19 * 10**9, 0), {"disk", "disk-critical"}),
        (Usage(16 * 10**12, 15.36 * 10**12, 0.64 * 10**12), set()),
        (Usage(16 * 10**12, 15.996 * 10**12, 4 * 10**9), {"disk", "disk-critical"}),
        (Usage(20 * 10**9, 16.5 * 10**9, 3.5 * 10**9), {"disk"}),
        (Usage(500 * 10**9, 485 * 10**9, 15 * 10**9), {"disk"}),
        (Usage(500 * 10**9, 470 * 10**9, 30 * 10**9), set()),
    ],
)
def test_a_disk_is_full_by_what_may_still_be_written(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, usage: Usage, rings: set[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    values = {key: read(watched, key)[""].value for key in ("disk", "disk-critical")}
    assert {key for key, value in values.items() if BY_KEY[key].is_bad(value or 0.0)} == rings


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_room_for_pictures_that_runs_out_rings_once_and_again_when_it_is_used_up(watched: Watched) -> None:
    only(watched, "pictures-room", "pictures-full")
    with watched.services.database.write() as transaction:
        the_gym(transaction.session).media_budget_bytes = 1_000_000
        transaction.session.add(Image(kind=ImageKind.GALLERY, alt="", created_at=NOW, due_at=NOW, **stored(850_000)))
    watched.evaluate()
    with watched.services.database.write() as transaction:
        the_gym(transaction.session).media_budget_bytes = 860_000
    watched.now += MINUTE
    watched.evaluate()
    (incident,) = watched.open_now()
    assert incident.title == "Photo storage is used up"
    assert watched.told("media.used_share") == ["fires", "is more severe"]


def stored(size_bytes: int) -> dict[str, Any]:
    sizes = {"width_px": 10, "height_px": 10}
    return {"name": "a", "original_hash": "a" * 64, "original_format": "png", "original_bytes": size_bytes, **sizes}


def test_what_cannot_be_measured_for_ten_minutes_is_an_incident_itself(watched: Watched) -> None:
    only(watched, "errors", "errors-critical", "burn-fast", "blind")
    with watched.house.store.write() as connection:
        connection.execute(text("DROP TABLE request_log"))
    for minute in range(12):
        watched.now += MINUTE
        watched.evaluate()
        if minute == 8:
            assert watched.incidents() == []
    (incident,) = watched.open_now()
    assert incident.title == "Monitoring is blind" and "Requests fail (" in incident.detail
    assert incident.worst == 3.0 and len(watched.mails()) == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("why", ["closed for weeks", "closed today", "nobody is shown", "nothing is taught"])
def test_where_nothing_is_on_offer_nobody_is_missed(watched: Watched, why: str) -> None:
    for week in range(1, 5):
        ask(watched.services, 12, NOW - week * 7 * DAY - HOUR)
    with watched.services.database.write() as transaction:
        transaction.session.execute(text("UPDATE booking SET requested_at = '2020-01-01' WHERE id = 1"))
    assert read(watched, "bookings-low")[""].value == 0.0, "by itself it would ring"
    with watched.services.database.write() as transaction:
        coach, today = (
            transaction.session.scalars(select(Coach)).one(),
            NOW.astimezone(watched.services.settings.zone).date(),
        )
        if why.startswith("closed"):
            for ahead in range(1 if why == "closed today" else 30):
                day = today + timedelta(days=ahead)
                off = DateOverride(coach_id=coach.id, local_on=day, adds=False, start_min=0, end_min=1440)
                transaction.session.add(off)
        elif why == "nobody is shown":
            coach.published = False
        else:
            for lesson in coach.lessons:
                lesson.active = False
    assert read(watched, "bookings-low")[""].value is None


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_weeks_that_were_closed_are_not_what_is_usual(watched: Watched) -> None:
    """Two of four weeks were closed: usual is what came in the other two, twelve and not six."""
    for week in (1, 2):
        ask(watched.services, 12, NOW - week * 7 * DAY - HOUR)
    with watched.services.database.write() as transaction:
        transaction.session.execute(text("UPDATE booking SET requested_at = '2020-01-01' WHERE id = 1"))
        coach, today = (
            transaction.session.scalars(select(Coach)).one(),
            NOW.astimezone(watched.services.settings.zone).date(),
        )
        for back in range(12, 30):
            day = today - timedelta(days=back)
            off = DateOverride(coach_id=coach.id, local_on=day, adds=False, start_min=0, end_min=1440)
            transaction.session.add(off)
    assert read(watched, "bookings-low")[""].samples == 12


def test_mail_that_waits_is_heard_of_within_five_minutes() -> None:
    rule = BY_KEY["mail-waits"]
    measured_as_of, every, at_most = timedelta(seconds=15), timedelta(seconds=75), timedelta(minutes=5)
    assert timedelta(seconds=rule.fire_at) + rule.after + measured_as_of + every <= at_most
    assert rule.severity == "critical" and BY_KEY["mail-fails"].measured.cause == rule.measured.cause
