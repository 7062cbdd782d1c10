"""Requests of the site, as they are recorded."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from core.http.edge_middleware import Edge, labels_of
from core.platform.services import Services
from core.telemetry.recorder import Recorder
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


def test_no_address_and_no_method_makes_a_new_label(recorder: Recorder, kept: Kept) -> None:
    edge = edge_of([Route("/coaches/{coach}", hello)])
    odd = ("GET", "BREW", "get", "G" * 5000, "PROPFIND")

    async def ask() -> None:
        for number in range(5000):
            for path in (f"/nowhere/{number}", f"/coaches/x{number}"):
                scope = {**SCOPE, "method": odd[number % 5], "path": path}
                await edge(scope, nothing, ignore)

    asyncio.run(ask())
    assert recorder.flush_now()
    rows = kept.rows("request_log")
    assert len(rows) == 10_000 and not recorder.lost
    assert {row.route for row in rows} == {"_unmatched", "/coaches/{coach}"}
    assert {row.method for row in rows} == {"GET", "_OTHER"}


def test_an_odd_method_is_answered_and_named_as_such(watched: Services, kept: Kept) -> None:
    visit(watched, "/", method="BREW")
    (row,) = kept.rows("request_log")
    assert (row.route, row.method, row.status) == ("/", "_OTHER", 405)


def test_under_a_mount_the_whole_template_is_the_label_and_no_value_of_it(recorder: Recorder, kept: Kept) -> None:
    routes = [
        Mount("/org/{slug}", routes=[Route("/x/{number:int}", hello), Mount("/deep", routes=[Route("/", hello)])]),
        Mount("/other", routes=[Route("/x/{number:int}", hello)]),
    ]
    with TestClient(edge_of(routes)) as client:
        for path in ("/org/acme/x/1", "/org/acme/x/2", "/org/zeta/deep/", "/other/x/3", "/org/acme/none"):
            client.get(path)
    recorder.flush_now()
    assert [row.route for row in kept.rows("request_log")] == [
        "/org/{slug}/x/{number}", "/org/{slug}/x/{number}", "/org/{slug}/deep/", "/other/x/{number}", "/org/{slug}/{path}",
    ]  # fmt: skip


def test_a_visitor_who_leaves_is_no_error(recorder: Recorder, kept: Kept) -> None:
    async def reading(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there")

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", "root_path": ""}
    asyncio.run(edge_of([Route("/", reading, methods=["POST"])])(scope, gone, send))
    recorder.flush_now()
    (row,) = kept.rows("request_log")
    assert (row.outcome, row.route) == ("client_gone", "/") and kept.groups() == []


def test_the_first_byte_and_the_last_are_two_times(recorder: Recorder, kept: Kept) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0.03)
            yield b"more"

    async def stream(request: Request) -> Response:
        return StreamingResponse(slowly())

    with TestClient(edge_of([Route("/", stream)])) as client:
        assert client.get("/").text == "more" * 3
    recorder.flush_now()
    (row,) = kept.rows("request_log")
    assert row.duration_us >= row.ttfb_us + 60_000


def test_an_application_that_never_answers_has_failed(recorder: Recorder, kept: Kept) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        """Returns without a word."""

    edge = Edge(silent, content_security_policy="", hsts=False, labels={})
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(edge(scope, hello, hello))  # type: ignore[arg-type]
    recorder.flush_now()
    (row,) = kept.rows("request_log")
    assert (row.status, row.outcome, row.route) == (500, "error", "_unmatched")


SCOPE = {"type": "http", "headers": [], "query_string": b"", "root_path": ""}


async def nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def ignore(message: Any) -> None:
    """The network."""


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


def edge_of(routes: Sequence[BaseRoute]) -> Edge:
    return Edge(Starlette(routes=routes), content_security_policy="", hsts=False, labels=labels_of(routes))
