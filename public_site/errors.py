"""Exception handlers of the site: an error page, or a problem document (RFC 9457) under /api."""

from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core.errors import AddressMoved, Invalid, NoLongerOffered, OutcomeUnknown, SpiritError
from core.http import problem_json
from core.http.request import services_of
from core.http.request_body import BodyTooLarge
from public_site.templating import orjson_response, render


async def rule_error(request: Request, error: Exception) -> Response:
    """The answer to a SpiritError: its status, code and sentences; a redirect for an address that has moved."""
    assert isinstance(error, SpiritError)
    if isinstance(error, AddressMoved):
        return _moved(request, error)
    if problem_json.status_of(error) == 500:
        raise error
    document, headers = problem_json.problem(error), problem_json.headers_of(error)
    coach = error.coach if isinstance(error, NoLongerOffered) else None
    return _answer(request, document, headers, sentences=_sentences(error), coach=coach)


def _moved(request: Request, error: AddressMoved) -> Response:
    """A redirect to the same page under the lesson's current address."""
    _, coaches, coach, _, *rest = request.url.path.split("/")
    path = "/".join(["", coaches, coach, error.lesson_slug, *rest])
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(path + query, 301, headers={"Cache-Control": "no-cache"})  # it may move again


async def http_error(request: Request, error: Exception) -> Response:
    """The answer to an HTTPException: an unknown address, a wrong method, a content type …"""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase  # what Starlette says when nobody gave it words
    own_words = error.detail if error.detail != phrase else None
    code = "bearer" if error.status_code == 401 else None
    document = problem_json.problem_of_status(error.status_code, code=code, detail=own_words)
    return _answer(request, document, dict(error.headers or {}))


async def server_error(request: Request, error: Exception) -> Response:
    """500, for any other exception. The edge has logged it, with the request's id."""
    return _answer(request, problem_json.problem_of_status(500), {})


def wants_json(request: Request) -> bool:
    """Whether the answer is a problem document: everywhere under /api."""
    return request.url.path.startswith("/api/")


def _answer(
    request: Request,
    document: dict[str, Any],
    headers: dict[str, str],
    *,
    sentences: list[str] | None = None,
    coach: tuple[str, str] | None = None,
) -> Response:
    """Render the error. coach: slug and name, where her other lessons are an alternative."""
    headers = {**headers, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    if wants_json(request):
        return orjson_response(document, document["status"], headers=headers, media_type=problem_json.MEDIA_TYPE)
    console_url = (
        services_of(request).settings.console_url
        if request.url.path.startswith(("/approvals/", "/rehearsals/"))
        else None
    )
    context = {
        "problem": document,
        "sentences": sentences or [document["detail"]],
        "console_url": console_url,
        "look_here": _page_of_it(request) if document["code"] == OutcomeUnknown.code else None,
        "coach": coach,
    }
    return render(request, "problem.html", context, status=document["status"], headers=headers)


def _page_of_it(request: Request) -> str | None:
    """The path of the page that shows whether a form was saved: the booking's, or the coach's of one request."""
    parts = request.url.path.split("/")
    return "/".join(parts[:3]) if len(parts) > 2 and parts[1] in ("bookings", "approvals", "rehearsals") else None


def _sentences(error: SpiritError) -> list[str]:
    return list(error.fields.values()) if isinstance(error, Invalid) else [str(error)]


async def too_large(request: Request, error: Exception) -> Response:
    """413, for a body over its limit."""
    return _answer(request, problem_json.problem_of_status(413), {})


HANDLERS: dict[Any, Any] = {
    BodyTooLarge: too_large,
    SpiritError: rule_error,
    HTTPException: http_error,
    Exception: server_error,
}
