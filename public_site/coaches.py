"""Home, the coaches, one coach."""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.gym import the_gym
from core.schedule import queries
from public_site.cache import ALWAYS, Build, SharedPages
from public_site.templating import page_text


async def home(request: Request) -> Response:
    return await _shared(request).answer(request, "home", _all("home.html"))


async def all_coaches(request: Request) -> Response:
    return await _shared(request).answer(request, "coaches", _all("coaches.html"))


async def coach(request: Request) -> Response:
    slug = request.path_params["coach"]

    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        found = queries.get_coach(session, slug)
        lessons = [lesson for lesson in found.lessons if lesson.active]
        return page_text("coach.html", {"gym": the_gym(session), "coach": found, "lessons": lessons}), ALWAYS

    return await _shared(request).answer(request, ("coach", slug), build, coach=slug)


def _all(template: str) -> Build:
    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        context = {"gym": the_gym(session), "coaches": queries.published_coaches(session)}
        return page_text(template, context), ALWAYS

    return build


def _shared(request: Request) -> SharedPages:
    pages: SharedPages = request.app.state.pages
    return pages
