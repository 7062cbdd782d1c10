"""Requests of the site, as they are recorded."""

from starlette.testclient import TestClient

from core.bootstrap import Services
from public_site.app import create_app
from tests.telemetry.conftest import Kept


def visit(watched: Services, *paths: str, method: str = "GET") -> None:
    """Answered, and written when the site stops."""
    with TestClient(create_app(watched), base_url=watched.settings.base_url) as client:
        for path in paths:
            client.request(method, path)


def test_a_request_is_kept_with_its_route_its_time_and_its_release(watched: Services, kept: Kept) -> None:
    visit(watched, "/coaches", "/coaches/nobody")
    found, missing = kept.rows("request_log")
    assert (found.service, found.kind, found.method, found.route) == ("site", "http", "GET", "/coaches")
    assert (found.status, found.outcome, found.weight) == (200, "ok", 1)
    assert 0 < found.ttfb_us <= found.duration_us < 60_000_000
    assert (missing.route, missing.status, missing.outcome) == ("/coaches/{coach}", 404, "ok")
    assert found.release.startswith("0.1.0") and len(found.request_id) == 16
    (deploy,) = kept.rows("event_log")
    assert (deploy.kind, deploy.name) == ("deploy", found.release)


def test_no_address_and_no_method_makes_a_new_label(watched: Services, kept: Kept) -> None:
    visit(watched, *(f"/nowhere/{number}" for number in range(50)), *(f"/coaches/x{number}" for number in range(50)))
    visit(watched, "/", method="BREW")
    rows = kept.rows("request_log")
    assert {row.route for row in rows} == {"_unmatched", "/coaches/{coach}", "/"}
    assert {row.method for row in rows} == {"GET", "_OTHER"} and len(rows) == 101
