"""A COMMIT whose answer is lost, as a family, a coach and a program hear of it. A real PostgreSQL behind a proxy that breaks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from core.bookings.models import Status
from core.platform.db import Database
from public_site.app import create_app
from tests.public_site.conftest import TUESDAY_FOUR, Gym, as_text, words
from tests.support.tcp_proxy import TcpProxy
from tests.test_outcomes import far, proxy

__all__ = ["far", "proxy"]
pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@contextmanager
def site_at(gym: Gym, database: Database) -> Iterator[TestClient]:
    services = replace(gym.services, database=database)
    with TestClient(create_app(services), base_url=services.settings.base_url) as client:
        yield client


def post(client: TestClient, gym: Gym, path: str, values: dict[str, str]) -> tuple[int, str]:
    answer = client.post(path, data=values, headers={"Origin": gym.services.settings.base_url}, follow_redirects=False)
    return answer.status_code, answer.text


def test_a_family_whose_request_was_stored_sees_it_though_the_answer_was_lost(
    gym: Gym, far: Database, proxy: TcpProxy
) -> None:
    form = gym.form()
    with site_at(gym, far) as client:
        proxy.break_at(b"COMMIT", arrives=True)
        status, text = post(client, gym, "/bookings", form)
    assert status == 303, words(text)
    assert len(gym.bookings()) == 1


def test_a_family_is_told_that_nobody_knows_and_the_same_form_is_counted_once(
    gym: Gym, far: Database, proxy: TcpProxy
) -> None:
    form = gym.form()
    with site_at(gym, far) as client:
        proxy.break_at(b"COMMIT", arrives=True, for_good=True)
        status, text = post(client, gym, "/bookings", form)
    assert status == 503
    assert "not sure whether this was saved" in words(text) and "Nothing was stored" not in words(text)
    assert "counted once" in words(text)
    assert gym.post("/bookings", form).status_code == 303
    assert len(gym.bookings()) == 1


@pytest.mark.parametrize("arrives", [True, False])
def test_a_coach_is_told_where_to_look_first(arrives: bool, gym: Gym, far: Database, proxy: TcpProxy) -> None:
    path = f"/approvals/{gym.token(gym.book())}"
    with site_at(gym, far) as client:
        proxy.break_at(b"COMMIT", arrives=arrives, for_good=True)
        status, text = post(client, gym, path, {"decision": "approve"})
    assert status == 503
    assert "not sure whether this was saved" in words(text) and "Nothing was stored" not in words(text)
    assert f'href="{path}"' in text
    assert gym.bookings()[0].status is (Status.APPROVED if arrives else Status.PENDING)


def test_a_program_has_a_code_of_its_own(gym: Gym, far: Database, proxy: TcpProxy) -> None:
    wanted = {
        "coachId": gym.nora_id,
        "lessonId": int(gym.form()["lesson_id"]),
        "startDateTimeUTC": as_text(TUESDAY_FOUR),
        "customerName": "Sam Rivera",
        "customerEmail": "sam@example.org",
        "athleteName": "Ida",
    }
    with site_at(gym, far) as client:
        proxy.break_at(b"COMMIT", arrives=True, for_good=True)
        answer = client.post("/api/book/private", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
    assert answer.headers["retry-after"]
