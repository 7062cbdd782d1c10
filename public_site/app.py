"""The public site's ASGI application: `uvicorn --factory public_site.app:create_app`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from core.bootstrap import services as services_from_environment
from core.http.edge_middleware import Edge, labels_of
from core.images.picture_urls import pictures_of
from core.migrations import check_schema
from core.platform.services import Services
from core.telemetry.recording import recording
from core.telemetry.request_context import UNMATCHED
from public_site import rate_limits
from public_site.cron import Cron
from public_site.errors import HANDLERS
from public_site.health import ReadinessProbe
from public_site.page_cache import MAX_ANSWERS, SharedPages
from public_site.routes import ROUTES
from public_site.transact import new_searchers, new_writers

DEADLINE_S = 25.0  # longer than the database may take to be given up, in its worst moment


def content_security_policy(media_origin: str | None) -> str:
    """The Content-Security-Policy: everything from our own origin; images from the CDN too, where there is one."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: {media_origin or ''}".strip(),
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def create_app(services: Services | None = None) -> Edge:
    """Application factory: the site on these services, or on the environment's. Raises SetupError at startup."""
    services = services or services_from_environment()
    site = Starlette(routes=ROUTES, exception_handlers=HANDLERS, lifespan=_lifespan)
    site.router.redirect_slashes = False  # it would build an address from the request's Host
    site.state.services = services
    site.state.limiter = rate_limits.new_limiter()
    site.state.pages = SharedPages(services)
    site.state.answers = SharedPages(services, most_pages=MAX_ANSWERS)
    site.state.writers = new_writers()
    site.state.cron = Cron(services)
    site.state.readiness = ReadinessProbe(services)
    # A loop of theirs keeps a page waiting for one answer, not for all.
    site.state.turn_of_programs = asyncio.Semaphore(1)
    site.state.searchers = new_searchers()
    labels = labels_of(ROUTES)
    site.state.templates = frozenset((*labels.values(), UNMATCHED))
    return Edge(
        site,
        content_security_policy=content_security_policy(pictures_of(services).origin),
        hsts=services.settings.hsts,
        labels=labels,
        deadline_s=DEADLINE_S,
        patient=("/api/cron/",),
        state={"services": services},
    )


@asynccontextmanager
async def _lifespan(site: Starlette) -> AsyncIterator[None]:
    """Startup: check the schema, raise SetupError for another. Shutdown: running transactions finish."""
    services: Services = site.state.services
    check_schema(services.database)
    with recording(services.settings, "site"):
        yield
        site.state.writers.shutdown(wait=True)
        site.state.searchers.shutdown(wait=True)
    site.state.pages.close()
    site.state.answers.close()
    services.database.dispose()
