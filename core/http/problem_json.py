"""Problem documents (RFC 9457) of errors: status, short title, and `application/problem+json`."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

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
from core.http.schema_bases import Answer, Instant, json_name
from core.schedule.refusal_reasons import Reason

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


class FieldProblem(Answer):
    field: str
    message: str


class NamedProblem(Answer):
    name: str
    message: str


class Problem(Answer):
    """What went wrong (RFC 9457). What follows `detail` is sent where the error has it."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str
    title: str
    status: int
    code: Annotated[str, Field(description="Stable; scripts may rely on it.")]
    detail: str
    reason: Annotated[str, Field(description="Why a time is not offered.", json_schema_extra={"enum": [*Reason]})] = ""
    next_slots: tuple[Instant, ...] = ()
    how: Annotated[str, Field(description="The booking's status.")] = ""
    when: Instant | SkipJsonSchema[None] = None
    by: str | None = None
    channel: str | None = None
    changes: tuple[FieldProblem, ...] = ()
    concerns: tuple[NamedProblem, ...] = ()
    uses: tuple[str, ...] = ()
    errors: tuple[FieldProblem, ...] = ()


def status_of(error: SpiritError) -> int:
    """HTTP status of an error, by its nearest ancestor that has one; 500 for what should never reach a visitor."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(error: SpiritError) -> dict[str, Any]:
    """An error of the rules as a problem document, with what its reader can act on."""
    status = status_of(error)
    return _problem(status, error.code, str(error), **_details(error))


def problem_of_status(status: int, *, code: str | None = None, detail: str | None = None) -> dict[str, Any]:
    """A problem that HTTP itself found: a wrong method, an unreadable body."""
    return _problem(
        status, code or CODES.get(status, "http"), detail or SENTENCES.get(status, TITLES.get(status, "It failed."))
    )


def headers_of(error: SpiritError) -> dict[str, str]:
    """Response headers of an error: Retry-After, where it has one."""
    return {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooMany | Unavailable) else {}


def _problem(status: int, code: str, detail: str, **details: Any) -> dict[str, Any]:
    title = TITLES_BY_CODE.get(code) or TITLES.get(status, "It failed")
    document = Problem(
        **{"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail} | details
    )
    return document.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _details(error: SpiritError) -> dict[str, Any]:
    """Only what this error has: what is not named here is not sent."""
    if isinstance(error, SlotUnavailable):
        return {"title": error.title, "reason": error.reason, "next_slots": error.next_slots}
    if isinstance(error, AlreadyDecided):
        return {"how": error.how, "when": error.at, "by": error.by, "channel": error.channel}
    if isinstance(error, BookingCancelled | RequestExpired) and error.at is not None:
        return {"when": error.at, "by": error.by, "channel": error.channel}
    if isinstance(error, NotAsShown):
        return {"changes": [FieldProblem(field=json_name(name), message=said) for name, said in error.changes.items()]}
    if isinstance(error, NeedsAgreement):
        return {"concerns": [NamedProblem(name=name, message=said) for name, said in error.concerns.items()]}
    if isinstance(error, PictureInUse):
        return {"uses": error.uses}
    if isinstance(error, Invalid):
        return {"errors": [FieldProblem(field=field, message=message) for field, message in error.fields.items()]}
    return {}
