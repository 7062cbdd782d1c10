"""The console's application with a fake in Streamlit's place: our own routes, the gate and the edge, a page and a websocket."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from console.web import server
from console.web.session_gate import Gate
from core.http.edge_middleware import Edge, labels_of
from core.images.picture_urls import pictures_of
from core.platform.services import Services

STREAM = "/_stcore/stream"
STAND_IN = "This is Streamlit's page."


async def page(request: Request) -> Response:
    """Streamlit answers 200 to any address."""
    return PlainTextResponse(STAND_IN)


async def stream(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(STAND_IN)
    await websocket.close()


def app_without_streamlit(services: Services) -> Edge:
    """The application, built as `server.create_app` builds it."""
    ours = server.routes()
    app = Starlette(
        routes=[
            *ours,
            WebSocketRoute(STREAM, stream),
            Route("/{rest:path}", page, methods=server.ALL_METHODS),
        ]
    )
    policy = server.content_security_policy(pictures_of(services).absolute_origin)
    return Edge(
        Gate(app, services),
        content_security_policy=policy,
        hsts=services.settings.hsts,
        labels=labels_of(ours),
        state={"services": services},
    )
