"""
The console's ASGI application: `uvicorn --factory console.web.server:create_app`, always one process.

Our routes come first, then Streamlit's, which answer 200 to any unknown address; so /api ends with a 404 of its own.
"""

import gc
import hashlib
import re
import threading
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.alerts.watchdog import watch_until
from console.monitoring.cached_queries import close_monitors
from console.web import monitoring_api, openid_connect, originals, photo_upload_api, sign_in, staff_api
from console.web.session_gate import Gate
from console.web.streamlit_options import set_options
from console.widgets.error_boundary import show_failure
from console.widgets.sound import ADDRESS, chime_file
from core.bootstrap import services as services_from_environment
from core.http.edge_middleware import Edge, labels_of
from core.images.picture_urls import pictures_of
from core.migrations import check_schema
from core.ops import logs
from core.outbox import metrics
from core.platform.services import Services
from core.telemetry.recording import recording

ENTRY = Path(__file__).parent.parent / "app.py"
INDEX = Path(st.__file__).parent / "static" / "index.html"
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
COLLECT_EVERY_S = 60
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(services: Services | None = None) -> Edge:
    """
    Application factory: the console on these services, or on the environment's.

    Raises:
        SetupError: a setting, or the schema, is not as this program needs it.
    """
    services = services or services_from_environment()
    set_options(services.settings)  # before st.App, which reads them
    logs.configure(services.settings)  # once more: importing Streamlit has given uvicorn's lines a form of its own
    ours = routes()
    app = st.App(ENTRY, routes=ours, lifespan=_lifespan(services), on_script_error=show_failure)
    return Edge(
        Gate(app, services),
        content_security_policy=content_security_policy(pictures_of(services).absolute_origin),
        hsts=services.settings.hsts,
        labels=labels_of(ours),
        state={"services": services},
    )


def routes() -> list[Route]:
    """The console's own routes, which come before Streamlit's."""
    return [
        Route("/sign-in", sign_in.show, methods=["GET"]),
        Route("/sign-in", sign_in.own_form(sign_in.by_password), methods=["POST"]),
        Route("/sign-in.css", sign_in.stylesheet, methods=["GET"]),
        Route("/sign-in/link", sign_in.own_form(sign_in.mail_link), methods=["POST"]),
        Route("/sign-in/provider", openid_connect.begin, methods=["GET"]),
        Route("/sign-in/provider/back", openid_connect.back, methods=["GET"]),
        Route("/sign-in/{token}", sign_in.show_link, methods=["GET"]),
        Route("/sign-in/{token}", sign_in.own_form(sign_in.by_link), methods=["POST"]),
        Route("/sign-out", sign_in.ask_sign_out, methods=["GET"]),
        Route("/sign-out", sign_in.own_form(sign_in.sign_out), methods=["POST"]),
        Route("/healthz", alive, methods=["GET"]),
        Route(ADDRESS, chime_file, methods=["GET"]),
        Route("/api/openapi.json", staff_api.answered(staff_api.openapi), methods=["GET"]),
        Route("/api/dashboard/bookings/pending", staff_api.answered(staff_api.pending), methods=["GET"]),
        Route("/api/booking/approve", staff_api.answered(staff_api.decide), methods=["POST"]),
        Route("/originals/{image_id}", staff_api.answered(originals.original), methods=["GET"]),
        Route(
            "/api/upload/image",
            staff_api.answered(photo_upload_api.upload, most_bytes=photo_upload_api.MAX_BODY_BYTES),
            methods=["POST"],
        ),
        Route("/api/images/{image_id}", staff_api.answered(photo_upload_api.show), methods=["GET"]),
        Route("/api/admin/monitoring/metrics", staff_api.answered(monitoring_api.metrics), methods=["GET"]),
        Route("/api/admin/monitoring/errors", staff_api.answered(monitoring_api.error_groups), methods=["GET"]),
        Route(
            "/api/admin/monitoring/errors/{id}/resolve", staff_api.answered(monitoring_api.resolve), methods=["POST"]
        ),
        Route("/api/{rest:path}", staff_api.nothing_here, methods=ALL_METHODS),
    ]


async def alive(request: Request) -> Response:
    """GET /healthz: liveness."""
    return Response(
        orjson.dumps({"status": "alive"}), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def content_security_policy(media_origin: str) -> str:
    """
    The Content-Security-Policy of the console's pages.

    Streamlit's page has an inline script; its hash is taken from the file, which a new version may change. Images come
    from the public site's media origin.
    """
    hashes = [
        f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in INLINE_SCRIPT.findall(INDEX.read_text(encoding="utf-8"))
    ]
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(hashes)}",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {media_origin}",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "object-src 'none'",
        )
    )


def _lifespan(services: Services) -> Any:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        check_schema(services.database)
        stop = threading.Event()
        threading.Thread(target=_collect_until, args=(stop,), name="collect", daemon=True).start()
        with recording(services.settings, "console", samples=partial(metrics.measures, services.database)):
            threading.Thread(target=watch_until, args=(stop, services), name="watchdog", daemon=True).start()
            yield
        stop.set()
        close_monitors()
        services.database.dispose()

    return lifespan


def _collect_until(stop: threading.Event) -> None:
    """Collect garbage once a minute; Streamlit's own collection after every run is off (options.py)."""
    while not stop.wait(COLLECT_EVERY_S):
        gc.collect()
