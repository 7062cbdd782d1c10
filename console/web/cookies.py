"""
The session cookie: HttpOnly, SameSite=Lax, with https also Secure and under the `__Host-` prefix.

One parser reads it for gate, sign-in, API and Streamlit's script. Other products' cookies are skipped, however broken.
"""

from collections.abc import Iterable
from datetime import timedelta

from starlette.requests import cookie_parser
from starlette.responses import Response

from core.people.sessions import ABSOLUTE, find_session
from core.platform import clock
from core.platform.db import Database
from core.platform.settings import Settings

DEVICE, DEVICE_LASTS = "spirit_device", timedelta(days=365)
MAX_SAME_NAME = 5  # each is looked up, so a browser cannot make us look for long


def cookie_name(settings: Settings) -> str:
    """The session cookie's name; with https its `__Host-` prefix keeps other hosts from setting it."""
    return "__Host-spirit_staff" if _is_https(settings) else "spirit_staff"


def tokens_in(headers: Iterable[str], settings: Settings) -> list[str]:
    """All session tokens of a request, in the browser's order: another program on the same host may have set one too."""
    name = cookie_name(settings)
    chunks = (chunk for header in headers for chunk in header.split(";"))
    tokens = (cookie_parser(chunk).get(name) for chunk in chunks)
    return list(dict.fromkeys(token for token in tokens if token))[:MAX_SAME_NAME]


def token_in(headers: Iterable[str], settings: Settings, database: Database) -> str | None:
    """
    The session token of a request: of several the first with a live session, else the first; None without any.

    Reads the database only where there are several.
    """
    tokens = tokens_in(headers, settings)
    if len(tokens) < 2:
        return tokens[0] if tokens else None
    with database.read() as session:
        live = (token for token in tokens if find_session(session, token, now=clock.now()) is not None)
        return next(live, tokens[0])


def set_token(response: Response, token: str, settings: Settings) -> None:
    """Set the session cookie, for as long as a session may last (sessions.ABSOLUTE)."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_is_https(settings),
    )


def forget_token(response: Response, settings: Settings) -> None:
    """Delete the session cookie."""
    response.delete_cookie(cookie_name(settings), httponly=True, samesite="lax", secure=_is_https(settings))


def remember_device(response: Response, marks: str, settings: Settings) -> None:
    """Set the cookie of known devices, for a year; only the sign-in reads it, and it authenticates nobody."""
    response.set_cookie(
        DEVICE,
        marks,
        max_age=int(DEVICE_LASTS.total_seconds()),
        path="/sign-in",
        httponly=True,
        samesite="lax",
        secure=_is_https(settings),
    )


def _is_https(settings: Settings) -> bool:
    return settings.console_url.startswith("https://")
