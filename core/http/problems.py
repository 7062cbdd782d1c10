"""Errors as site and console tell them: a status, a short title, and `application/problem+json` (RFC 9457)."""

from datetime import UTC, datetime
from typing import Any

from core.errors import (
    AlreadyDecided,
    BookingCancelled,
    Gone,
    Invalid,
    NeedsAgreement,
    NoLongerOffered,
    NotAllowed,
    NotAsShown,
    NotFound,
    PictureInUse,
    PictureRejected,
    PictureTooLarge,
    PictureUnknown,
    Refused,
    RequestExpired,
    SignInRefused,
    SlotUnavailable,
    SpiritError,
    TooMany,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[SpiritError], int] = {
    NotFound: 404,
    NoLongerOffered: 410,
    Refused: 409,
    Gone: 410,
    Invalid: 422,
    PictureRejected: 422,
    PictureTooLarge: 413,
    PictureUnknown: 415,
    TooMany: 429,
    NotAllowed: 403,
    SignInRefused: 401,
    Unavailable: 503,
}
TITLES = {
    400: "We could not read this",
    401: "Please sign in",
    403: "This is not yours to do",
    404: "There is nothing here",
    405: "This cannot be done here",
    409: "That did not work out",
    410: "This link has come to its end",
    413: "That is too much at once",
    415: "We cannot read this kind of content",
    422: "Please look at this again",
    429: "One moment, please",
    500: "That was our mistake",
    503: "We could not save this just now",
}
TITLES_BY_CODE = {
    "slot_unavailable": "That time is gone",
    "already_decided": "This has been answered",
    "not_as_shown": "Something has changed",
    "needs_agreement": "Please look at this again",
    "booking_cancelled": "This was cancelled",
    "too_late": "The lesson has begun",
    "request_expired": "This request has expired",
    "link_replaced": "There is a newer mail",
    "outcome_unknown": "We are not sure whether this was saved",
    "no_longer_offered": "This is not offered any more",
}
CODES = {
    400: "unreadable",
    403: "csrf",
    404: "not_found",
    405: "method",
    413: "too_large",
    415: "content_type",
    500: "internal",
    503: "unavailable",
}
SENTENCES = {
    400: "What was sent could not be read. Please go back and try again.",
    404: "There is nothing at this address. It may have been mistyped, or cut off in a mail.",
    405: "This address is read in another way. Please go back and use the buttons of the page.",
    413: "What was sent is larger than we accept here.",
    415: "Please send this as the page or the documentation says.",
    500: "Something went wrong here, and it was our mistake. Please try again in a moment.",
    503: "We could not save this just now. Nothing was stored; please try again in a moment.",
}


def status_of(error: SpiritError) -> int:
    """The status of the nearest ancestor that has one; 500 for what should never reach a visitor."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(error: SpiritError) -> dict[str, Any]:
    """An error of the rules as a problem document, with what its reader can act on."""
    status = status_of(error)
    return {**_document(status, error.code, str(error)), **_details(error)}


def problem_of_status(status: int, *, code: str | None = None, detail: str | None = None) -> dict[str, Any]:
    """A problem that HTTP itself found: a wrong method, an unreadable body."""
    return _document(
        status, code or CODES.get(status, "http"), detail or SENTENCES.get(status, TITLES.get(status, "It failed."))
    )


def headers_of(error: SpiritError) -> dict[str, str]:
    """When to come back, for who is asked to wait."""
    return {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooMany | Unavailable) else {}


def utc_text(at: datetime) -> str:
    """ "2026-11-24T16:00:00Z": to the second, or the microsecond where there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _document(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": TITLES_BY_CODE.get(code) or TITLES.get(status, "It failed"),
        "status": status,
        "code": code,
        "detail": detail,
    }


def _details(error: SpiritError) -> dict[str, Any]:
    if isinstance(error, SlotUnavailable):
        next_slots = [utc_text(start) for start in error.next_slots]
        return {"title": error.title, "reason": error.reason, "nextSlots": next_slots}
    if isinstance(error, AlreadyDecided):
        return {"how": error.how, "when": utc_text(error.at), "by": error.by, "channel": error.channel}
    if isinstance(error, BookingCancelled | RequestExpired) and error.at is not None:
        return {"when": utc_text(error.at), "by": error.by, "channel": error.channel}
    if isinstance(error, NotAsShown):
        return {"changes": [{"field": _camel(name), "message": said} for name, said in error.changes.items()]}
    if isinstance(error, NeedsAgreement):
        return {"concerns": [{"name": name, "message": said} for name, said in error.concerns.items()]}
    if isinstance(error, PictureInUse):
        return {"uses": list(error.uses)}
    if isinstance(error, Invalid):
        return {"errors": [{"field": field, "message": message} for field, message in error.fields.items()]}
    return {}


def _camel(name: str) -> str:
    """ "price_cents" as JSON names it: "priceCents"."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
