"""iCalendar feed of a coach's lessons, behind a secret address that she can renew."""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.bookings.lists import lessons_for_feed
from core.errors import NotFound
from core.http.request import services_of
from core.mail.calendar import feed
from core.platform.settings import Settings
from core.schedule.models import Coach
from public_site.transact import now, read


async def calendar_feed(request: Request) -> Response:
    """GET /calendar/{feed}.ics: the feed. Raises NotFound for a renewed address, and for a disabled coach."""
    services = services_of(request)
    coach_id, feed_version = services.signer.read_feed(request.path_params["feed"])
    file = await read(request, _file, coach_id, feed_version, services.settings, now())
    return Response(file, media_type="text/calendar")


def _file(session: Session, coach_id: int, feed_version: int, settings: Settings, at: datetime) -> bytes:
    coach = session.get(Coach, coach_id)
    if coach is None or coach.feed_version != feed_version or coach.account.disabled_at is not None:
        raise NotFound
    return feed(coach, lessons_for_feed(session, coach_id, now=at), settings=settings, now=at)
