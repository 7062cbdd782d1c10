"""The session's cookie: unreadable for scripts, never sent by other people's pages, with https under a name that says so."""

from collections.abc import Mapping

from starlette.responses import Response

from core.people.sessions import ABSOLUTE
from core.settings import Settings


def cookie_name(settings: Settings) -> str:
    """With https the prefix keeps other hosts from setting it."""
    return "__Host-spirit_staff" if _is_https(settings) else "spirit_staff"


def token_in(cookies: Mapping[str, str], settings: Settings) -> str | None:
    """The session's token, if the browser sent one."""
    return cookies.get(cookie_name(settings)) or None


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


def _is_https(settings: Settings) -> bool:
    return settings.console_url.startswith("https://")
