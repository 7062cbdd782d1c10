"""
Sign-in by password or mailed link, and sign-out, on plain HTML pages.

A mailed link is used by a POST from the page that it opens, never by the GET: mail scanners open links.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

import tasks
from console.web.cookies import DEVICE, forget_token, remember_device, set_token, tokens_in
from core.errors import LinkExpired, NotFound, SignInRefused, SpiritError, TooMany, Unavailable
from core.http import problem_json, same_origin
from core.http.request import sender_of, services_of
from core.http.request_body import BodyTooLarge, at_most
from core.people import known_devices, sign_in
from core.people.sessions import end_session, find_session
from core.platform import clock, theme
from core.platform.services import Services
from core.staff import sign_in_links

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
FOREIGN = "This was not sent from our own page. Please sign in here."
MAX_SIGN_INS_AT_ONCE = 4  # a password's hash takes a core for some 50 ms
ON_ITS_WAY = "If there is an account for this address, a link is on its way. It works once, for ten minutes."

T = TypeVar("T")
_signing_in = CapacityLimiter(MAX_SIGN_INS_AT_ONCE)
Endpoint = Callable[[Request], Awaitable[Response]]


def own_form(endpoint: Endpoint) -> Endpoint:
    """Wrap a form's endpoint: CSRF check by origin (403), and a body limit (413)."""

    async def guarded(request: Request) -> Response:
        if not same_origin.is_own(request.headers, services_of(request).settings.console_url):
            return _page(request, "sign_in.html", notice=FOREIGN, status=403)
        try:
            return await endpoint(Request(request.scope, at_most(request.receive)))
        except BodyTooLarge:
            return _page(request, "sign_in.html", notice=problem_json.SENTENCES[413], status=413)

    return guarded


async def show(request: Request) -> Response:
    """GET /sign-in: the form."""
    return _page(request, "sign_in.html", next_path=next_of(request.query_params))


async def by_password(request: Request) -> Response:
    """POST /sign-in: sign in by password; the try is counted first, so that guesses are slowed down and limited."""
    form = await _form(request)
    services = services_of(request)
    email, device = form.get("email", ""), request.cookies.get(DEVICE, "")
    try:
        counted = await _on_own_thread(
            sign_in.start_try, services, email=email, address=sender_of(request), device=device
        )
        await pause(counted.wait_s)
        token = await _on_own_thread(
            sign_in.check_password,
            services,
            counted,
            email=email,
            password=form.get("password", ""),
            user_agent=request.headers.get("user-agent", ""),
        )
    except (SignInRefused, TooMany, Unavailable) as error:
        return refused(request, error, email=email, next_path=next_of(form))
    return await begin(request, token, next_of(form))


async def mail_link(request: Request) -> Response:
    """POST /sign-in/link: mail a sign-in link. The same answer whether there is such an account or not."""
    form = await _form(request)
    try:
        await _on_own_thread(
            sign_in_links.ask_for_link, services_of(request), email=form.get("email", ""), address=sender_of(request)
        )
    except (TooMany, Unavailable) as error:
        return refused(request, error, email=form.get("email", ""), next_path=next_of(form))
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    return _page(request, "sign_in.html", notice=ON_ITS_WAY, email=form.get("email", ""))


async def show_link(request: Request) -> Response:
    """GET /sign-in/{token}: a page with a button; opening the link does not use it."""
    try:
        services_of(request).signer.read_sign_in(request.path_params["token"])
    except NotFound as error:
        return refused(request, error)
    return _page(request, "sign_in_link.html")


async def by_link(request: Request) -> Response:
    """POST /sign-in/{token}: use the link, once."""
    try:
        token = await run_in_threadpool(
            sign_in_links.use_link,
            services_of(request),
            token=request.path_params["token"],
            user_agent=request.headers.get("user-agent", ""),
        )
    except (NotFound, LinkExpired, Unavailable) as error:
        return refused(request, error)
    return await begin(request, token, "/")


async def ask_sign_out(request: Request) -> Response:
    """GET /sign-out: a page with a button."""
    return _page(request, "sign_out.html")


async def sign_out(request: Request) -> Response:
    """POST /sign-out: end every session that the browser has a cookie of."""
    services = services_of(request)
    for token in tokens_in(request.headers.getlist("cookie"), services.settings):
        await run_in_threadpool(_end, services, token)
    response = RedirectResponse("/sign-in", 303, headers=NO_STORE)
    forget_token(response, services.settings)
    return response


async def stylesheet(request: Request) -> Response:
    """GET /sign-in.css: the style sheet, with the theme's colors."""
    text = TEMPLATES.get_template("sign_in.css").render(colors=theme.COLORS, look=theme)
    return Response(text, media_type="text/css", headers={"Cache-Control": "no-cache"})


async def begin(request: Request, token: str, next_path: str) -> Response:
    """Begin the session of this token: end the browser's earlier one, set both cookies, redirect to next_path."""
    services = services_of(request)
    for earlier in tokens_in(request.headers.getlist("cookie"), services.settings):
        await run_in_threadpool(_end, services, earlier)
    response = RedirectResponse(next_path, 303, headers=NO_STORE)
    set_token(response, token, services.settings)
    remember_device(response, await run_in_threadpool(_marked, services, token, request), services.settings)
    return response


def _marked(services: Services, token: str, request: Request) -> str:
    """The value of the cookie of known devices, with this session's account added."""
    with services.database.read() as session:
        row = find_session(session, token, now=clock.now())
    earlier = request.cookies.get(DEVICE, "")
    return known_devices.marked(earlier, row.account_id, services.signer) if row else earlier


async def pause(seconds: float) -> None:
    """Delay a sign-in attempt, as its rate limit demands; on the event loop, so that it blocks no thread."""
    if seconds:
        await asyncio.sleep(seconds)


async def _on_own_thread(command: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """Run a command under the sign-in's own thread limit: a flood of attempts takes no thread from the pages."""
    return await to_thread.run_sync(partial(command, *arguments, **options), limiter=_signing_in)


def _end(services: Services, token: str) -> None:
    services.database.transact(lambda tx: end_session(tx.session, token, now=tx.now))


def refused(request: Request, error: SpiritError, *, email: str = "", next_path: str = "/") -> Response:
    """The sign-in page with the error's sentence and status."""
    return _page(
        request,
        "sign_in.html",
        notice=str(error),
        email=email,
        next_path=next_path,
        status=problem_json.status_of(error),
        headers=problem_json.headers_of(error),
    )


def _page(
    request: Request,
    template: str,
    *,
    notice: str = "",
    email: str = "",
    next_path: str = "/",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    html = TEMPLATES.get_template(template).render(
        notice=notice,
        email=email,
        next_path=next_path,
        good=status == 200,
        provider=bool(services_of(request).settings.oidc_issuer),
    )
    return HTMLResponse(html, status, headers={**NO_STORE, **(headers or {})})


async def _form(request: Request) -> dict[str, str]:
    form = await request.form(max_fields=10, max_files=0)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def next_of(values: Mapping[str, Any]) -> str:
    """The validated redirect target after sign-in: a path of ours, never another site; else "/"."""
    path = str(values.get("next", "/"))
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
