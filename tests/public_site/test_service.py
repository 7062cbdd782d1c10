"""Health, readiness, cron; what the site loads; how it looks."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from core.bookings.models import Status
from core.bootstrap import build
from core.ops.sweep import sweep
from core.outbox.delivery_failures import ServerFailure
from core.outbox.models import MessageState, OutboxMessage
from core.platform import theme
from core.platform.services import Services
from core.platform.settings import load_settings
from public_site import cron, health, templating
from public_site.app import create_app
from tests.public_site.conftest import Gym, as_text
from tests.support.databases import both_databases
from tests.support.people import at

SECRET = "a-secret-for-the-scheduler"


@both_databases
def test_the_site_is_alive_and_ready_once_swept(gym: Gym) -> None:
    assert gym.get("/healthz").json() == {"status": "alive"}
    waiting = gym.get("/readyz")
    assert waiting.status_code == 503 and "worker" in waiting.json()["reasons"][0]
    sweep(gym.services)
    assert gym.get("/readyz").json() == {"status": "ready", "reasons": []}


def test_the_site_is_not_ready_when_nobody_sweeps(gym: Gym) -> None:
    sweep(gym.services)
    gym.clock.shift(121)
    answer = gym.get("/readyz")
    assert (answer.status_code, answer.json()["status"], len(answer.json()["reasons"])) == (503, "not ready", 1)


def test_readiness_is_checked_once_in_two_seconds_and_failures_are_not_cached(
    gym: Gym, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []

    def counted(services: Services, *, writes: bool) -> health.Readiness:
        looks.append(writes)
        return measured(services, writes=writes)

    measured = health.readiness
    monkeypatch.setattr(health, "readiness", counted)
    assert [gym.get("/readyz").status_code for _ in range(3)] == [503] * 3 and looks == [True] * 3
    sweep(gym.services)
    assert [gym.get("/readyz").status_code for _ in range(50)] == [200] * 50 and looks == [True] * 4
    for _ in range(6):
        gym.clock.shift(2)
        gym.get("/readyz")
    assert looks[4:] == [False, False, False, False, True, False]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_full_disk_shows_in_readiness(gym: Gym) -> None:
    sweep(gym.services)
    assert gym.get("/readyz").status_code == 200
    with gym.services.database.write() as transaction:
        transaction.session.execute(
            text("CREATE TRIGGER full BEFORE UPDATE ON gym BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END")
        )
    gym.clock.shift(11)
    answer = gym.get("/readyz")
    assert answer.status_code == 503, answer.text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_read_is_said_and_no_mistake_of_ours(gym: Gym) -> None:
    assert gym.get("/coaches").status_code == 200
    with gym.services.database.write() as transaction:
        transaction.session.execute(text("ALTER TABLE coach RENAME TO coach_away"))
    answer = gym.get("/coaches")
    assert answer.status_code == 503 and "try again in a moment" in answer.text
    with gym.services.database.write() as transaction:
        transaction.session.execute(text("ALTER TABLE coach_away RENAME TO coach"))
    assert gym.get("/coaches").status_code == 200


def test_slow_mail_is_seen_within_five_minutes_however_often_it_is_tried_and_takes_nobody_out_of_service(
    gym: Gym,
) -> None:
    away = replace(gym.services, transport=Away())
    gym.book()
    for _ in range(5):
        sweep(away)
        before = gym.get("/readyz").json()
        gym.clock.shift(60)
    assert before["status"] == "degraded" or gym.get("/readyz").json()["status"] == "degraded"
    sweep(away)
    answer = gym.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["reasons"] == ["Mail has been waiting for over four minutes.", "Mail is not going out: away."]
    sweep(gym.services)
    gym.clock.shift(60)
    sweep(gym.services)
    assert gym.get("/readyz").json() == {"status": "ready", "reasons": []}


class Away:
    """A mail server that is not there."""

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        raise ServerFailure("away")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_cron_answers_in_time_and_pages_are_served_while_a_mail_server_hangs(
    services: Services, tmp_path: Path, gym: Gym, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its threads are its own, and the requests that are due expire first."""
    started = tmp_path / "duties-were-started"
    monkeypatch.setattr(cron, "DUTIES", ["touch", str(started)])
    monkeypatch.setattr(cron, "ANSWER_WITHIN_S", 0.2)
    hanging, go_on = threading.Event(), threading.Event()

    class Hangs:
        def send(self, message: EmailMessage, *, recipient: str) -> None:
            hanging.set()
            go_on.wait(240)

    told = load_settings(
        _env_file=None, data_dir=tmp_path, database_url=services.settings.database_url, cron_secret=SECRET
    )
    booking = gym.book()
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at)
    site = create_app(replace(build(told), database=services.database, transport=Hangs()))
    with TestClient(site, base_url=told.base_url) as client:
        bearer = {"Authorization": f"Bearer {SECRET}"}
        first = client.get("/api/cron/notifications", headers=bearer).json()
        assert (first["expired"], first["unfinished"]) == (1, True) and hanging.wait(60)
        for _ in range(20):
            assert client.get("/api/cron/notifications", headers=bearer).json()["unfinished"]
        assert client.get("/readyz").json()["status"] == "ready"
        monkeypatch.setattr(cron, "ANSWER_WITHIN_S", 120.0)
        go_on.set()
        assert "unfinished" not in client.get("/api/cron/notifications", headers=bearer).json()
        with services.database.read() as session:
            sent = select(func.count()).where(OutboxMessage.state == MessageState.SENT)
            assert session.scalar(sent) == 2, "in that pass, or in the one before it that ended meanwhile"
        assert _comes(started.exists), "archive and alert rules are a process of their own"


def _comes(true: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 60
    while not true() and time.monotonic() < ends:
        time.sleep(0.05)
    return true()


@both_databases
def test_cron_sweeps_once_with_the_right_bearer_only(
    services: Services, tmp_path: Path, gym: Gym, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gym.get("/api/cron/notifications").status_code == 404
    monkeypatch.setattr(cron, "DUTIES", ["true"])
    told = load_settings(
        _env_file=None, data_dir=tmp_path, database_url=services.settings.database_url, cron_secret=SECRET
    )
    booking = gym.book()
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at)
    with TestClient(create_app(replace(build(told), database=services.database)), base_url=told.base_url) as client:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": SECRET},
            {"Authorization": "Bearer x"},
        ):
            refused = client.get("/api/cron/notifications", headers=headers)
            assert refused.status_code == 401
        assert gym.booking(booking.handle).status is Status.PENDING
        answer = client.get("/api/cron/notifications", headers={"Authorization": f"Bearer {SECRET}"})
        assert answer.status_code == 200 and answer.json()["expired"] == 1 and answer.json()["sent"] == 2
        again = client.post("/api/cron/notifications", headers={"Authorization": f"bearer {SECRET}"})
        assert again.json() == {"expired": 0, "sent": 0, "dropped": 0, "retried": 0, "dead": 0, "pictures": 0}


def test_the_site_loads_no_streamlit_and_no_duckdb() -> None:
    program = "import sys, public_site.app; print([m for m in ('streamlit', 'duckdb', 'pandas', 'altair') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_the_stylesheet_has_the_theme_s_colors() -> None:
    css = (templating.HERE / "static" / "site.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w+);", part)) for part in css.split("@media (prefers-color-scheme: dark)")
    )
    for scheme, found in (("light", light), ("dark", dark)):
        assert found == {name.replace("_", "-"): value for name, value in theme.COLORS[scheme].items()}


def test_a_full_week_with_its_stylesheet_is_small(gym: Gym) -> None:
    page = gym.get("/coaches/nora/first-lesson-30?week=2026-W49")
    size_bytes = len(page.content) + len((templating.HERE / "static" / "site.css").read_bytes())
    assert as_text(at(7, 9)) in page.text and size_bytes < 40_000


@pytest.mark.parametrize("template", sorted(path.name for path in (templating.HERE / "templates").glob("*.html")))
def test_templates_hold_no_script_no_inline_style_and_nothing_from_elsewhere(template: str) -> None:
    text = (templating.HERE / "templates" / template).read_text()
    ours = {"base.html": "reports.js", "form.html": "form.js"}.get(template, "none")
    text = text.replace(f"""<script src="{{{{ static('{ours}') }}}}" defer></script>""", "", 1)
    assert not re.search(r"<script|style=|\son\w+=|https?://", text)
