"""Health, readiness, cron; what the site loads; how it looks."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core import look
from core.bookings.models import Status
from core.bootstrap import Services, build
from core.settings import load_settings
from core.sweep import sweep
from public_site import templating
from public_site.app import create_app
from tests.public_site.conftest import Gym, as_text
from tests.support.people import at

SECRET = "a secret for the scheduler"


def test_it_is_alive_and_ready_once_swept(gym: Gym) -> None:
    assert gym.get("/healthz").json() == {"status": "alive"}
    waiting = gym.get("/readyz")
    assert waiting.status_code == 503 and "worker" in waiting.json()["reasons"][0]
    sweep(gym.services)
    assert gym.get("/readyz").json() == {"status": "ready", "reasons": []}


def test_it_is_not_ready_when_mail_waits_or_nobody_sweeps(gym: Gym) -> None:
    sweep(gym.services)
    gym.book()
    gym.clock.shift(660)
    answer = gym.get("/readyz")
    assert answer.status_code == 503 and len(answer.json()["reasons"]) == 2


def test_cron_sweeps_once_with_the_right_bearer_only(services: Services, tmp_path: Path, gym: Gym) -> None:
    assert gym.get("/api/cron/notifications").status_code == 404
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


def test_the_stylesheet_has_the_colours_of_the_house() -> None:
    css = (templating.HERE / "static" / "site.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w+);", part)) for part in css.split("@media (prefers-color-scheme: dark)")
    )
    for scheme, found in (("light", light), ("dark", dark)):
        assert found == {name.replace("_", "-"): value for name, value in look.COLORS[scheme].items()}


def test_a_full_week_with_its_stylesheet_is_small(gym: Gym) -> None:
    page = gym.get("/coaches/nora/first-lesson-30?week=2026-W49")
    size_bytes = len(page.content) + len((templating.HERE / "static" / "site.css").read_bytes())
    assert as_text(at(7, 9)) in page.text and size_bytes < 40_000


@pytest.mark.parametrize("template", sorted(path.name for path in (templating.HERE / "templates").glob("*.html")))
def test_templates_hold_no_script_no_inline_style_and_nothing_from_elsewhere(template: str) -> None:
    text = (templating.HERE / "templates" / template).read_text()
    ours = """<script src="{{ static('watch.js') }}" defer></script>"""
    assert not re.search(
        r"<script|style=|\son\w+=|https?://", text.replace(ours, "", 1 if template == "base.html" else 0)
    )
