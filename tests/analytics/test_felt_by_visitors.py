"""Only what families felt rings for them: not what probes, programs, beacons and lost addresses met, nor do these hide it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from core.alerts.state_machine import State
from core.platform.clock import microseconds
from core.platform.services import Services
from tests.analytics.alarmed import MINUTE, Watched
from tests.analytics.house import House
from tests.telemetry.alarm import hire

ABOUT_REQUESTS = {"errors", "errors-critical", "burn-fast", "burn-steady", "burn-slow", "slow-route"}


@pytest.fixture
def watched(services: Services, house: House) -> Watched:
    hire(services, "Ada")
    recording = services.settings.model_copy(update={"telemetry": True})
    return Watched(replace(services, settings=recording), house)


def rows(watched: Watched, count: int, *, failed: bool = False, **same: Any) -> list[dict[str, Any]]:
    """So many requests in the minute that begins now."""
    common = {"service": "site", "kind": "http", "method": "GET", "duration_us": 2_000, "status": 200, "outcome": "ok"}
    common |= {"status": 503, "outcome": "error"} if failed else {}
    every_us = 59_000_000 // max(1, count)
    return [common | same | {"at_us": microseconds(watched.now) + number * every_us} for number in range(count)]


def minute(watched: Watched, *parts: Iterable[dict[str, Any]]) -> None:
    """These happen, and then the rules are measured."""
    pass_by(watched, *parts)
    watched.evaluate()


def pass_by(watched: Watched, *parts: Iterable[dict[str, Any]]) -> None:
    if found := [row for part in parts for row in part]:
        watched.house.note(found)
    watched.pass_a_minute(0, 0)


@pytest.mark.one_database
@pytest.mark.parametrize(
    "noise",
    [
        {"route": "/readyz"},
        {"route": "/healthz"},
        {"route": "/metrics"},
        {"route": "/api/cron/notifications", "method": "POST"},
        {"route": "/telemetry", "method": "POST"},
        {"route": "/api/coaches/{coach_id}/slots"},
        {"route": "/static/{file}"},
        {"route": "_unmatched"},
        {"service": "console", "route": "_other"},
        {"service": "console", "route": "/api/images/{image_id}"},
    ],
    ids=lambda noise: str(noise["route"]),
)
def test_what_no_family_felt_rings_nothing(watched: Watched, noise: dict[str, Any]) -> None:
    """Sixty failures a minute, while every family is served."""
    for _ in range(6):
        minute(watched, rows(watched, 60, failed=True, **noise), rows(watched, 8, route="/coaches/{coach}"))
    assert not ABOUT_REQUESTS & watched.firing()


def test_every_booking_that_fails_rings_beside_a_probe_a_second(watched: Watched) -> None:
    for _ in range(8):
        minute(
            watched,
            rows(watched, 60, route="/readyz"),
            rows(watched, 60, route="/static/{file}"),
            rows(watched, 1, failed=True, route="/bookings", method="POST"),
        )
    assert "errors-critical" in watched.firing()
    (incident,) = watched.open_now()
    assert (incident.title, incident.lead_route) == ("Many requests fail", "/bookings")
    assert watched.told(incident.cause) == ["fires"]


def test_few_families_an_hour_are_heard_as_well_and_soon_that_it_is_over(watched: Watched) -> None:
    """One booking in ten minutes, each of which fails: five of them are no chance."""
    for _ in range(5):
        pass_by(watched, rows(watched, 1, failed=True, route="/bookings"))
        watched.now += 9 * MINUTE
    minute(watched)
    assert "errors-critical" in watched.firing()
    for _ in range(3):
        minute(watched, rows(watched, 1, route="/bookings"))
        watched.now += 3 * MINUTE
    assert not ABOUT_REQUESTS & watched.firing()


def test_one_failure_among_few_is_no_rate(watched: Watched) -> None:
    for number in range(30):
        pass_by(watched, rows(watched, 1, failed=number == 27, route="/coaches/{coach}"))
    watched.evaluate()
    assert watched.standing("errors").detail.startswith("1 of ") and not ABOUT_REQUESTS & watched.firing()


def test_refusals_and_visitors_who_leave_neither_fail_nor_hide_what_fails(watched: Watched) -> None:
    """Ten thousand wrong addresses beside ten families, each of whom fails; and visitors who hang up."""
    minute(
        watched,
        rows(watched, 2_000, route="/coaches/{coach}", status=404),
        rows(watched, 30, failed=True, route="/bookings"),
    )  # those of the last quarter of a minute are not judged yet
    assert watched.standing("errors-critical").detail == "23 of 23 requests"
    watched.now += 20 * MINUTE
    for _ in range(3):
        minute(watched, rows(watched, 60, route="/bookings", status=500, outcome="client_gone"))
    assert (watched.standing("errors").value or 0.0) == 0.0


def test_a_burn_asks_for_requests_and_not_for_failures(watched: Watched) -> None:
    """Twelve failures of twelve requests are no allowance of a month; they are many that fail, and that is said."""
    minute(watched, rows(watched, 12, failed=True, route="/bookings"))
    assert watched.standing("burn-fast").samples == 10 and watched.state("burn-fast") is State.NORMAL
    assert "errors-critical" in watched.firing()


def test_a_slow_burn_is_over_soon_after_its_cause(watched: Watched) -> None:
    for number in range(85):
        pass_by(watched, rows(watched, 60, route="/"), rows(watched, 1, failed=True, route="/bookings"))
        if number in (20, 21, 50, 81, 82):
            watched.evaluate()
    assert "burn-slow" in watched.firing()
    for number in range(46):
        pass_by(watched, rows(watched, 60, route="/"))
        if number in (29, 30, 31, 44, 45):
            watched.evaluate()
    assert not ABOUT_REQUESTS & watched.firing(), "three quarters of an hour later"


def test_a_burst_is_one_incident_and_no_slow_burn(watched: Watched) -> None:
    for number in range(70):
        failing = [rows(watched, 40, failed=True, route="/bookings")] if number < 5 else []
        pass_by(watched, rows(watched, 60, route="/"), *failing)
        if number < 18 or number in (30, 40, 50, 60, 69):
            watched.evaluate()
            assert not {"burn-slow", "burn-steady"} & watched.firing()
    about = [one for one in watched.incidents() if one.cause == "requests.failing visit"]
    assert [one.is_open for one in about] == [False], [one.title for one in watched.incidents()]
    assert watched.told("requests.failing visit") == ["fires", "resolved"]
