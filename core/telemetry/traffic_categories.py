"""
Category of a request, by route and user agent, so that a probe or a robot is never counted as a family.

    family      a page or form of the public site, asked for by a browser
    staff       a coach or an admin: pages of the console, and the links of their mails on the public site
    program     the JSON API, a calendar that subscribes, anything with a bearer
    probe       health checks, metrics, cron, browsers' beacons
    robot       crawlers that say so, link previews, HEAD, and addresses that do not exist
    prefetch    a browser that fetches ahead, with nobody looking
    static      files, pictures, and Streamlit's own addresses
    worker      tasks

Recorded with each row. Rows from before it was recorded get it from service and route, by `derived`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from core.telemetry.request_context import OTHER, UNMATCHED

FAMILY, STAFF, PROGRAM, PROBE = "family", "staff", "program", "probe"
ROBOT, PREFETCH, STATIC, WORKER = "robot", "prefetch", "static", "worker"
CATEGORIES = (FAMILY, STAFF, PROGRAM, PROBE, ROBOT, PREFETCH, STATIC, WORKER)
PEOPLE = (FAMILY, STAFF)

# Routes by category; whatever is on none of these lists is a page of the site (family) or of the console (staff).
PROBES = ("/healthz", "/readyz", "/metrics", "/telemetry", "/api/cron/notifications", "/_stcore/health")
STATICS = ("/static/{file}", "/media/{path}", "/sign-in.css", "/favicon.png", "/originals/{image_id}")
STAFF_ON_SITE = ("/approvals/{token}", "/rehearsals/{token}", "/unsubscribe/{token}")
FEEDS = ("/calendar/{feed}.ics",)

Headers = Iterable[tuple[bytes, bytes]]

# Names that monitors and crawlers give themselves. A plain HTTP library names itself too, but anything may use one.
# Bytes, as ASGI hands headers over; one search each, since every request passes here.
PROBE_AGENTS = re.compile(
    rb"kube-probe|ELB-HealthChecker|GoogleHC|UptimeRobot|Pingdom|StatusCake|Prometheus|Blackbox|Site24x7|"
    rb"Better ?Uptime|updown\.io|Consul Health|HetrixTools|Uptime-Kuma|NodePing|Datadog|NewRelicPinger|Checkly",
    re.IGNORECASE,
)
ROBOT_AGENTS = re.compile(
    rb"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|facebookexternalhit|WhatsApp/|Bytespider|ia_archiver|Mediapartners|"
    rb"Google-(?:Read-Aloud|InspectionTool|Safety)|BingPreview|SkypeUriPreview|Embedly|Iframely|Feedfetcher|"
    rb"GPTBot|ClaudeBot|CCBot|python-scrapy|Scrapy|masscan|zgrab|Nuclei|Nmap|censys|expanse",
    re.IGNORECASE,
)
PREFETCH_HEADERS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")


def category_of(service: str, route: str, *, method: str, status: int, headers: Headers) -> str:
    """
    The category of one request over HTTP.

    Args:
        headers: as ASGI gives them: lower-case names, bytes.
    """
    by_route = of_route(service, route)
    if by_route == ROBOT and status >= 500:
        by_route = FAMILY if service == "site" else STAFF  # it failed before it had a route: somebody felt that
    if by_route not in PEOPLE:
        return by_route
    agent = b""
    for name, value in headers:
        if name == b"user-agent":
            agent = value
        elif name == b"authorization" and value[:7].lower() == b"bearer ":
            return PROGRAM
        elif name in PREFETCH_HEADERS and b"prefetch" in value.lower():
            return PREFETCH
    return of_agent(agent) or (ROBOT if method == "HEAD" else by_route)


@lru_cache(maxsize=2048)
def of_agent(agent: bytes) -> str:
    """Category by User-Agent: probe or robot; "" for a browser, and for all that does not say."""
    if PROBE_AGENTS.search(agent):
        return PROBE
    return ROBOT if ROBOT_AGENTS.search(agent) else ""


@lru_cache(maxsize=2048)
def of_route(service: str, route: str) -> str:
    """Category by service and route template alone."""
    if route in PROBES:
        return PROBE
    if route in STATICS or route == OTHER:
        return STATIC
    if route == UNMATCHED:
        return STATIC if service == "console" else ROBOT
    if route.startswith("/api/") or route in FEEDS:
        return PROGRAM
    return STAFF if service != "site" or route in STAFF_ON_SITE else FAMILY


def is_looked_at(method: str, headers: Headers) -> bool:
    """Whether a person sees this answer: not of HEAD, of a browser that fetches ahead, or of a robot or monitor."""
    return category_of("site", "/", method=method, status=200, headers=headers) == FAMILY


def derived(*, has_route: bool = True) -> str:
    """SQL expression for the category of a row or tile: the recorded one, else by service and route. has_route: it has that column."""
    by_service = f"WHEN service = 'site' THEN '{FAMILY}' ELSE '{STAFF}'"
    by_route = (
        f"WHEN route IN ({_quoted(PROBES)}) THEN '{PROBE}' "
        f"WHEN route IN ({_quoted((*STATICS, OTHER))}) THEN '{STATIC}' "
        f"WHEN route = '{UNMATCHED}' THEN CASE service WHEN 'console' THEN '{STATIC}' ELSE '{ROBOT}' END "
        f"WHEN starts_with(route, '/api/') OR route IN ({_quoted(FEEDS)}) THEN '{PROGRAM}' "
        f"WHEN route IN ({_quoted(STAFF_ON_SITE)}) THEN '{STAFF}' "
    )
    return (
        "CASE WHEN coalesce(category, '') <> '' THEN category "
        f"WHEN kind = 'task' THEN '{WORKER}' WHEN kind = 'script' THEN '{STAFF}' "
        f"{by_route if has_route else ''}{by_service} END"
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
