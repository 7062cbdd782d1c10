"""E-mail confirmation of a request that holds no time yet: GET shows it and changes nothing, POST makes the request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import tasks
from core.bookings import queries, request_limits
from core.bookings.lesson_request import read_start
from core.bookings.models import Booking
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.errors import NotAsShown, SlotUnavailable, SpiritError, TooMany, Unavailable
from core.gym.models import Gym, the_gym
from core.http import problem_json
from core.http.request import services_of
from core.schedule.availability import Slot
from public_site.forms import read_form
from public_site.templating import render
from public_site.transact import now, read, transact


@dataclass(frozen=True)
class ConfirmationView:
    """The data of the page."""

    gym: Gym
    booking: Booking  # stored once it is confirmed; before, what it would be, in no table
    is_confirmed: bool
    next_slots: Sequence[Slot] = ()  # other times, where this one is taken


async def mail_sent(request: Request, waiting: UnconfirmedRequest) -> Response:
    """The answer to the booking form, 202: a page that sends the family to its mailbox."""
    view = await read(request, _view, waiting.id, waiting.serial, now())
    if view.is_confirmed:
        return RedirectResponse(request.app.url_path_for("booking", handle=view.booking.handle), 303)
    return render(
        request, "confirm_sent.html", {"gym": view.gym, "booking": view.booking, "zone": _zone(view)}, status=202
    )


async def show(request: Request) -> Response:
    """GET /requests/{token}: the unconfirmed request with its button; 303 to the booking once it is confirmed."""
    view = await read(request, _view, *_ids(request), now())
    if view.is_confirmed:
        return RedirectResponse(request.app.url_path_for("booking", handle=view.booking.handle), 303)
    return _page(request, view)


async def confirm(request: Request) -> Response:
    """POST /requests/{token}: confirm; 303 to the booking. Raises NotFound; as `request_limits.confirm`."""
    request_id, serial = _ids(request)
    values = await read_form(request)
    starts_at = read_start(values["next_start"]) if values.get("next_start") else None
    view = await read(request, _view, request_id, serial, now())
    try:
        booking = await transact(
            request,
            lambda tx: request_limits.confirm(
                tx.session,
                tx.coach,
                request_id,
                serial,
                starts_at=starts_at,
                agreed=values.get("agreed") == "yes",
                now=tx.now,
            ),
            coach=view.booking.coach_id,
        )
    except (NotAsShown, SlotUnavailable, TooMany, Unavailable) as error:
        return _page(request, view, error)
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    return RedirectResponse(request.app.url_path_for("booking", handle=booking.handle), 303)


def _view(session: Session, request_id: int, serial: int, at: datetime) -> ConfirmationView:
    waiting = request_limits.get_unconfirmed(session, request_id, serial, now=at)
    if waiting.booking_id is not None:
        return ConfirmationView(the_gym(session), queries.get_booking(session, waiting.booking_id), is_confirmed=True)
    return ConfirmationView(the_gym(session), waiting.as_booking(), is_confirmed=False)


def _page(request: Request, view: ConfirmationView, error: SpiritError | None = None) -> Response:
    length = timedelta(minutes=view.booking.lesson.minutes)
    starts = error.next_slots if isinstance(error, SlotUnavailable) else ()
    context = {
        "gym": view.gym,
        "booking": view.booking,
        "zone": _zone(view),
        "error": error,
        "agreed": isinstance(error, NotAsShown),
        "next_slots": [Slot(start, start + length, requires_approval=True) for start in starts],
    }
    status, headers = (problem_json.status_of(error), problem_json.headers_of(error)) if error else (200, {})
    return render(request, "confirm.html", context, status=status, headers=headers)


def _zone(view: ConfirmationView) -> object:
    return view.booking.coach.zone


def _ids(request: Request) -> tuple[int, int]:
    return services_of(request).signer.read_confirm(request.path_params["token"])
