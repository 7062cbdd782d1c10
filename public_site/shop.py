"""The shop's page: products that the gym sells at its desk."""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.content.products import products
from core.gym.models import the_gym
from core.http.request import services_of
from core.images.picture_urls import pictures_of
from public_site.page_cache import ALWAYS, SharedPages
from public_site.templating import page_text


async def shop(request: Request) -> Response:
    """GET /shop: cached until its content changes."""
    pictures = pictures_of(services_of(request))

    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        context = {"gym": the_gym(session), "products": products(session), "pictures": pictures}
        return page_text("shop.html", context), ALWAYS

    pages: SharedPages = request.app.state.pages
    return await pages.answer(request, "shop", build)
