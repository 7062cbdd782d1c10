"""
Sign-in by OpenID Connect (authorization code flow with state, nonce and PKCE), where a provider is configured.

State, nonce and verifier travel in a signed cookie of ten minutes, sent to these two addresses alone; so a callback that
this browser did not begin signs nobody in. The session that follows is a row like every other.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from httpx2 import HTTPError
from itsdangerous import BadData, URLSafeSerializer
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.web import sign_in
from core.errors import SignInRefused, Unavailable
from core.http.request import services_of
from core.people.identities import Identity, sign_in_by_provider
from core.platform import clock
from core.platform.settings import Settings

COOKIE, COOKIE_PATH = "spirit_provider", "/sign-in/provider"
LASTS = timedelta(minutes=10)
TIMEOUT_S = 10  # of each read
TOTAL_S = 20  # of a whole redirect or callback, however slowly the provider answers
AWAY = "The sign-in service cannot be reached at the moment. Please try again, or sign in with a password or a mailed link."
NOT_CONFIRMED = "The sign-in service did not confirm who you are. Please try again, or sign in in another way."
BEGUN_ELSEWHERE = "This sign-in was begun in another browser, or too long ago. Please begin again."

log = structlog.get_logger()


class NotOurProvider(Exception):
    """The metadata at the issuer's address name another issuer."""


async def begin(request: Request) -> Response:
    """GET /sign-in/provider: redirect to the provider. Raises HTTPException 404 where none is configured."""
    settings = _settings(request)
    client = _client(settings)
    session: dict[str, Any] = {}
    try:
        async with asyncio.timeout(TOTAL_S):
            with _library_session(request, session):
                await _check_issuer(client, settings)
                response = await client.authorize_redirect(request, f"{settings.console_url}{COOKIE_PATH}/back")
    except (TimeoutError, HTTPError, AuthlibBaseError, NotOurProvider, ValueError, KeyError, RuntimeError) as error:
        return _failed(request, error, AWAY, 503)
    return _remember(response, {**session, "next": sign_in.next_of(request.query_params)}, settings)


async def back(request: Request) -> Response:
    """GET /sign-in/provider/back: the callback; exchanges the code for an identity and begins a session. Raises as `begin`."""
    settings = _settings(request)
    client = _client(settings)
    remembered = _remembered(request, settings)
    if remembered is None:  # another browser began it, or the cookie's ten minutes are over
        return sign_in.refused(request, SignInRefused(BEGUN_ELSEWHERE))
    try:
        async with asyncio.timeout(TOTAL_S):
            with _library_session(request, remembered):
                await _check_issuer(client, settings)
                identity = await _identity(request, client, settings)
    except (TimeoutError, HTTPError, NotOurProvider) as error:
        return _failed(request, error, AWAY, 503)
    except (AuthlibBaseError, JoseError, ValueError, KeyError, RuntimeError) as error:
        return _failed(request, error, NOT_CONFIRMED, 401)
    try:
        user_agent = request.headers.get("user-agent", "")
        token = await run_in_threadpool(
            services_of(request).database.transact,
            lambda tx: sign_in_by_provider(tx.session, identity, user_agent=user_agent, now=tx.now),
        )
    except (SignInRefused, Unavailable) as error:
        return _forget(sign_in.refused(request, error), settings)
    return _forget(await sign_in.begin(request, token, sign_in.next_of(remembered)), settings)


@contextmanager
def _library_session(request: Request, values: dict[str, Any]) -> Iterator[None]:
    """Lend the library a session of its own. Streamlit's session middleware gets its object back afterwards."""
    theirs = request.scope.get("session")
    request.scope["session"] = values
    try:
        yield
    finally:
        request.scope["session"] = theirs


async def _identity(request: Request, client: StarletteOAuth2App, settings: Settings) -> Identity:
    """Exchange the code for the identity. The library checks state, nonce, signature, time, and the claims named here."""
    wanted = {
        "iss": {"essential": True, "values": [settings.oidc_issuer]},
        "aud": {"essential": True, "values": [settings.oidc_client_id]},
    }
    token = await client.authorize_access_token(request, claims_options=wanted)
    claims = token["userinfo"]
    if "email" not in claims:
        more = await client.userinfo(token=token)
        if more["sub"] != claims["sub"]:
            raise ValueError("the provider named two different subjects")
        claims = {**more, **claims}
    return Identity(
        issuer=settings.oidc_issuer,
        subject=str(claims["sub"]),
        email=str(claims.get("email") or ""),
        email_verified=claims.get("email_verified") is True,
    )


async def _check_issuer(client: StarletteOAuth2App, settings: Settings) -> None:
    metadata = await client.load_server_metadata()
    if metadata.get("issuer") != settings.oidc_issuer:
        raise NotOurProvider(str(metadata.get("issuer")))


def _settings(request: Request) -> Settings:
    """The settings. Raises HTTPException 404 where no provider is configured."""
    settings = services_of(request).settings
    if not settings.oidc_issuer:
        raise HTTPException(404)
    return settings


def _client(settings: Settings) -> StarletteOAuth2App:
    return _cached_client(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret.get_secret_value())


@lru_cache(maxsize=4)
def _cached_client(issuer: str, client_id: str, client_secret: str) -> StarletteOAuth2App:
    """The OAuth client, cached: it holds the provider's metadata and keys, and fetches the keys again for an unknown one."""
    client: StarletteOAuth2App = OAuth().register(
        "staff",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "timeout": TIMEOUT_S},
    )
    return client


def _failed(request: Request, error: Exception, sentence: str, status: int) -> Response:
    log.warning("sign-in by provider failed", why=type(error).__name__, detail=getattr(error, "error", None))
    refusal = Unavailable(sentence) if status == 503 else SignInRefused(sentence)
    return _forget(sign_in.refused(request, refusal), services_of(request).settings)


def _remember(response: RedirectResponse, values: dict[str, Any], settings: Settings) -> Response:
    until = (clock.now() + LASTS).timestamp()
    response.set_cookie(
        COOKIE,
        _serializer(settings).dumps({"values": values, "until": until}),
        max_age=int(LASTS.total_seconds()),
        path=COOKIE_PATH,
        httponly=True,
        samesite="lax",
        secure=settings.console_url.startswith("https://"),
    )
    response.headers.update(sign_in.NO_STORE)
    return response


def _remembered(request: Request, settings: Settings) -> dict[str, Any] | None:
    try:
        stored: Any = _serializer(settings).loads(request.cookies.get(COOKIE, ""))
    except BadData:
        return None
    return stored["values"] if clock.now().timestamp() < stored["until"] else None


def _forget(response: Response, settings: Settings) -> Response:
    response.delete_cookie(
        COOKIE, path=COOKIE_PATH, httponly=True, samesite="lax", secure=settings.console_url.startswith("https://")
    )
    return response


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(settings.signing_keys())), salt="spirit.sign-in-by-provider")
