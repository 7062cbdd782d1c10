"""Idempotent replay of the booking form: the booking that a form with this key has made; the key proves whose form it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.bookings.models import Booking, Status
from core.bookings.queries import find_by_form_key
from core.errors import SpiritError
from core.gym.models import Gym, the_gym
from core.http.schema_bases import utc_text
from core.schedule.bookable import other_times
from public_site.templating import render
from public_site.transact import now, read, read_after


@dataclass(frozen=True)
class BookedView:
    """The data of the page about a booking that the form has made."""

    gym: Gym
    booking: Booking
    status: Status  # at this instant
    other_times: str  # the address of a page with other times


async def find(request: Request, key: str) -> BookedView | None:
    """The booking made by the form with this key; None when the form was not sent, or made none."""
    return await read(request, _view, key, now()) if key else None


async def find_after(error: SpiritError, request: Request, values: Mapping[str, str]) -> BookedView | None:
    """The booking made by a form that was sent again for the same time and refused with `error`. Raises `error` if unreadable."""
    key = values.get("idempotency_key", "")
    earlier = await read_after(error, request, _view, key, now()) if key else None
    same_time = earlier is not None and utc_text(earlier.booking.starts_at) == values.get("starts_at")
    return earlier if same_time else None


def page(request: Request, view: BookedView, *, status: int = 200) -> Response:
    """Render the page about the earlier booking."""
    context = {"gym": view.gym, "view": view, "zone": view.booking.coach.zone}
    return render(request, "booked.html", context, status=status)


def _view(session: Session, key: str, at: datetime) -> BookedView | None:
    booking = find_by_form_key(session, key)
    if booking is None:
        return None
    return BookedView(the_gym(session), booking, booking.status_at(at), other_times(booking.coach, booking.lesson))
