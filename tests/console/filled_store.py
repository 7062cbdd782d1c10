"""A telemetry store filled with some hours of traffic, as the recorder would have left it."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert

from core.platform.clock import microseconds
from core.telemetry.store import Store
from core.telemetry.tables import FACTS

STEP_US = 30_000_000
ROUTES = (("site", "/coaches/{coach}/{lesson}"), ("site", "/bookings"), ("console", "/api/booking/approve"))


def fill(store: Store, *, now: datetime, requests: int = 300) -> None:
    """Requests, one of a hundred failed; slow and repeated statements; tasks, mails, a release, measures, a loss."""
    end_us = microseconds(now)
    with store.write() as connection:
        for table, rows in _facts(end_us, requests).items():
            connection.execute(insert(FACTS[table]), rows)


def _facts(end_us: int, count: int) -> dict[str, list[dict[str, Any]]]:
    return {
        "request_log": [*_requests(end_us, count), *_tasks(end_us, count // 10)],
        "statement_log": _statements(end_us),
        "event_log": _events(end_us),
        "metric_log": [
            {"at_us": end_us - STEP_US * number, "service": service, "process": 1, "name": name, "value": value}
            for number in range(1, 20)
            for service in ("site", "console", "worker")
            for name, value in {
                "process.memory_bytes": 9e7,
                "disk.used_share": 0.42,
                "outbox.oldest_due_s": 3.0,
            }.items()
        ],
    }


def _requests(end_us: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "at_us": end_us - (count - number) * STEP_US,
            "service": ROUTES[number % 3][0],
            "kind": "http",
            "method": "GET",
            "route": ROUTES[number % 3][1],
            "status": 500 if number % 100 == 50 else 200,
            "outcome": "error" if number % 100 == 50 else "ok",
            "duration_us": 4_000 + 37 * number,
            "db_us": 900,
            "db_count": 3,
            "who": f"someone{number % 5}",
            "request_id": f"request-{number}",
            "release": "2026.11.1",
        }
        for number in range(count)
    ]


def _tasks(end_us: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "at_us": end_us - (count - number) * STEP_US * 5,
            "service": "worker",
            "kind": "task",
            "method": "",
            "route": "deliver_mail" if number % 2 else "sweep",
            "status": 0,
            "outcome": "retried" if number % 10 == 9 else "ok",
            "duration_us": 80_000,
            "wait_us": 20_000 + number,
            "db_us": 0,
            "db_count": 0,
            "who": "",
            "request_id": f"request-{number}",
            "release": "2026.11.1",
        }
        for number in range(count)
    ]


def _statements(end_us: int) -> list[dict[str, Any]]:
    return [
        {
            "at_us": end_us - number * STEP_US * 7,
            "service": "site",
            "kind": "repeated" if number % 4 == 3 else "slow",
            "shape": "SELECT hold.id FROM hold WHERE hold.coach_id = ?",
            "place": "core/schedule/queries.py busy_times",
            "rows": number,
            "count": 14,
            "duration_us": 130_000 + number,
            "route": "/coaches/{coach}/{lesson}",
            "request_id": f"request-{number}",
        }
        for number in range(1, 30)
    ]


def _events(end_us: int) -> list[dict[str, Any]]:
    common = {"service": "site", "value": 1.0, "coach_id": 0, "subject_id": 0, "route": "", "detail": ""}
    return [
        common | {"at_us": end_us - STEP_US * 100, "kind": "deploy", "name": "2026.11.1", "request_id": ""},
        common
        | {"at_us": end_us - STEP_US * 3, "kind": "lost", "name": "too many at once", "value": 7.0, "request_id": ""},
        common | {"at_us": end_us - STEP_US * 9, "kind": "mail", "name": "SENT", "request_id": "request-7"},
    ]
