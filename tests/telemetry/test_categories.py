"""Whoever asks is told apart: families, staff, programs, probes, robots, a browser's prefetch, files."""

import duckdb
import pytest

from core.http.edge_middleware import labels_of
from core.telemetry import traffic_categories
from core.telemetry.traffic_categories import CATEGORIES, category_of, derived, is_looked_at, of_route
from public_site.policy import GuardedRoute, Kind
from public_site.routes import ROUTES

PHONE = b"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile Safari/604.1"
WEEK = "/coaches/{coach}/{lesson}"


def of(route: str = WEEK, *, service: str = "site", method: str = "GET", status: int = 200, **headers: bytes) -> str:
    given = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return category_of(service, route, method=method, status=status, headers=given)


def test_a_page_that_a_phone_asks_for_is_a_familys() -> None:
    assert of(user_agent=PHONE) == "family"
    assert of("/bookings", method="POST", user_agent=PHONE) == "family"


@pytest.mark.parametrize("agent", [b"", b"python-httpx/0.27", b"curl/8.5.0", b"CUBOT NOTE 20 Android", PHONE])
def test_whoever_does_not_say_that_it_is_a_robot_is_taken_for_a_family(agent: bytes) -> None:
    assert of(user_agent=agent) == "family"


@pytest.mark.parametrize(
    "agent",
    [
        b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        b"Mozilla/5.0 (compatible; bingbot/2.0)",
        b"facebookexternalhit/1.1",
        b"WhatsApp/2.23.20.0",
        b"Slackbot-LinkExpanding 1.0",
        b"Mozilla/5.0 (compatible; AhrefsBot/7.0)",
        b"Mozilla/5.0 (compatible; Yahoo! Slurp)",
    ],
)
def test_a_known_robot_is_no_family(agent: bytes) -> None:
    assert of(user_agent=agent) == "robot"
    assert not is_looked_at("GET", [(b"user-agent", agent)])


@pytest.mark.parametrize(
    "agent", [b"kube-probe/1.29", b"UptimeRobot/2.0", b"ELB-HealthChecker/2.0", b"Prometheus/2.51"]
)
def test_a_monitor_that_asks_for_a_page_is_a_probe(agent: bytes) -> None:
    assert of("/", user_agent=agent) == "probe"


@pytest.mark.parametrize("header", ["sec-purpose", "purpose", "x-moz", "x-purpose"])
def test_a_browser_that_fetches_ahead_is_apart(header: str) -> None:
    sent = [(b"user-agent", PHONE), (header.encode(), b"prefetch;prerender")]
    assert category_of("site", WEEK, method="GET", status=200, headers=sent) == "prefetch"
    assert not is_looked_at("GET", sent)


def test_head_is_looked_at_by_nobody() -> None:
    assert of(method="HEAD", user_agent=PHONE) == "robot"
    assert not is_looked_at("HEAD", [(b"user-agent", PHONE)])
    assert is_looked_at("GET", [(b"user-agent", PHONE)])


def test_a_bearer_is_a_programs() -> None:
    assert of("/", user_agent=PHONE, authorization=b"Bearer abc") == "program"


def test_what_fails_before_it_has_a_route_was_felt_by_somebody() -> None:
    assert of("_unmatched", status=404) == "robot"
    assert of("_unmatched", status=500) == "family"


def test_every_route_of_the_site_is_in_the_category_of_its_policy() -> None:
    for route in ROUTES:
        assert isinstance(route, GuardedRoute)
        found, kind = of_route("site", labels_of([route])[id(route)]), route.policy.kind
        if kind in (Kind.BEARER, Kind.BEACON):
            assert found == "probe", route.path
        elif kind is Kind.JSON:
            assert found == "program", route.path
        elif kind is Kind.FORM:
            assert found in ("family", "staff"), route.path
        else:
            assert found in CATEGORIES, route.path


def test_sql_says_of_older_rows_what_is_recorded_today() -> None:
    routes = [("site", labels_of([route])[id(route)]) for route in ROUTES]
    routes += [("console", name) for name in ("/sign-in", "_other", "_unmatched", "/api/images/{image_id}", "/healthz")]
    routes += [("site", "_unmatched"), ("site", "_other")]
    for service, route in routes:
        row = duckdb.execute(
            f"SELECT {derived()} FROM (SELECT '' AS category, 'http' AS kind, ? AS service, ? AS route)",
            [service, route],
        ).fetchone()
        assert row == (of_route(service, route),), (service, route)
    assert {traffic_categories.FAMILY, traffic_categories.STAFF} == set(traffic_categories.PEOPLE)
