"""
Page cache of shared pages: entries validated by version and expiry; ETag and conditional GET (304).

An entry holds the versions that were read before it was built, and the first instant at which the page would read
differently; so an answer is never stale, and a look-up costs one small statement.
"""

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Unavailable
from core.platform import clock
from core.platform.services import Services
from core.telemetry.request_context import current
from public_site.transact import read, search

MAX_PAGES = 512
# Lists of free times for programs, each up to 150 kB; a cache of their own, so that they evict no page.
MAX_ANSWERS = 64
ALWAYS = datetime.max.replace(tzinfo=UTC)
UNREADABLE = "We cannot read our calendar just now. Please try again in a moment."
REVALIDATE = "no-cache"
ONE_COACH = "SELECT schedule_version, content_version, coach.id FROM coach, gym WHERE slug = :slug"
COACH_BY_ID = "SELECT schedule_version, content_version, coach.id FROM coach, gym WHERE coach.id = :id"
ALL_COACHES = "SELECT (SELECT coalesce(sum(schedule_version), 0) FROM coach), content_version FROM gym"

Versions = tuple[int, ...]
Build = Callable[[Session, datetime], tuple[str, datetime]]


@dataclass(frozen=True)
class KeptPage:
    """A cache entry."""

    body: bytes
    etag: str  # a hash of the body
    versions: Versions  # of the schedule and content, read before it was built
    valid_until: datetime


class SharedPages:
    """The page cache of one process; evicts the entries built longest ago."""

    def __init__(self, services: Services, *, most_pages: int = MAX_PAGES) -> None:
        self._most_pages = most_pages
        self._pages: OrderedDict[Hashable, KeptPage] = OrderedDict()
        database = services.database
        path = Path(database.url.database or "").absolute()
        self._file = f"{path.as_uri()}?mode=ro" if database.is_sqlite else None
        self._connection: sqlite3.Connection | None = None

    async def answer(
        self,
        request: Request,
        key: Hashable,
        build: Build,
        *,
        coach: str | int | None = None,
        media_type: str = "text/html",
    ) -> Response:
        """
        Answer from the cache, else build the page; 304 where the client's ETag is current.

        1. read the versions, 2. compare them with the entry's, 3. build if they differ or the entry has expired.

        Args:
            build: `build(session, now)` returns the page's text and the instant it expires.
            coach: the slug or the id of the one coach it shows; None for a page about all of them.

        Raises:
            Unavailable: the versions cannot be read. Whatever `build` raises.
        """
        versions = await self._versions(request, coach)
        now = clock.now()
        page = self._pages.get(key)
        fresh = page is not None and page.versions == versions and now < page.valid_until
        if (work := current.get()) is not None:
            work.cache = "hit" if fresh else "miss"
            work.coach_id = versions[-1] if coach is not None and versions else 0
        if page is None or not fresh:
            html, valid_until = await search(request, build, now)
            page = self._keep(key, html, versions, valid_until)
        headers = {"ETag": page.etag, "Cache-Control": REVALIDATE}
        if page.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(page.body, headers=headers, media_type=media_type)

    def close(self) -> None:
        """Close the cache's own connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _keep(self, key: Hashable, html: str, versions: Versions, valid_until: datetime) -> KeptPage:
        body = html.encode()
        page = KeptPage(body, f'"{hashlib.sha256(body).hexdigest()[:24]}"', versions, valid_until)
        self._pages[key] = page
        self._pages.move_to_end(key)
        while len(self._pages) > self._most_pages:
            self._pages.popitem(last=False)
        return page

    async def _versions(self, request: Request, coach: str | int | None) -> Versions:
        """The current versions; on SQLite by the bare driver on the event loop: SQLAlchemy would be half the answer's cost."""
        query, values = _version_query(coach)
        if self._file is None:
            return await read(request, lambda session: tuple(session.execute(text(query), values).one_or_none() or ()))
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._file, uri=True, check_same_thread=False)
            return tuple(self._connection.execute(query, values).fetchone() or ())
        except sqlite3.Error as error:
            self.close()  # the next request opens it anew: the file may be another by then
            raise Unavailable(UNREADABLE) from error


def _version_query(coach: str | int | None) -> tuple[str, dict[str, str | int]]:
    if coach is None:
        return ALL_COACHES, {}
    return (COACH_BY_ID, {"id": coach}) if isinstance(coach, int) else (ONE_COACH, {"slug": coach})
