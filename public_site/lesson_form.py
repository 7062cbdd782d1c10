"""The booking form for one slot: empty, or filled in again with the values typed and a message by field."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.bookings import form_conflicts, slots
from core.bookings.cancellation_terms import announced, announcement, gyms_terms
from core.bookings.lesson_request import Shown, read_id, read_start
from core.errors import Invalid, NotAsShown, NotFound, SlotUnavailable, SpiritError
from core.gym.models import Gym, the_gym
from core.http import problem_json
from core.platform.mistyped_addresses import likely_meant
from core.schedule import queries
from core.schedule.availability import Slot
from core.schedule.models import Coach, LessonType
from public_site import form_replays, rate_limits
from public_site.templating import render
from public_site.transact import now, read_after, search

HIDDEN = ("coach_id", "lesson_id", "starts_at", *Shown.model_fields)
EMAIL_ASKED_ABOUT = "email_asked_about"
TYPED = ("customer_name", "customer_email", "customer_phone", "athlete_name", "notes")


@dataclass(frozen=True)
class FormView:
    """The data of the form's page."""

    gym: Gym
    coach: Coach
    lesson: LessonType
    slot: Slot  # the requested time; requires_approval as of now
    key: str  # the form's idempotency key
    values: Mapping[str, str] = field(default_factory=dict)  # typed, by field
    errors: Mapping[str, str] = field(default_factory=dict)  # a sentence by field
    notice: str = ""  # a sentence about the whole form
    next_slots: list[Slot] = field(default_factory=list)  # other free times, where this one is not free
    title: str = ""  # a heading that says so
    email_asked_about: str = ""  # the address for which the page asks "Did you mean …?"


async def fresh(request: Request) -> Response:
    """
    GET /coaches/{coach}/{lesson}/request?start=: an empty form with a new key; 409 with other times when this is not free.

    `?form=` is the key of a form that was sent from here (static/form.js). Where it made a booking, that is shown; it never
    becomes the new form's key, since whoever sent the address to somebody else would know it.

    Raises:
        Invalid, NotFound, NoLongerOffered, AddressMoved: no such time, coach or lesson.
        TooMany: the rate limit of searches.
    """
    if (earlier := await form_replays.find(request, request.query_params.get("form", ""))) is not None:
        return form_replays.page(request, earlier)
    rate_limits.check_search(request)
    starts_at = read_start(request.query_params.get("start", ""))
    slug, lesson_slug = request.path_params["coach"], request.path_params["lesson"]
    view = await search(request, _fresh, slug, lesson_slug, starts_at, now())
    gone = bool(view.notice)
    return _answer(request, "gone.html" if gone else "form.html", view, 409 if gone else 200)


async def again(request: Request, values: Mapping[str, str], error: SpiritError) -> Response:
    """Render the form again, with the values typed and the error. Raises the error where there is no such form."""
    if isinstance(error, Invalid) and not error.fields.keys().isdisjoint(HIDDEN):  # a hidden field: not from our form
        raise error
    coach_id, lesson_id = (read_id(values[name]) for name in ("coach_id", "lesson_id"))
    starts_at = read_start(values["starts_at"])
    view = await read_after(error, request, _again, coach_id, lesson_id, starts_at, values, error, now())
    return _answer(request, "form.html", view, problem_json.status_of(error), problem_json.headers_of(error))


def _fresh(session: Session, slug: str, lesson_slug: str, starts_at: datetime, at: datetime) -> FormView:
    coach, lesson, _ = queries.get_offered(session, slug, lesson_slug)
    try:
        slot = slots.check_offered(session, coach, lesson, starts_at, now=at)
    except SlotUnavailable as gone:
        return _view(session, coach, lesson, starts_at, notice=str(gone), gone=gone)
    return FormView(the_gym(session), coach, lesson, slot, new_key())


def _again(
    session: Session,
    coach_id: int,
    lesson_id: int,
    starts_at: datetime,
    values: Mapping[str, str],
    error: SpiritError,
    at: datetime,
) -> FormView:
    try:
        coach = queries.get_coach_by_id(session, coach_id)
        lesson = queries.get_lesson_by_id(coach, lesson_id)
    except NotFound:
        raise error from None
    typed = {name: values.get(name, "") for name in TYPED}
    errors = {**email_question(values), **(error.fields if isinstance(error, Invalid) else {})}
    unseen = [sentence for name, sentence in errors.items() if name not in TYPED]
    notice = " ".join(unseen) if isinstance(error, Invalid) else str(error)
    changes = _changes(session, coach, lesson, starts_at, values, at) if not isinstance(error, NotAsShown) else {}
    notice = " ".join([*changes.values(), notice]).strip()
    gone = error if isinstance(error, SlotUnavailable) else None
    key = values.get("idempotency_key", "")
    usable = "idempotency_key" not in errors and key and error.code != "idempotency_mismatch"
    return _view(
        session, coach, lesson, starts_at,
        key=key if usable else new_key(), values=typed, errors=errors, notice=notice, gone=gone,
    )  # fmt: skip


def email_question(values: Mapping[str, str]) -> dict[str, str]:
    """A "Did you mean …?" for a likely mistyped address, by field; empty for others, and for one confirmed by a second press."""
    address = values.get("customer_email", "").strip()
    meant = likely_meant(address)
    if meant is None or values.get(EMAIL_ASKED_ABOUT) == address:
        return {}
    return {"customer_email": f"Did you mean {meant}? If {address} is right, press the button once more."}


def _changes(
    session: Session,
    coach: Coach,
    lesson: LessonType,
    starts_at: datetime,
    values: Mapping[str, str],
    at: datetime,
) -> Mapping[str, str]:
    """Sentences about what has changed since the form was shown: it comes back with today's values, and must say so."""
    seen = Shown.model_validate({name: values[name] for name in Shown.model_fields if name in values})
    slot = _slot(session, coach, lesson, starts_at, at)
    return form_conflicts.lesson_changes(seen, coach, lesson, slot, the_gym(session), now=at)


def _slot(session: Session, coach: Coach, lesson: LessonType, starts_at: datetime, at: datetime) -> Slot:
    """The requested time as a slot, free or not."""
    rules = slots.rules_for(session, coach, lesson, first_on=starts_at.date(), last_on=starts_at.date())
    return Slot(starts_at, starts_at + timedelta(minutes=lesson.minutes), rules.asks_at(starts_at, at))


def _view(
    session: Session,
    coach: Coach,
    lesson: LessonType,
    starts_at: datetime,
    *,
    key: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    notice: str = "",
    gone: SlotUnavailable | None = None,
) -> FormView:
    slot = _slot(session, coach, lesson, starts_at, now())
    next_slots, title = (_slots(lesson, gone), gone.title) if gone else ([], "")
    address = (values or {}).get("customer_email", "").strip()
    return FormView(
        the_gym(session), coach, lesson, slot, key, values or {}, errors or {}, notice, next_slots, title,
        email_asked_about=address if likely_meant(address) else "",
    )  # fmt: skip


def _slots(lesson: LessonType, gone: SlotUnavailable) -> list[Slot]:
    length = timedelta(minutes=lesson.minutes)
    return [Slot(start, start + length, requires_approval=True) for start in gone.next_slots]


def _answer(
    request: Request, template: str, view: FormView, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    terms, starts_at, at = gyms_terms(view.gym), view.slot.starts_at, now()
    context = {
        "gym": view.gym,
        "view": view,
        "zone": view.coach.zone,
        "cancelling": announcement(terms, starts_at, now=at),
        "shown": {
            "price_cents": view.lesson.price_cents,
            "minutes": view.lesson.minutes,
            "requires_approval": "true" if view.slot.requires_approval else "false",
            "cancelling": announced(terms, starts_at, now=at),
        },
    }
    return render(request, template, context, status=status, headers=headers)


def new_key() -> str:
    """A new idempotency key: the same form sent twice is one booking."""
    return secrets.token_urlsafe(18)
