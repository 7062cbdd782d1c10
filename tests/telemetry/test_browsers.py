"""What browsers tell of our pages: recorded when it can be believed, and cheap to refuse when it cannot."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from core.platform.services import Services
from core.telemetry import browser_errors, recording
from public_site import rate_limits, templating
from public_site.app import create_app
from public_site.browser_beacon import MAX_BYTES
from tests.telemetry.conftest import Kept

OWN = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
STACK = """TypeError: Cannot read properties of null (reading 'x')
    at note (http://127.0.0.1:8000/static/reports.1a2b3c4d.js:12:5)
    at chrome-extension://abcdef/content.js:1:2
    at http://127.0.0.1:8000/static/reports.1a2b3c4d.js:99:1"""
ERROR = {"kind": "error", "name": "TypeError", "message": "Uncaught TypeError: no sam@example.org", "stack": STACK}


class Site:
    """The site as a browser of ours reports to it."""

    def __init__(self, client: TestClient, kept: Kept) -> None:
        self.client, self.kept = client, kept

    def post(self, *events: Any, route: Any = "/coaches/{coach}", **headers: str) -> Response:
        return self.client.post("/telemetry", json={"route": route, "events": events}, headers={**OWN, **headers})

    def vitals(self) -> list[tuple[str, str, float]]:
        self.flush()
        return [(row.route, row.name, row.value) for row in self.kept.rows("event_log") if row.kind == "vital"]

    def flush(self) -> None:
        recorder = recording.active()
        assert recorder is not None and recorder.flush_now()


@pytest.fixture
def site(watched: Services, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(browser_errors, "_known", set())
    with TestClient(create_app(watched), base_url=watched.settings.base_url) as client:
        yield Site(client, kept)


def vital(name: Any, value: Any) -> dict[str, Any]:
    return {"kind": "vital", "name": name, "value": value}


def test_a_vital_is_kept_under_the_page_s_route(site: Site) -> None:
    assert site.post(vital("LCP", 812.5), vital("CLS", 0)).status_code == 204
    assert site.vitals() == [("/coaches/{coach}", "LCP", 812.5), ("/coaches/{coach}", "CLS", 0.0)]


def test_an_error_of_our_script_becomes_a_group(site: Site) -> None:
    for _ in range(2):
        site.post(ERROR)
    site.flush()
    (group,) = site.kept.groups()
    assert (group.title, group.culprit, group.count) == ("TypeError: no …", "browser:reports.js:note", 2)
    assert group.people == 1
    assert "chrome-extension" not in site.kept.rows("error_event")[0].body


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_nothing_that_somebody_made_up_is_kept_of_a_browsers_words(site: Site) -> None:
    name = "Xyzzyqwertz"
    site.post(
        {
            "kind": "error", "name": f"Kim{name}", "message": f"TypeError: Kim {name} is not a function",
            "stack": f"at Kim{name} (http://x/static/reports.1a2b3c4d.js:1:1)\nat a (http://x/static/Kim{name}.1a2b3c4d.js:1:1)",
        }
    )  # fmt: skip
    site.post({**ERROR, "message": f"{name}: Failed to fetch"}, route=f"/{name}", **{"X-Note": name})
    site.flush()
    assert {group.title for group in site.kept.groups()} == {
        "Error: TypeError: … is not a function", "TypeError: … Failed to fetch"
    }  # fmt: skip
    for table in ("error_group", "error_event", "error_person", "event_log", "request_log"):
        assert not any(name in str(value) or "Kim" in str(value) for row in site.kept.rows(table) for value in row), (
            table
        )


@pytest.mark.parametrize(
    "lie",
    [
        vital("LCP", -1), vital("LCP", 1e9), vital("LCP", True), vital("LCP", "9"), vital("LCP", None), vital("XXX", 1),
        vital(["LCP"], 1), {"kind": "business", "name": "approved", "value": 1}, "no object", None, 7, [],
        {**ERROR, "message": "Script error."}, {**ERROR, "stack": "at evil (https://evil.example/x.js:1:1)"},
        {**ERROR, "stack": "at f (chrome-extension://abc/static.js:1:1)"}, {**ERROR, "stack": 7}, {**ERROR, "message": {}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_cannot_be_true_is_dropped_and_counted(site: Site, lie: Any) -> None:
    assert site.post(lie).status_code == 204
    assert site.vitals() == [] and site.kept.groups() == []
    site.flush()
    lost = [(row.name, row.value) for row in site.kept.rows("event_log") if row.kind == "lost"]
    assert lost == [("browser: not believed", 1)]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_route_of_theirs_becomes_a_label(site: Site) -> None:
    for route in ("/coaches/nora", "x" * 5000, 7, None, ["/"], {"a": 1}, "_other"):
        assert site.post(vital("FCP", 1), route=route).status_code == 204
    assert {route for route, _, _ in site.vitals()} == {"_other"}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_made_up_errors_make_few_groups_and_read_no_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_errors, "MAX_GROUPS", 5)
    for number, kind in enumerate((*sorted(browser_errors.KINDS_OF_ERROR), *(f"Kind{number}" for number in range(12)))):
        made_up = f"at f{number} (http://x/static/reports.1a2b3c4d.js:1:1)"
        site.post({**ERROR, "name": kind, "stack": made_up})
    site.post({**ERROR, "stack": "at f (http://x/static/../../../../etc/passwd.1a2b3c4d.js:1:1)"})
    site.flush()
    assert len(site.kept.groups()) == 6
    assert not any("root:" in row.body for row in site.kept.rows("error_event"))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}],
)
def test_what_comes_from_elsewhere_is_refused(site: Site, headers: dict[str, str]) -> None:
    assert site.post(vital("LCP", 1), **headers).status_code == 403
    assert site.client.post("/telemetry", json={}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert site.client.post("/telemetry", json={}).status_code == 403
    assert site.client.post("/telemetry", content="x", headers={**OWN, "Content-Type": "text/plain"}).status_code == 415
    assert site.vitals() == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_is_too_large_or_unreadable_is_refused(site: Site) -> None:
    assert site.client.post("/telemetry", content=b" " * (MAX_BYTES + 1), headers=OWN).status_code == 413
    assert site.client.post("/telemetry", content=b"{", headers=OWN).status_code == 400
    for odd in (b"[]", b"7", b"null", b'{"events": 7}', b'{"events": {}}'):
        assert site.client.post("/telemetry", content=odd, headers=OWN).status_code == 204
    assert site.post(*[vital("LCP", 1)] * 50).status_code == 204
    assert len(site.vitals()) == browser_errors.MAX_EVENTS


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_flood_is_asked_to_wait_and_stops_no_booking(site: Site) -> None:
    answers = [site.post(vital("LCP", 1)).status_code for _ in range(rate_limits.BEACONS.amount + 1)]
    assert answers[-2:] == [204, 429]
    form = site.client.post("/bookings", data={"a": "b"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert form.status_code == 422


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_pages_carry_the_script_and_their_route_only_where_something_is_recorded(
    site: Site, services: Services
) -> None:
    page = site.client.get("/coaches/nobody")
    assert '<meta name="route" content="/coaches/{coach}">' in page.text and "/static/reports." in page.text
    script = site.client.get("/static/reports." + page.text.partition("/static/reports.")[2].partition('"')[0])
    assert script.headers["content-type"].startswith("text/javascript")
    with TestClient(create_app(services), base_url=services.settings.base_url) as quiet:
        recording.current, before = None, recording.current
        assert "reports." not in quiet.get("/coaches/nobody").text
        assert quiet.post("/telemetry", json={}, headers=OWN).status_code == 204
        recording.current = before


def test_the_script_is_small_and_tells_no_address() -> None:
    script = (templating.HERE / "static" / "reports.js").read_text()
    assert len(script.encode()) <= 3000
    for never in ("pathname", "location.href", "cookie", "referrer", "localStorage", "document.URL"):
        assert never not in script
