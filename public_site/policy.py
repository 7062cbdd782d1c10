"""
Access policies: every route declares its kind, whose guard (CSRF check, content type, bearer token, rate limit) runs first.

    page        GET only, changes nothing
    form        a browser's form, from our own page; urlencoded
    json        public JSON; `application/json` only, so no foreign page can send it unasked
    bearer      a program with a secret
    beacon      what a browser reports of our own page, unasked and unseen; counted apart from what families send
    capability  a program with a signed token that can do one harmless thing, from wherever it is (RFC 8058)
"""

import enum
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.http import same_origin
from core.http.request import services_of
from core.http.request_body import at_most
from public_site import rate_limits

Endpoint = Callable[[Request], Awaitable[Response]]
FOREIGN_FORM = "This was not sent from our own page, so nothing was changed. Please open the page and use its button."
UNCACHED = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


class Kind(enum.StrEnum):
    """The kinds of routes, as listed above."""

    PAGE = "page"
    FORM = "form"
    JSON = "json"
    BEARER = "bearer"
    BEACON = "beacon"
    CAPABILITY = "capability"


@dataclass(frozen=True)
class Policy:
    """The access policy of a route."""

    kind: Kind  # chooses the guard
    secret: bool = False  # the address or the page is somebody's own: no-store, noindex
    bearer: str = "cron_secret"  # the setting with the bearer token


class GuardedRoute(Route):
    """A route with its policy in front of the endpoint."""

    def __init__(self, path: str, endpoint: Endpoint, policy: Policy, methods: Sequence[str], name: str) -> None:
        self.policy = policy
        super().__init__(path, _guarded(endpoint, policy), methods=methods, name=name)


def page(path: str, endpoint: Endpoint, name: str, *, secret: bool = False) -> GuardedRoute:
    """A route of kind PAGE."""
    return GuardedRoute(path, endpoint, Policy(Kind.PAGE, secret), ["GET"], name)


def form(path: str, endpoint: Endpoint, name: str) -> GuardedRoute:
    """A route of kind FORM."""
    return GuardedRoute(path, endpoint, Policy(Kind.FORM, secret=True), ["POST"], name)


def json(path: str, endpoint: Endpoint, name: str, *, method: str = "GET", secret: bool = False) -> GuardedRoute:
    """A route of kind JSON."""
    return GuardedRoute(path, endpoint, Policy(Kind.JSON, secret), [method], name)


def bearer(
    path: str, endpoint: Endpoint, name: str, *, setting: str, methods: Sequence[str] = ("GET", "POST")
) -> GuardedRoute:
    """A route of kind BEARER. setting: the name of the setting with the token."""
    return GuardedRoute(path, endpoint, Policy(Kind.BEARER, secret=True, bearer=setting), methods, name)


def beacon(path: str, endpoint: Endpoint, name: str) -> GuardedRoute:
    """A route of kind BEACON."""
    return GuardedRoute(path, endpoint, Policy(Kind.BEACON, secret=True), ["POST"], name)


def capability(path: str, endpoint: Endpoint, name: str) -> GuardedRoute:
    """A route of kind CAPABILITY."""
    return GuardedRoute(path, endpoint, Policy(Kind.CAPABILITY, secret=True), ["POST"], name)


def _guarded(endpoint: Endpoint, policy: Policy) -> Endpoint:
    guard = partial(_bearer, policy.bearer) if policy.kind is Kind.BEARER else GUARDS[policy.kind]

    async def guarded(request: Request) -> Response:
        # no address of ours has such a character, and some databases and headers refuse it
        if not all(value.isprintable() for value in request.path_params.values() if isinstance(value, str)):
            raise HTTPException(404)
        guard(request)
        response = await endpoint(Request(request.scope, at_most(request.receive)))
        if policy.secret:
            response.headers.update(UNCACHED)
        return response

    return guarded


def _pass(request: Request) -> None:
    """The guard of pages: none."""


def _own_form(request: Request) -> None:
    """The guard of forms: CSRF check by origin, content type, rate limit."""
    if not same_origin.is_own(request.headers, services_of(request).settings.base_url):
        raise HTTPException(403, FOREIGN_FORM)
    if _content_type(request) != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    rate_limits.check(request)


def _json(request: Request) -> None:
    """The guard of JSON: a POST by content type, which a foreign page cannot send unasked (CORS), and rate limit."""
    if request.method == "GET" or request.method == "HEAD":
        return
    if _content_type(request) != "application/json":
        raise HTTPException(415, "Please send application/json.")
    rate_limits.check(request)


def _bearer(setting: str, request: Request) -> None:
    """The guard of bearer routes: 401 for a wrong token, compared in constant time; 404 where none is configured."""
    secret = getattr(services_of(request).settings, setting).get_secret_value()
    if not secret:
        raise HTTPException(404)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), secret.encode()):
        raise HTTPException(401, "Please send Authorization: Bearer with the secret.", {"WWW-Authenticate": "Bearer"})


def _own_beacon(request: Request) -> None:
    """The guard of beacons: CSRF check by origin, content type, a rate limit of its own."""
    if not same_origin.is_own(request.headers, services_of(request).settings.base_url):
        raise HTTPException(403)
    if _content_type(request) != "application/json":
        raise HTTPException(415)
    rate_limits.check_beacon(request)


def _token_alone(request: Request) -> None:
    """The guard of capabilities: rate limit. The endpoint checks the signed token; the body is not read."""
    rate_limits.check(request)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


GUARDS: dict[Kind, Callable[[Request], None]] = {
    Kind.PAGE: _pass,
    Kind.FORM: _own_form,
    Kind.JSON: _json,
    Kind.BEACON: _own_beacon,
    Kind.CAPABILITY: _token_alone,
}
