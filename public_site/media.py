"""Renditions of photos, where no CDN is in front: content-addressed files, cached for ever."""

import re
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from core.http.request import services_of
from core.images.recipes import MEDIA_TYPES, SUFFIXES
from core.platform.storage import FOR_EVER

PATH = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{38}\.(jpg|avif|webp)")
TYPES = {suffix: MEDIA_TYPES[form] for form, suffix in SUFFIXES.items()}
HEADERS = {
    "Cache-Control": FOR_EVER,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # the console shows them too
}


async def media(request: Request) -> Response:
    """GET /media/{path}: a file, whole or by range, with ETag. Raises HTTPException 404; only names of our form are looked up."""
    path = request.path_params["path"]
    if not (known := PATH.fullmatch(path)):
        raise HTTPException(404)
    headers = {**HEADERS, "ETag": f'"{Path(path).stem}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    storage, media_type = services_of(request).media, TYPES[known[2]]
    if storage.folder is not None:
        file = storage.folder / path
        if not file.is_file():
            raise HTTPException(404)
        return FileResponse(file, headers=headers, media_type=media_type)
    try:
        data = await run_in_threadpool(storage.get, path)
    except FileNotFoundError:
        raise HTTPException(404) from None
    return Response(data, headers=headers, media_type=media_type)
