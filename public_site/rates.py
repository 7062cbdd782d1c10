"""How often one network address may send something. In memory, so it counts per process."""

import time
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from core.errors import TooMany

POSTS = RateLimitItemPerMinute(300, 10)  # a gym full of families may share one address


def new_limiter() -> MovingWindowRateLimiter:
    """One for each application."""
    return MovingWindowRateLimiter(MemoryStorage())


def check(request: Request) -> None:
    """Count one post. Raises TooMany, with when to come back."""
    limiter: MovingWindowRateLimiter = request.app.state.limiter
    sender = sender_of(request)
    if not limiter.hit(POSTS, sender):
        wait_s = limiter.get_window_stats(POSTS, sender).reset_time - time.time()
        raise TooMany(
            "A lot was sent from your network just now. Please wait a few minutes.", retry_after_s=max(1, int(wait_s))
        )


def sender_of(request: Request) -> str:
    """The address it came from; for IPv6 the network, since a household has billions of addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(IPv6Address(int(address) >> 64 << 64)) if address.version == 6 else host
