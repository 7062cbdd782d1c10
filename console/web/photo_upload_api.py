"""Photo upload over HTTP, for the staff's own programs: multipart upload, and the image's progress."""

import asyncio

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response

import tasks
from console.web import api_auth
from console.web.schemas import Image, Rendition, Upload, Uploaded
from console.web.staff_api import json_answer
from core.errors import PictureTooLarge
from core.http.request import services_of
from core.http.request_body import BodyTooLarge
from core.images import intake, models, uploads
from core.images.permissions import check_may_change
from core.images.picture_urls import pictures_of
from core.images.queries import get_image, progress_of
from core.platform.actor import Actor
from core.platform.number_parsing import id_in
from core.platform.services import Services

FORM_BYTES = 64 * 1024  # the fields and the boundaries around the file
MAX_BODY_BYTES = intake.MAX_BYTES + FORM_BYTES
ARRIVES_WITHIN_S = 300  # the largest photo on a slow phone
IN_MEMORY_AT_ONCE = 2  # each may be as large as intake.MAX_BYTES
PART_BYTES = 1 << 20  # read at once from the spooled file
TOO_SLOW = "The file took too long to arrive. Please try again where the connection is better."

_in_memory = CapacityLimiter(IN_MEMORY_AT_ONCE)


async def upload(request: Request) -> Response:
    """
    POST /api/upload/image: 202 with the image, stored and waiting for its renditions; idempotent by the file's content.

    Raises:
        HTTPException: 400 for what arrives broken or too slowly, 403 when the CSRF check fails, 415 for another type.
        SignInRefused: no live session, no known key.
        PictureTooLarge, Invalid: the file or a field is refused.
    """
    who = await api_auth.may_change(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise HTTPException(415, "Please send multipart/form-data with the file, its type and alt.")
    services = services_of(request)
    try:
        async with (
            asyncio.timeout(ARRIVES_WITHIN_S),
            request.form(max_files=1, max_fields=2, max_part_size=FORM_BYTES) as form,
        ):
            sent = Upload.parse(dict(form.multi_items()))
            image = await to_thread.run_sync(_take_in, services, sent, who, limiter=_in_memory, abandon_on_cancel=False)
    except TimeoutError:
        raise HTTPException(400, TOO_SLOW) from None
    except BodyTooLarge:
        raise PictureTooLarge(intake.TOO_LARGE) from None
    except MultiPartException as error:
        raise HTTPException(400, error.message) from None
    await tasks.nudge(services, tasks.make_pictures)
    answer = await run_in_threadpool(_image, services, image.id, who.by)
    return json_answer(Uploaded(image=answer), 202)


async def show(request: Request) -> Response:
    """GET /api/images/{image_id}: an image's state, progress and renditions. Raises SignInRefused; NotFound for another coach's too."""
    by = await api_auth.actor_of_request(request)
    image_id = id_in(request.path_params, "image_id")
    return json_answer(await run_in_threadpool(_image, services_of(request), image_id, by))


def _take_in(services: Services, sent: Upload, who: api_auth.Caller) -> models.Image:
    """Read the file into memory and store it; under the limit of IN_MEMORY_AT_ONCE."""
    parts = iter(lambda: sent.file.file.read(PART_BYTES), b"")
    taken = intake.read(parts, name=sent.file.filename or "")
    return api_auth.run_as(
        services,
        who,
        lambda by: uploads.accept(services, taken, sent.type, alt=sent.alt, by=by),
    )


def _image(services: Services, image_id: int, by: Actor) -> Image:
    with services.database.read() as session:
        image = get_image(session, image_id)
        check_may_change(session, image, by)
        progress = progress_of(session, image)
    return Image.of(image, progress, [_rendition(services, file) for file in image.renditions])


def _rendition(services: Services, file: models.Rendition) -> Rendition:
    return Rendition(
        shape=file.shape,
        format=file.format,
        width=file.width_px,
        height=file.height_px,
        bytes=file.size_bytes,
        url=pictures_of(services).absolute_address(file.path),
    )
