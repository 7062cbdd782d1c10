"""The edge of a web process: every answer gets a request id, the time it took and the security headers, and one log line."""

import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import structlog

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
BROKEN = b"Something went wrong here, and it was our mistake. Please try again in a moment.\n"
NO_ROUTE = "-"
PARAMETER = re.compile(r":\w+(?=})")

log = structlog.get_logger()


class Edge:
    """
    A pure ASGI wrapper (as a framework's middleware it would cost a hundred times as much).

    What the application lets escape is logged here and answered with 500. Log lines name the route's template, never
    the address: addresses carry secrets.
    """

    def __init__(self, app: App, *, content_security_policy: str, hsts: bool) -> None:
        self.app = app
        headers = {**COMMON_HEADERS, "Content-Security-Policy": content_security_policy}
        if hsts:
            headers["Strict-Transport-Security"] = HSTS
        self._headers = _encoded(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = secrets.token_hex(8)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                taken = f"{(time.perf_counter() - began) * 1000:.1f}ms"
                message["headers"] = [
                    *message["headers"],
                    *self._headers,
                    (b"x-request-id", request_id.encode()),
                    (b"x-response-time", taken.encode()),
                ]
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:  # the outermost place: nobody else would log it with the request's id
            log.exception("request failed", route=route_of(scope), method=scope["method"])
            if not status:
                await send_with_headers(
                    {"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"text/plain")]}
                )
                await send_with_headers({"type": "http.response.body", "body": BROKEN})
        finally:
            duration_ms = round((time.perf_counter() - began) * 1000, 1)
            say = log.debug if route_of(scope) == NO_ROUTE and status < 400 else log.info  # Streamlit's hundred files
            say("request", route=route_of(scope), method=scope["method"], status=status, duration_ms=duration_ms)
            structlog.contextvars.unbind_contextvars("request_id")


def route_of(scope: Scope) -> str:
    """The template of the route that answered, "/bookings/{handle}"; "-" where none matched."""
    path = getattr(scope.get("route"), "path", None)
    return PARAMETER.sub("", path) if path else NO_ROUTE


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
