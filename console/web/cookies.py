"""
The session's cookie: unreadable for scripts, never sent by other people's pages, with https under a name that says so.

One parser reads it for gate, sign-in, API and Streamlit's script. Other products' cookies are passed over, however broken.
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
    """With https the prefix keeps other hosts from setting it."""
    return "__Host-spirit_staff" if _is_https(settings) else "spirit_staff"


def tokens_in(headers: Iterable[str], settings: Settings) -> list[str]:
    """What the browser sent under our name, in its order: a neighbour on the same host may have set another one."""
    name = cookie_name(settings)
    chunks = (chunk for header in headers for chunk in header.split(";"))
    found = (cookie_parser(chunk).get(name) for chunk in chunks)
    return list(dict.fromkeys(token for token in found if token))[:MAX_SAME_NAME]


def token_in(headers: Iterable[str], settings: Settings, database: Database) -> str | None:
    """The one that stands for a live session, the first of them otherwise; None where there is none. Reads the database."""
    tokens = tokens_in(headers, settings)
    if len(tokens) < 2:
        return tokens[0] if tokens else None
    with database.read() as session:
        live = (token for token in tokens if find_session(session, token, now=clock.now()) is not None)
        return next(live, tokens[0])


def set_token(response: Response, token: str, settings: Settings) -> None:
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_is_https(settings),
    )


def forget_token(response: Response, settings: Settings) -> None:
    response.delete_cookie(cookie_name(settings), httponly=True, samesite="lax", secure=_is_https(settings))


def remember_device(response: Response, marks: str, settings: Settings) -> None:
    """For a year; read by the sign-in alone, and it opens nothing."""
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
