"""Jinja2 templates, and fingerprinted static files: their names contain a content hash, so they are cached for ever."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from core import wording
from core.bookings.models import Booking
from core.http.schema_bases import dumps, utc_text
from core.platform.contacts import dialled
from core.platform.html_fragments import lines, whole_times
from core.schedule.availability import Slot
from core.telemetry import recording
from core.telemetry.request_context import current

HERE = Path(__file__).parent
LABELS = {
    "athlete_name": "Who is the lesson for?",
    "customer_name": "Your name",
    "customer_email": "Your e-mail address",
    "customer_phone": "Your phone number",
    "notes": "Anything the coach should know?",
}
FOR_EVER = "public, max-age=31536000, immutable"


def orjson_response(
    content: Any, status: int = 200, *, headers: Mapping[str, str] | None = None, media_type: str = "application/json"
) -> Response:
    """A JSON response, compact and UTF-8."""
    return Response(dumps(content), status, headers=headers, media_type=media_type)


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """An HTML response from a template."""
    return HTMLResponse(page_text(template, context), status, headers=headers)


def page_text(template: str, context: Mapping[str, Any]) -> str:
    """A template's HTML. Raises jinja2.UndefinedError for a name that the context lacks."""
    return _templates().get_template(template).render(context, recorded_route=_recorded_route())


def _recorded_route() -> str | None:
    """The route's template, for the script that reports browser errors; None where nothing is recorded."""
    work = current.get()
    return work.route if work is not None and recording.active() is not None else None


def static_path(name: str) -> str:
    """The fingerprinted address of a static file: "/static/site.1f0c9a7b.css"."""
    stem, _, suffix = name.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(_static()[name]).hexdigest()[:8]}.{suffix}"


async def static(request: Request) -> Response:
    """GET /static/{file}: a static file, under its current name only. Raises HTTPException 404."""
    wanted = request.url.path
    for name, content in _static().items():
        if static_path(name) == wanted:
            media_type = mimetypes.guess_type(name)[0]
            return Response(content, media_type=media_type, headers={"Cache-Control": FOR_EVER})
    raise HTTPException(404)


@cache
def scripts() -> dict[str, frozenset[str]]:
    """The identifiers of each of our scripts, by its name without the ending; browser reports are checked against them."""
    texts = {name.removesuffix(".js"): text.decode() for name, text in _static().items() if name.endswith(".js")}
    return {name: frozenset(re.findall(r"[A-Za-z_$][\w$]*", text)) for name, text in texts.items()}


@cache
def _static() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir())}


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update({"static": cache(static_path), "labels": LABELS})
    environment.filters.update(
        {
            "money": wording.money,
            "day": wording.spoken_day,
            "clock": wording.clock_time,
            "instant": _instant,
            "utc": utc_text,
            "zone": wording.zone_name,
            "when": _when,
            "short": _short,
            "lines": lines,
            "phone": dialled,
            "links": _links,
        }
    )
    return environment


def _when(slot: Booking | Slot, zone: ZoneInfo) -> Markup:
    return whole_times(wording.spoken_time(slot.starts_at, slot.ends_at, zone))


def _links(slots: Sequence[Slot], here: str, minutes: int, zone: ZoneInfo, mixed: bool) -> Markup:
    """A day's slots as list items. In Python, since a loop of the template took a quarter of the page's time."""
    head, tail = f'<li><a href="{escape(here)}/request?start=', f"</b> <small>{minutes} min"
    items = []
    for slot in slots:
        local = slot.starts_at.astimezone(zone)
        asks = ", asks first" if mixed and slot.requires_approval else ""
        time = wording.time_of_day(local.hour, local.minute)
        items.append(f'{head}{slot.starts_at.isoformat()[:19]}Z"><b>{time}{tail}{asks}</small></a></li>')
    return Markup("\n".join(items))  # noqa: S704 (times and numbers; the address is escaped)


def _instant(at: datetime, zone: ZoneInfo) -> Markup:
    return whole_times(wording.spoken_instant(at, zone))


def _short(at: datetime, zone: ZoneInfo) -> str:
    """ "Tuesday 4:00 pm"."""
    return f"{wording.weekday(at, zone)} {wording.clock_time(at, zone)}"
