"""Rate limits by network address: moving windows in memory, so they count per process."""

import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from core.errors import TooMany
from core.http.request import sender_of, services_of

POSTS = RateLimitItemPerMinute(300, 10)  # a gym full of families may share one address
# slot searches that no cache answers: a program of one network, or its many families
SEARCHES = RateLimitItemPerMinute(240)
BEACONS = RateLimitItemPerMinute(60)  # a page sends two or three
ALL_BEACONS = RateLimitItemPerMinute(600)  # from everywhere together, so that a flood costs little


def new_limiter() -> MovingWindowRateLimiter:
    """A limiter for one application."""
    return MovingWindowRateLimiter(MemoryStorage())


def check(request: Request) -> None:
    """Count one POST. Raises TooMany, with the seconds to wait."""
    _count(request, POSTS, sender_of(request))


def check_search(request: Request) -> None:
    """Count one uncached slot search. Raises TooMany, with the seconds to wait."""
    _count(request, SEARCHES, f"search {sender_of(request)}")


def check_beacon(request: Request) -> None:
    """Count one browser report, by address and in all. Raises TooMany."""
    _count(request, BEACONS, f"beacon {sender_of(request)}")
    _count(request, ALL_BEACONS, "beacons")


def _count(request: Request, limit: RateLimitItem, sender: str) -> None:
    limiter: MovingWindowRateLimiter = request.app.state.limiter
    if not limiter.hit(limit, sender):
        wait_s = limiter.get_window_stats(limit, sender).reset_time - time.time()
        raise TooMany(
            "A lot was sent from your network just now. Please wait a few minutes.", retry_after_s=max(1, int(wait_s))
        )


def network_hash(request: Request) -> str:
    """A keyed hash of the sender's network address, which the database may store: comparable, not reversible."""
    return services_of(request).signer.keyed_hash(f"network {sender_of(request)}")
