"""A family's request: made, looked at, cancelled, its link mailed again, taken over into a calendar."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import tasks
from core.bookings import changes, queries
from core.bookings.history import PARENT_ON_SITE
from core.bookings.lesson_request import LessonRequest
from core.bookings.mail_status import DeliveryStatus, family_status, masked
from core.bookings.models import Booking, Status
from core.bookings.request_limits import request_from
from core.bookings.sentences import Overturned, overturned
from core.bookings.terms import Terms, terms_of
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
from core.http import problems
from core.http.request import services_of
from core.mail.calendar import calendar_file
from core.mail.family_mail import send_link_again
from core.platform.numbers import whole_number
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
    """
    What the family's page shows. status: as it stands at this instant; past its expiry a request has expired.

    answerer: who has to answer, the gym where the coach does not work here any more. other_times: where there are some.
    mail: whether the mail about this state has left, for `address` (masked, for a typing mistake to be seen).
    can_be_mailed: whether that mail can be sent again.
    terms: of cancelling, as agreed to. overturned: what it had come to before it was approved after all.
    """

    gym: Gym
    booking: Booking
    status: Status
    has_begun: bool
    can_be_cancelled: bool
    terms: Terms
    would_be_late: bool
    answerer: str
    other_times: str
    mail: DeliveryStatus
    address: str
    can_be_mailed: bool
    overturned: Overturned | None

    @property
    def free_until(self) -> datetime:
        return self.terms.free_until(self.booking.starts_at)


async def create(request: Request) -> Response:
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
        if (earlier := await form_replays.find_after(error, request, values)) is not None:
            return form_replays.page(request, earlier, status=problems.status_of(error))
        return await lesson_form.again(request, values, error)
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    if isinstance(made, UnconfirmedRequest):
        return await confirmations.asked(request, made)
    return RedirectResponse(request.app.url_path_for("booking", handle=made.handle), 303)


async def show(request: Request) -> Response:
    view = await read(request, _view, request.path_params["handle"], now())
    return _page(request, view)


async def cancel(request: Request) -> Response:
    values = await read_form(request)
    handle = request.path_params["handle"]
    booking = await read(request, queries.get_by_handle, handle)
    try:
        await transact(
            request,
            lambda tx: changes.cancel(
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
    """The link once more, to the address on record. The same answer whether a mail was written or there were enough."""
    handle = request.path_params["handle"]
    booking = await read(request, queries.get_by_handle, handle)
    await transact(
        request, lambda tx: send_link_again(tx.session, tx.coach, booking.id, now=tx.now), coach=booking.coach_id
    )
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    return RedirectResponse(f"{request.app.url_path_for('booking', handle=handle)}?{ASKED_FOR_MAIL}=1", 303)


async def calendar(request: Request) -> Response:
    """The lesson for a calendar; 404 while it is not confirmed."""
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
    """Of a hidden field; None where it is missing or was tampered with."""
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
    status, headers = (problems.status_of(error), problems.headers_of(error)) if error else (200, {})
    return render(request, "booking.html", context, status=status, headers=headers)
