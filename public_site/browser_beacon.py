"""What visitors' browsers tell of our pages: small, seldom, from our own pages only, and never believed unseen."""

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.http.body import at_most
from core.telemetry import browsers, recording
from public_site.templating import scripts

MAX_BYTES = 16 * 1024


async def told_by_a_browser(request: Request) -> Response:
    body = await Request(request.scope, at_most(request.receive, MAX_BYTES)).body()
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HTTPException(400) from None
    if (recorder := recording.active()) is not None:
        browsers.record_report(recorder, said, routes=request.app.state.templates, scripts=scripts())
    return Response(status_code=204)
