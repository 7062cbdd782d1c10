"""How often one network address may send something. In memory, so it counts per process."""

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from core.errors import TooMany
from core.http.sender import network_of

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
    """Whose posts count together."""
    return network_of(request.client.host if request.client else "")
