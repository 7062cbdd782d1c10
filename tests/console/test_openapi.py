"""The staff's API is described, and its real answers are as described."""

from typing import Any

import pytest
from httpx2 import Response

from console.web import openapi, schemas, server
from core.images.rendition_jobs import make_due
from core.telemetry.store import store_for
from tests.console.conftest import OPENS, OWN_PAGE, Desk
from tests.console.filled_store import fill
from tests.console.recorded_errors import record_error
from tests.console.test_uploads import send
from tests.support.openapi import addresses, check_described, check_is_openapi

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
UNDESCRIBED = ("/api/openapi.json", "/api/{rest:path}")


def described(desk: Desk) -> dict[str, Any]:
    document: dict[str, Any] = desk.get("/api/openapi.json").json()
    return document


def test_every_json_address_of_the_console_is_described(desk: Desk) -> None:
    document = described(desk)
    ours = {
        (route.path.replace("{image_id}", "{id}"), method.lower())
        for route in server.routes()
        if route.path.startswith("/api/") and route.path not in UNDESCRIBED
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert addresses(document) == ours
    check_is_openapi(document)
    assert document["servers"] == [{"url": desk.services.settings.console_url}]
    assert document["components"]["securitySchemes"]["session"]["name"] == desk.cookie


def test_real_answers_are_as_described(desk: Desk) -> None:
    document = described(desk)
    desk.become("nora")
    image = send(desk)
    make_due(desk.services, fine=False)
    answers = [
        desk.get("/api/dashboard/bookings/pending"),
        decide(desk, "Ida"),
        image,
        desk.get(f"/api/images/{image.json()['image']['id']}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 202, 200]
    for answer in answers:
        check_described(document, answer)


def test_the_monitors_real_answers_are_as_described(desk: Desk) -> None:
    document, store = described(desk), store_for(desk.services.settings)
    fill(store, now=OPENS)
    record_error(store)
    desk.become("ada")
    monitor = openapi.MONITORING
    answers = [
        desk.get(f"{monitor}/metrics?range=6h&category=all"),
        desk.get(f"{monitor}/metrics?range=90d"),
        desk.get(f"{monitor}/errors"),
        desk.client.post(f"{monitor}/errors/1/resolve", headers=OWN_PAGE),
        desk.get(f"{monitor}/errors?resolved=true"),
    ]
    store.dispose()
    assert [answer.status_code for answer in answers] == [200] * 5
    assert answers[0].json()["performance"] and answers[0].json()["database"] and answers[2].json()["errors"]
    for answer in answers:
        check_described(document, answer)


def test_refusals_are_as_described(desk: Desk) -> None:
    document, monitor = described(desk), openapi.MONITORING
    answers = [desk.get("/api/dashboard/bookings/pending"), desk.get("/api/images/1")]
    desk.become("nora")
    assert decide(desk, "Ben").status_code == 200
    answers += [
        decide(desk, "Ben", action="deny"),
        decide(desk, "Ida", action="perhaps"),
        decide(desk, "Ida", despite="outside_hours"),
        decide(desk, "Mia"),
        send(desk, kind="product"),
        send(desk, b"no picture"),
        send(desk, values={"type": "poster"}),
        desk.get("/api/images/99"),
        desk.get(f"{monitor}/metrics"),
        desk.client.post(f"{monitor}/errors/1/resolve", headers={"Sec-Fetch-Site": "cross-site"}),
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [401, 401, 409, 422, 422, 404, 403, 415, 422, 404, 403, 403]
    for answer in answers:
        check_described(document, answer)


def test_what_can_be_chosen_is_what_is_described(desk: Desk) -> None:
    """The parameters of the document are the fields of the query's model."""
    operation = described(desk)["paths"][f"{openapi.MONITORING}/errors"]["get"]
    choices = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
    assert choices["range"]["enum"][0] == "15m" and choices["range"]["default"] == "1h"
    desk.become("ada")
    for level in schemas.LEVELS:
        assert level in str(choices["level"])
        assert desk.get(f"{openapi.MONITORING}/errors?level={level}").status_code == 200


def decide(desk: Desk, athlete: str, *, action: str = "approve", **fields: Any) -> Response:
    body = {"bookingId": desk.bookings[athlete], "action": action, **fields}
    return desk.client.post("/api/booking/approve", json=body, headers=OWN_PAGE)
