"""Cached pages: home, the list of coaches, one coach."""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.content.campaigns import running_campaign
from core.content.products import products
from core.gym.models import the_gym
from core.http.request import services_of
from core.images.picture_urls import pictures_of
from core.schedule import queries
from public_site.page_cache import ALWAYS, SharedPages
from public_site.templating import page_text

FROM_THE_SHOP = 3  # products on the home page


async def home(request: Request) -> Response:
    """GET /: home; cached until its content changes, or the day comes on which a campaign begins or ends."""
    services = services_of(request)

    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        campaign, until = running_campaign(session, services.settings.zone, now=now)
        context = {
            "gym": the_gym(session),
            "campaign": campaign,
            "coaches": queries.published_coaches(session, photos=True),
            "products": products(session, most=FROM_THE_SHOP),
            "pictures": pictures_of(services),
        }
        return page_text("home.html", context), until or ALWAYS

    return await _shared(request).answer(request, "home", build)


async def all_coaches(request: Request) -> Response:
    """GET /coaches: the published coaches."""
    pictures = pictures_of(services_of(request))

    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        coaches = queries.published_coaches(session, photos=True)
        return page_text("coaches.html", {"gym": the_gym(session), "coaches": coaches, "pictures": pictures}), ALWAYS

    return await _shared(request).answer(request, "coaches", build)


async def coach(request: Request) -> Response:
    """GET /coaches/{coach}: one coach with her lesson types. Raises NotFound, NoLongerOffered."""
    slug, pictures = request.path_params["coach"], pictures_of(services_of(request))

    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        row = queries.get_coach(session, slug)
        lessons = [lesson for lesson in row.lessons if lesson.active]
        context = {"gym": the_gym(session), "coach": row, "lessons": lessons, "pictures": pictures}
        return page_text("coach.html", context), ALWAYS

    return await _shared(request).answer(request, ("coach", slug), build, coach=slug)


def _shared(request: Request) -> SharedPages:
    pages: SharedPages = request.app.state.pages
    return pages
