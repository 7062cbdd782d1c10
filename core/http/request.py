"""Services and sender of a request, on site and console alike. `Any`: core knows no Starlette."""

from typing import Any

from core.http.rate_limit_key import network_of
from core.platform.services import Services


def services_of(request: Any) -> Services:
    """The services that its application was made with (`state` of core/http/edge_middleware.py)."""
    services: Services = request.state.services
    return services


def sender_of(request: Any) -> str:
    """Rate-limit key of a request: its address, for IPv6 its network."""
    return network_of(request.client.host if request.client else "")
