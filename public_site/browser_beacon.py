"""Beacon endpoint for browser errors and web vitals: small, rate-limited, same origin only, validated field by field."""

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.http.request_body import at_most
from core.telemetry import browser_errors, recording
from public_site.templating import scripts

MAX_BYTES = 16 * 1024


async def report(request: Request) -> Response:
    """POST /telemetry: record a browser's report; 204 whatever is in it. Raises HTTPException 400 for what is no JSON."""
    body = await Request(request.scope, at_most(request.receive, MAX_BYTES)).body()
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HTTPException(400) from None
    if (recorder := recording.active()) is not None:
        browser_errors.record_report(recorder, events, routes=request.app.state.templates, scripts=scripts())
    return Response(status_code=204)
