"""Home, the coaches, one coach."""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.gym import the_gym
from core.images.delivery import Delivery
from core.schedule import queries
from public_site.cache import ALWAYS, Build, SharedPages
from public_site.templating import page_text
from public_site.transact import services_of


async def home(request: Request) -> Response:
    return await _shared(request).answer(request, "home", _all("home.html", services_of(request).pictures))


async def all_coaches(request: Request) -> Response:
    return await _shared(request).answer(request, "coaches", _all("coaches.html", services_of(request).pictures))


async def coach(request: Request) -> Response:
    slug, pictures = request.path_params["coach"], services_of(request).pictures

    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        found = queries.get_coach(session, slug)
        lessons = [lesson for lesson in found.lessons if lesson.active]
        context = {"gym": the_gym(session), "coach": found, "lessons": lessons, "pictures": pictures}
        return page_text("coach.html", context), ALWAYS

    return await _shared(request).answer(request, ("coach", slug), build, coach=slug)


def _all(template: str, pictures: Delivery) -> Build:
    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        coaches = queries.published_coaches(session, photos=True)
        return page_text(template, {"gym": the_gym(session), "coaches": coaches, "pictures": pictures}), ALWAYS

    return build


def _shared(request: Request) -> SharedPages:
    pages: SharedPages = request.app.state.pages
    return pages
