"""
Which requests families made, as SQL over rows and tiles: what the alert rules count, for what nobody felt wakes nobody.

Not those of probes, cron, browsers' beacons, programs and calendars, files and pictures, coaches' links, and addresses that
do not exist.
"""

LABELS = ("_unmatched", "_other")
PROBES = ("/healthz", "/readyz", "/metrics", "/telemetry", "/api/cron/notifications")
STATICS = ("/static/{file}", "/media/{path}")
OTHERS = ("/approvals/{token}", "/rehearsals/{token}", "/unsubscribe/{token}", "/calendar/{feed}.ics")
NOT_THEIRS = (*LABELS, *PROBES, *STATICS, *OTHERS)

BY_FAMILIES = (
    "(kind = 'http' AND service = 'site' AND NOT starts_with(route, '/api/') "
    f"AND route NOT IN ({', '.join(repr(route) for route in NOT_THEIRS)}))"
)


def is_families(service: str, route: str) -> bool:
    """The same of one route."""
    return service == "site" and route not in NOT_THEIRS and not route.startswith("/api/")
