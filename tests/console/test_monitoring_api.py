"""The monitor as JSON: what the cards and charts show, and errors by group, for admins and their programs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy.exc import OperationalError

from analytics.request_store import LogUnreadable, QuestionTooSlow
from core.telemetry.store import Store, store_for
from tests.console.conftest import OPENS, OWN_PAGE, Desk
from tests.console.filled_store import fill
from tests.console.recorded_errors import record_error
from tests.console.test_api import refused
from tests.console.test_api_keys import bearer, key_of

METRICS, ERRORS = "/api/admin/monitoring/metrics", "/api/admin/monitoring/errors"


@pytest.fixture
def kept(desk: Desk) -> Iterator[Store]:
    store = store_for(desk.services.settings)
    desk.become("ada")
    yield store
    store.dispose()


def told(answer: Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_cards_have_the_numbers_of_the_range(desk: Desk, kept: Store) -> None:
    fill(kept, now=OPENS)
    desk.clock.shift(timedelta(seconds=10))
    families = told(desk.get(f"{METRICS}?range=6h"))
    assert families["requests"] == 200 and families["category"] == "family", "a third are a program's"
    assert told(desk.get(f"{METRICS}?range=6h&category=program"))["requests"] == 100
    numbers = told(desk.get(f"{METRICS}?range=6h&category=all"))
    assert (
        numbers["missingFiles"] == []
        and numbers["requests"] == 300
        and numbers["errors"] == 3
        and numbers["errorRate"] == 1.0
    )
    assert numbers["avgLatency"] == pytest.approx(4 + 0.037 * 149.5)
    assert numbers["p50"] == 4 + 0.037 * 149 and numbers["exact"] is True
    assert numbers["bookingsToday"] == 3 and numbers["activeUsers"] == 1
    assert sum(step["requests"] for step in numbers["performance"]) == 300
    assert sum(step["statements"] for step in numbers["database"]) == 900
    assert numbers["performance"][0]["at"].endswith("Z") and numbers["to"] > numbers["from"]
    assert told(desk.get(f"{METRICS}?category=all"))["requests"] == 119, "an hour unless another range is named"


def test_without_data_metrics_are_null(desk: Desk, kept: Store) -> None:
    numbers = told(desk.get(f"{METRICS}?range=90d"))
    assert [numbers[name] for name in ("avgLatency", "p50", "errorRate")] == [None, None, None]
    assert numbers["performance"] == [] and numbers["requests"] == 0


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{METRICS}?range=2h", "range"),
        (f"{METRICS}?category=nobody", "category"),
        (f"{ERRORS}?level=LOUD", "level"),
        (f"{ERRORS}?resolved=perhaps", "resolved"),
    ],
)
def test_what_we_do_not_know_is_refused_with_what_is_allowed(desk: Desk, kept: Store, path: str, field: str) -> None:
    refusal = desk.get(path)
    assert refusal.status_code == 422 and refusal.json()["errors"][0]["field"] == field
    assert "one of:" in refusal.json()["errors"][0]["message"]


def test_errors_come_in_groups_and_are_resolved(desk: Desk, kept: Store) -> None:
    record_error(kept, times=3, people=("a", "b"))
    (group,) = told(desk.get(f"{ERRORS}?range=15m&level=ERROR&resolved=false"))["errors"]
    assert group["title"] == "TheFloorIsWet: the floor is wet" and group["state"] == "open"
    assert (group["count"], group["countInRange"], group["people"]) == (3, 3, 2)
    answer = desk.client.post(f"{ERRORS}/{group['id']}/resolve", headers=OWN_PAGE)
    assert told(answer)["error"]["resolved"] is True
    assert told(desk.get(f"{ERRORS}?resolved=false"))["errors"] == []
    (group,) = told(desk.get(f"{ERRORS}?resolved=true"))["errors"]
    assert group["resolvedAt"] and group["resolvedIn"]
    assert told(desk.get(f"{ERRORS}?level=CRITICAL"))["errors"] == []
    refused(desk.client.post(f"{ERRORS}/999/resolve", headers=OWN_PAGE), 404, "not_found")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_errors_are_for_admins_and_resolved_from_our_own_page_or_by_key(desk: Desk, kept: Store) -> None:
    record_error(kept)
    resolve = f"{ERRORS}/1/resolve"
    refused(desk.client.post(resolve, headers={"Sec-Fetch-Site": "cross-site"}), 403, "csrf")
    desk.become("nora")
    for path in (METRICS, ERRORS):
        refused(desk.get(path), 403, "role")
    refused(desk.client.post(resolve, headers=OWN_PAGE), 403, "role")
    desk.client.cookies.clear()
    refused(desk.get(METRICS), 401, "sign_in")
    refused(desk.client.post(resolve, headers=OWN_PAGE), 401, "sign_in")
    assert told(desk.client.post(resolve, headers=bearer(key_of(desk, "ada"))))["success"]


def test_what_the_monitoring_data_cannot_give_is_a_problem_document(
    desk: Desk, kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, code, status in (
        (LogUnreadable("A file of the monitoring archive cannot be read: x.parquet"), "unavailable", 503),
        (QuestionTooSlow("This took more than 10 seconds and was stopped."), "unavailable", 503),
        (OperationalError("SELECT", {}, Exception("no")), "unavailable", 503),
        (OSError(28, "No space left on device"), "unavailable", 503),
        (ZeroDivisionError("ours"), "internal", 500),
    ):

        def fail(*about: Any, why: Exception = error, **options: Any) -> None:
            raise why

        with monkeypatch.context() as patch:
            patch.setattr("analytics.latency.overall", fail)
            answer = desk.get(METRICS)
        assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json", error
        assert (answer.json()["code"], answer.json()["status"]) == (code, status)
