"""
ASGI middleware in front of Streamlit: host check, origin check of websockets, and a live session.

Anyone can open a websocket and run the script; so pages, websocket, uploads and media are refused here already. The
script and every command look the session up once more.
"""

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from console.web.cookies import token_in, tokens_in
from core.people.sessions import find_session
from core.platform import clock
from core.platform.services import Services
from core.platform.setting_values import same_host
from core.telemetry.pseudonyms import Pseudonyms
from core.telemetry.request_context import current

OPEN_TO_ALL = ("/sign-in", "/sign-out", "/sign-in.css", "/healthz", "/favicon.png", "/_stcore/health")
OPEN_BELOW = ("/sign-in/", "/api/", "/static/")  # the API answers for itself; static files are Streamlit's own scripts
POLICY_VIOLATION = 1008


class Gate:
    """The middleware: redirects to the sign-in, or refuses, what comes without a live session."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app = app
        self.services = services
        self.who = Pseudonyms(services.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["type"] == "websocket":
            if await self._may_connect(headers):
                await self.app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        path = scope["path"]
        if not self._is_our_host(headers) and path != "/healthz":
            await self._other_host(scope)(scope, receive, send)
        elif is_open(path) or await self.is_signed_in(headers):
            await self.app(scope, receive, send)
        else:
            await self._to_sign_in(scope)(scope, receive, send)

    async def is_signed_in(self, headers: Headers) -> bool:
        """Whether the request's cookie names a live session; if so its pseudonym goes into the request log."""
        cookies = headers.getlist("cookie")
        if not tokens_in(cookies, self.services.settings):
            return False
        token = await run_in_threadpool(self._live_token, cookies)
        if token is None:
            return False
        if (work := current.get()) is not None:
            work.who = self.who.session(token)
        return True

    async def _may_connect(self, headers: Headers) -> bool:
        """Whether a websocket comes from our own origin, with a live session."""
        ours = headers.get("origin") == self.services.settings.console_url
        return ours and self._is_our_host(headers) and await self.is_signed_in(headers)

    def _is_our_host(self, headers: Headers) -> bool:
        return same_host(headers.get("host", ""), self.services.settings.console_url)

    def _live_token(self, cookies: list[str]) -> str | None:
        token = token_in(cookies, self.services.settings, self.services.database)
        with self.services.database.read() as session:
            return token if token and find_session(session, token, now=clock.now()) is not None else None

    def _other_host(self, scope: Scope) -> ASGIApp:
        """Redirect a request under another host name to ours, which is built from the settings, never from the request."""
        if scope["method"] in ("GET", "HEAD"):
            return RedirectResponse(f"{self.services.settings.console_url}{quote(scope['path'])}", 307)
        return PlainTextResponse("The console does not answer under this name.", 400)

    def _to_sign_in(self, scope: Scope) -> ASGIApp:
        if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/_stcore/"):
            return PlainTextResponse("Please sign in.", 401)
        path = scope["path"]
        return RedirectResponse("/sign-in" if path == "/" else f"/sign-in?next={quote(path)}", 303)


def is_open(path: str) -> bool:
    """Whether this address needs no session."""
    return path in OPEN_TO_ALL or path.startswith(OPEN_BELOW)
