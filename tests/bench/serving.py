"""
The applications that are measured, each under the options of `spirit site`: `python -m tests.bench.serving NAME PORT VOICE`.

    site        the public site, as it is
    uncached    the public site, which keeps no page
    bare        a page of one word in Starlette, and nothing else
    hello       the same behind the site's own edge; nothing is recorded
    hello_recorded   the same, and the recorder on
"""

import sys
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.bootstrap import services
from core.http.edge_middleware import Edge, labels_of
from core.ops import logs
from core.telemetry.recording import recording
from public_site.app import content_security_policy, create_app
from public_site.page_cache import Build, SharedPages


async def page(request: Request) -> Response:
    return PlainTextResponse("hello")


HELLO = [Route("/hello", page)]
LOUD, QUIET = "loud", "quiet"


class UnkeptPages(SharedPages):
    """Looks a page up, builds it, forgets it."""

    async def answer(
        self,
        request: Request,
        key: Hashable,
        build: Build,
        *,
        coach: str | int | None = None,
        media_type: str = "text/html",
    ) -> Response:
        self._pages.clear()
        return await super().answer(request, key, build, coach=coach, media_type=media_type)


def uncached() -> Edge:
    edge = create_app()
    assert isinstance(edge.app, Starlette)
    edge.app.state.pages = UnkeptPages(services())
    return edge


def hello(*, recorded: bool = False) -> Edge:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with recording(services().settings.model_copy(update={"telemetry": recorded}), "site"):
            yield

    return Edge(
        Starlette(routes=HELLO, lifespan=lifespan),
        content_security_policy=content_security_policy(None),
        hsts=False,
        labels=labels_of(HELLO),
    )


def bare() -> Starlette:
    return Starlette(routes=HELLO)


APPLICATIONS: dict[str, Callable[[], Edge | Starlette]] = {
    "bare": bare,
    "site": create_app,
    "uncached": uncached,
    "hello": hello,
    "hello_recorded": partial(hello, recorded=True),
}


def serve(name: str, port: int, voice: str) -> None:
    """QUIET leaves out the line that the edge writes for each request, for peers that write none."""
    config = logs.standard_config(services().settings)
    if voice == QUIET:
        config["root"]["level"] = "WARNING"
    uvicorn.run(
        APPLICATIONS[name],
        factory=True,
        host="127.0.0.1",
        port=port,
        access_log=False,
        log_config=config,
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
