"""No number, name, cookie or body that a stranger makes up is ever answered with 5xx by the console, signed in or not."""

import re
from itertools import product

import pytest

from console.web import server
from tests.console.conftest import OWN_PAGE, Desk
from tests.support.databases import both_databases
from tests.support.hostile_values import HEADERS, JSON_VALUES, VALUES

pytestmark = both_databases


SERVER_ERROR = 500
READ = {
    "/api/admin/monitoring/metrics": ("range", "category", "unknown"),
    "/api/admin/monitoring/errors": ("range", "level", "resolved"),
    "/sign-in": ("next",),
}
PEOPLE = ("nobody", "nora", "ada")
JSON = {**OWN_PAGE, "Content-Type": "application/json"}


def become(desk: Desk, who: str) -> None:
    if who == "nobody":
        desk.client.cookies.clear()
    else:
        desk.become(who)


@pytest.mark.parametrize("who", PEOPLE)
def test_no_address_with_a_made_up_number_fails(desk: Desk, who: str) -> None:
    become(desk, who)
    for route, value in product(server.routes(), VALUES.values()):
        path = re.sub(r"{\w+(:\w+)?}", lambda _, value=value: value, route.path)  # type: ignore[misc]
        for method in route.methods or ():
            if route.path in ("/sign-out", "/sign-in/provider", "/sign-in/provider/back") and "{" not in route.path:
                continue  # they take no number, and one of them ends the session
            answer = desk.client.request(method, path, headers=OWN_PAGE, follow_redirects=False)
            assert answer.status_code < SERVER_ERROR, (method, path[:80], answer.text)


@pytest.mark.parametrize("who", PEOPLE)
def test_an_id_that_no_row_can_have_is_not_found(desk: Desk, who: str) -> None:
    become(desk, who)
    for value in ("9" * 5000, "-1", "1" + "0" * 30, str(2**63), "1_0", "+1", "%D9%A3", "0"):
        for method, path in (
            ("GET", f"/api/images/{value}"),
            ("GET", f"/originals/{value}"),
            ("POST", f"/api/admin/monitoring/errors/{value}/resolve"),
        ):
            answer = desk.client.request(method, path, headers=OWN_PAGE, follow_redirects=False)
            expected = {"nobody": (401, 303), "nora": (404, 403), "ada": (404,)}[who]
            assert answer.status_code in expected, (method, path[:60], answer.text)


@pytest.mark.parametrize("who", PEOPLE)
def test_no_header_query_or_body_with_a_made_up_number_fails(desk: Desk, who: str) -> None:
    become(desk, who)
    for value in VALUES.values():
        for path, names in READ.items():
            for name in names:
                assert desk.get(f"{path}?{name}={value}").status_code < SERVER_ERROR, (path, name, value[:40])
    for value, name in product(JSON_VALUES, ("bookingId", "action", "reason", "unknown")):
        body = "{" + f'"{name}": {value}' + "}"
        answer = desk.client.post("/api/booking/approve", content=body.encode(), headers=JSON)
        assert answer.status_code < SERVER_ERROR, (name, value[:40], answer.text)
    for name, value in ((name, value) for name, values in HEADERS.items() for value in values):
        for path in ("/", "/sign-in", "/api/dashboard/bookings/pending", "/api/images/1"):
            answer = desk.get(path, headers={name: value.encode()})
            assert answer.status_code < SERVER_ERROR, (path, name, value[:40], answer.text)


def test_no_sign_in_with_made_up_text_fails(desk: Desk) -> None:
    for value, path in product(VALUES.values(), ("/sign-in", "/sign-in/link")):
        for field in ("email", "password", "next"):
            answer = desk.client.post(
                path,
                content=f"email=nora@spirit.example&password=x&{field}={value}".encode(),
                headers={**OWN_PAGE, "Content-Type": "application/x-www-form-urlencoded"},
                follow_redirects=False,
            )
            assert answer.status_code < SERVER_ERROR, (path, field, value[:40], answer.text)


def test_no_route_leaves_a_number_to_the_framework(desk: Desk) -> None:
    assert [route.path for route in server.routes() if re.search(r":(int|float)}", route.path)] == []
