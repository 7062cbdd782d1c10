"""The edge of a web process: every answer gets a request id, the time it took and the security headers; it is logged and recorded."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import structlog

from core.errors import OutcomeUnknown, Unavailable
from core.http import problem_json
from core.telemetry import recording, sql_statements
from core.telemetry.queues import now_us
from core.telemetry.recorder import Recorder
from core.telemetry.request_context import UNMATCHED, RequestContext, current, new_request_id
from core.telemetry.traffic_categories import category_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with `no-referrer` browsers send `Origin: null` with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=63072000"
TOO_SLOW = "This took too long just now. Please try again in a moment."
BROKEN = b"Something went wrong here, and it was our mistake. Please try again in a moment.\n"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER_METHOD = "_OTHER"

log = structlog.get_logger(__name__)
listening = logging.getLogger(__name__)


class Edge:
    """
    A pure ASGI wrapper (as a framework's middleware it would cost a hundred times as much).

    What the application lets escape is logged here and answered with 500. Log lines and records name the route's
    template, never the address: addresses carry secrets, and anybody can make up ten thousand of them.

    labels: the full template of each route, by the route's identity.
    deadline_s: an answer that has not begun by then is 503; what a thread does for it meanwhile may still be stored.
    patient: addresses that may take longer.
    state: what each request finds as `request.state`.
    """

    def __init__(
        self,
        app: App,
        *,
        content_security_policy: str,
        hsts: bool,
        labels: Mapping[int, str],
        deadline_s: float | None = None,
        patient: tuple[str, ...] = (),
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self.app, self.state = app, state or {}
        self.labels = labels
        self.deadline_s, self.patient = deadline_s, patient
        headers = {**COMMON_HEADERS, "Content-Security-Policy": content_security_policy}
        if hsts:
            headers["Strict-Transport-Security"] = HSTS
        self._headers = _encoded(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.state:
            scope.setdefault("state", {}).update(self.state)
        if scope["type"] == "http":
            await _Exchange(self, scope, receive, send).run()
        else:
            await self.app(scope, receive, send)


class _Exchange:
    """One request and its answer. ended_ns: when the last byte was handed over."""

    __slots__ = (
        "began_ns",
        "deadline",
        "edge",
        "ended_ns",
        "first_ns",
        "gone",
        "receive",
        "scope",
        "send",
        "status",
        "work",
    )

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self.edge, self.scope, self.receive, self.send = edge, scope, receive, send
        self.status = self.first_ns = self.ended_ns = 0
        self.gone = False
        no_limit = bool(edge.patient) and scope["path"].startswith(edge.patient)
        self.deadline = asyncio.timeout(None if no_limit else edge.deadline_s)
        began_us = now_us()
        self.work = work = RequestContext(new_request_id(began_us))
        work.began_us, self.began_ns = began_us, work.began_ns
        work.scope, work.labels = scope, edge.labels

    async def run(self) -> None:
        token = current.set(self.work)
        outcome = ""
        try:
            async with self.deadline:
                await self.edge.app(self.scope, self.listen, self.answer)
        except asyncio.CancelledError:
            outcome = "client_gone"
            raise
        except Exception:  # the outermost place: nobody else would log it with the request's id
            outcome = "client_gone" if self.gone else "error"
            if self.deadline.expired():
                await self._say_too_late()
            elif not self.gone:
                await self._fail()
        finally:
            self._tell(outcome or self._outcome())
            current.reset(token)

    async def listen(self) -> Message:
        message = await self.receive()
        if message["type"] == "http.disconnect" and not self.ended_ns:
            self.gone = True
        return message

    async def answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.first_ns = time.perf_counter_ns()
            if not self.deadline.expired():
                self.deadline.reschedule(None)  # it has begun; a slow reader has limits of another kind
            given = {
                name for name, _ in message["headers"]
            }  # a header that the application gives itself stays as it is
            message["headers"] = [
                *message["headers"],
                *(header for header in self.edge._headers if header[0] not in given),
                (b"x-request-id", self.work.request_id.encode()),
                (b"x-response-time", b"%.1fms" % ((self.first_ns - self.began_ns) / 1e6)),
            ]
            await self.send(message)
            return
        await self.send(message)
        if not message.get("more_body"):
            self.ended_ns = time.perf_counter_ns()

    async def _say_too_late(self) -> None:
        """What the thread was doing may be stored yet, so that nobody is told that it was not."""
        log.warning("request took too long", route=self.work.route, method=self._method, limit_s=self.edge.deadline_s)
        reads = self.scope["method"] in ("GET", "HEAD")
        document = problem_json.problem(Unavailable(TOO_SLOW) if reads else OutcomeUnknown())
        as_json = self.scope["path"].startswith("/api/")
        body = json.dumps(document).encode() if as_json else f"{document['detail']}\n".encode()
        media_type = problem_json.MEDIA_TYPE.encode() if as_json else b"text/plain; charset=utf-8"
        headers = [(b"content-type", media_type), (b"retry-after", b"10"), (b"cache-control", b"no-store")]
        await self.answer({"type": "http.response.start", "status": document["status"], "headers": headers})
        await self.answer({"type": "http.response.body", "body": body})

    async def _fail(self) -> None:
        log.exception("request failed", route=self.work.route, method=self._method)  # noqa: LOG004 (called by a handler)
        if not self.status:
            await self.answer(
                {"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"text/plain")]}
            )
            await self.answer({"type": "http.response.body", "body": BROKEN})

    def _outcome(self) -> str:
        if not self.status or self.status >= 500:
            return "error"
        return "client_gone" if self.gone and not self.ended_ns else "ok"

    @property
    def _method(self) -> str:
        method: str = self.scope["method"]
        return method if method in METHODS else OTHER_METHOD

    def _tell(self, outcome: str) -> None:
        work, status = self.work, self.status or 500
        route, method = work.route, self._method
        duration_us = ((self.ended_ns or time.perf_counter_ns()) - self.began_ns) // 1000
        if (recorder := recording.current) is not None:
            try:
                self._record(recorder, route, method, status, outcome, duration_us)
            except Exception as error:  # the request has been answered
                recorder.failed(error)
        level = logging.DEBUG if route[0] == "_" and status < 400 else logging.INFO  # Streamlit's hundred files
        if listening.isEnabledFor(level):
            log.log(
                level, "request", route=route, method=method, status=status, duration_ms=round(duration_us / 1000, 1)
            )

    def _record(self, recorder: Recorder, route: str, method: str, status: int, outcome: str, duration_us: int) -> None:
        work = self.work
        sql_statements.keep_repeated(work)
        category = category_of(recorder.service, route, method=method, status=status, headers=self.scope["headers"])
        row = work.row(
            "http",
            method=method,
            status=status,
            outcome=outcome,
            duration_us=duration_us,
            ttfb_us=(self.first_ns - self.began_ns) // 1000 if self.first_ns else 0,
            category=category,
        )
        recorder.requests.add(row)


def labels_of(routes: Any, prefix: str = "") -> dict[int, str]:
    """
    The full template of every route below these, by its identity: under a mount the router knows the inner part alone.

    Args:
        routes: anything with `path` or `path_format`, and `routes` where it holds others.
    """
    labels: dict[int, str] = {}
    for route in routes:
        path = f"{prefix}{getattr(route, 'path_format', '') or getattr(route, 'path', '')}"
        labels[id(route)] = path or "/"
        inner = getattr(route, "routes", None)
        if inner:
            labels.update(labels_of(inner, path.removesuffix("/{path}")))
    return labels


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


__all__ = ["UNMATCHED", "Edge", "Message", "Receive", "labels_of"]
