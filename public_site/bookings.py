"""A family's booking: create, show, cancel, mail the link again, calendar file."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import tasks
from core.bookings import cancellation, queries
from core.bookings.cancellation_terms import Terms, terms_of
from core.bookings.lesson_request import LessonRequest
from core.bookings.mail_status import DeliveryStatus, family_status, masked
from core.bookings.models import Booking, Status
from core.bookings.request_limits import request_from
from core.bookings.sentences import Overturned, overturned
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.errors import (
    IdempotencyMismatch,
    Invalid,
    NotAsShown,
    OutcomeUnknown,
    SlotUnavailable,
    SpiritError,
    TooMany,
    Unavailable,
)
from core.gym.models import Gym, the_gym
from core.http import problem_json
from core.http.request import services_of
from core.mail.calendar import calendar_file
from core.mail.family_mail import send_link_again
from core.platform.actor import PARENT_ON_SITE
from core.platform.number_parsing import whole_number
from core.schedule.bookable import other_times
from public_site import confirmations, form_replays, lesson_form, rate_limits
from public_site.forms import read_form
from public_site.templating import render
from public_site.transact import now, read, read_after, transact

ASKED_FOR_MAIL = "mail"
CAN_BE_MAILED = (DeliveryStatus.SENT, DeliveryStatus.WAITING, DeliveryStatus.FAILED)
SEND_AGAIN = (
    "We are not sure whether this was saved. Please send the same form once more: it is counted once, never twice. "
    "If a mail from us is in your mailbox, it was saved."
)
ASKS_AGAIN = (Invalid, NotAsShown, SlotUnavailable, TooMany, Unavailable, IdempotencyMismatch)


@dataclass(frozen=True)
class BookingView:
    """The data of the family's page."""

    gym: Gym
    booking: Booking
    status: Status  # at this instant: past its expiry a request is expired, swept or not
    has_begun: bool
    can_be_cancelled: bool
    terms: Terms  # of cancelling, as agreed to
    would_be_late: bool  # to cancel it now
    answerer: str  # who has to answer: the coach, or the gym where she does not work here any more
    other_times: str  # the address of a page with other times
    mail: DeliveryStatus  # of the mail about this status
    address: str  # of that mail, masked, so that a typing mistake can be seen
    can_be_mailed: bool  # that mail can be sent again
    overturned: Overturned | None  # the outcome before it was approved after all

    @property
    def free_until(self) -> datetime:
        """Until when cancelling is free."""
        return self.terms.free_until(self.booking.starts_at)


async def create(request: Request) -> Response:
    """
    POST /bookings: request a lesson; 303 to its page, or 202 where the family confirms it by mail first.

    Idempotent by the form's key. A request that is refused shows the form again, with all that was typed.
    """
    values = await read_form(request)
    if next_start := values.pop("next_start", ""):
        values["starts_at"] = next_start
    typed = {name: value for name, value in values.items() if name != lesson_form.EMAIL_ASKED_ABOUT}
    try:
        wanted = LessonRequest.parse(typed, country=services_of(request).settings.country)
        if question := lesson_form.email_question(values):
            raise Invalid(question)
        network = rate_limits.network_hash(request)
        made = await transact(
            request,
            lambda tx: request_from(tx.session, tx.coach, wanted, by=PARENT_ON_SITE, network=network, now=tx.now),
            coach=wanted.coach_id,
        )
    except OutcomeUnknown:
        return await lesson_form.again(request, values, OutcomeUnknown(SEND_AGAIN))
    except ASKS_AGAIN as error:
        # the form was sent before and has made a booking: refused now, perhaps because of that very booking
        if (earlier := await form_replays.find_after(error, request, values)) is not None:
            return form_replays.page(request, earlier, status=problem_json.status_of(error))
        return await lesson_form.again(request, values, error)
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    if isinstance(made, UnconfirmedRequest):
        return await confirmations.mail_sent(request, made)
    return RedirectResponse(request.app.url_path_for("booking", handle=made.handle), 303)


async def show(request: Request) -> Response:
    """GET /bookings/{handle}: the booking's state, and what happens next. Raises NotFound."""
    view = await read(request, _view, request.path_params["handle"], now())
    return _page(request, view)


async def cancel(request: Request) -> Response:
    """POST /bookings/{handle}/cancel: cancel on the terms that the page has shown. Raises NotFound; as `changes.cancel`."""
    values = await read_form(request)
    handle = request.path_params["handle"]
    booking = await read(request, queries.get_by_handle, handle)
    try:
        await transact(
            request,
            lambda tx: cancellation.cancel(
                tx.session,
                tx.coach,
                booking.id,
                by=PARENT_ON_SITE,
                reason=values.get("reason"),
                shown_costs=values.get("costs", ""),
                slot_version=_number(values.get("slot_version")),
                now=tx.now,
            ),
            coach=booking.coach_id,
        )
    except (Invalid, NotAsShown, Unavailable) as error:
        view = await read_after(error, request, _view, handle, now())
        return _page(request, view, error=error, reason=values.get("reason", ""))
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    return RedirectResponse(request.app.url_path_for("booking", handle=handle), 303)


async def mail_again(request: Request) -> Response:
    """POST /bookings/{handle}/mail-again: resend the link to the address on record; the same answer above the limit."""
    handle = request.path_params["handle"]
    booking = await read(request, queries.get_by_handle, handle)
    await transact(
        request, lambda tx: send_link_again(tx.session, tx.coach, booking.id, now=tx.now), coach=booking.coach_id
    )
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    return RedirectResponse(f"{request.app.url_path_for('booking', handle=handle)}?{ASKED_FOR_MAIL}=1", 303)


async def calendar(request: Request) -> Response:
    """GET /bookings/{handle}/lesson.ics: the lesson as an iCalendar file. Raises NotFound while it is not confirmed."""
    view = await read(request, _view, request.path_params["handle"], now())
    file = calendar_file(view.booking, view.gym, settings=services_of(request).settings, now=now())
    return Response(
        file, media_type="text/calendar", headers={"Content-Disposition": 'attachment; filename="lesson.ics"'}
    )


def _view(session: Session, handle: str, at: datetime) -> BookingView:
    booking, gym = queries.get_by_handle(session, handle), the_gym(session)
    status, terms = booking.status_at(at), terms_of(booking, gym)
    mail = family_status(session, booking, now=at)
    return BookingView(
        gym=gym,
        booking=booking,
        status=status,
        has_begun=at >= booking.starts_at,
        can_be_cancelled=status in (Status.PENDING, Status.APPROVED) and at < booking.starts_at,
        terms=terms,
        overturned=overturned(booking),
        would_be_late=status is Status.APPROVED and terms.is_late(booking.starts_at, at),
        answerer=booking.coach.name if booking.coach.account.disabled_at is None else gym.name,
        other_times=other_times(booking.coach, booking.lesson),
        mail=mail,
        address=masked(booking.customer_email),
        can_be_mailed=mail in CAN_BE_MAILED and at < booking.starts_at,
    )


def _number(text: str | None) -> int | None:
    """The number of a hidden field; None where it is missing or was tampered with."""
    return whole_number(text) if text else None


def _page(request: Request, view: BookingView, *, error: SpiritError | None = None, reason: str = "") -> Response:
    context = {
        "gym": view.gym,
        "view": view,
        "zone": view.booking.coach.zone,
        "error": error,
        "reason": reason,
        "asked_for_mail": ASKED_FOR_MAIL in request.query_params,
    }
    status, headers = (problem_json.status_of(error), problem_json.headers_of(error)) if error else (200, {})
    return render(request, "booking.html", context, status=status, headers=headers)
