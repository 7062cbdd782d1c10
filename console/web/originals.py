"""Originals of photos, only for staff who may change the image: an original's metadata may say where it was taken."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console.web import api_auth
from core.errors import NotFound
from core.http.request import services_of
from core.images.models import Image
from core.images.permissions import check_may_change
from core.images.queries import get_image
from core.images.uploads import original_path
from core.platform.actor import Actor
from core.platform.number_parsing import id_in
from core.platform.services import Services

HEADERS = {
    "Cache-Control": "private, max-age=600",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}


async def original(request: Request) -> Response:
    """GET /originals/{image_id}: the uploaded file. Raises SignInRefused; NotFound for another coach's too."""
    by = await api_auth.actor_of_request(request)
    image_id = id_in(request.path_params, "image_id")
    image, data = await run_in_threadpool(_original, services_of(request), image_id, by)
    return Response(data, media_type=f"image/{image.original_format}", headers=HEADERS)


def _original(services: Services, image_id: int, by: Actor) -> tuple[Image, bytes]:
    with services.database.read() as session:
        image = get_image(session, image_id)
        check_may_change(session, image, by)
    if not image.original_kept:
        raise NotFound("The original of this picture was not kept.")
    try:
        return image, services.originals.get(original_path(image.original_hash))
    except FileNotFoundError:
        raise NotFound("The original of this picture is not where it was kept.") from None
