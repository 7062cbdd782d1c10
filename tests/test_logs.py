"""A log line says what happened, in which request, and names nobody."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import structlog

from core import logs


@pytest.fixture(params=["text", "json"])
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def said(style: str) -> Iterator[StringIO]:
    """Everything logged, as a process of the gym would write it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(style))
    root = logging.getLogger()
    root.addHandler(handler)
    before = root.level
    root.setLevel("INFO")
    yield stream
    root.setLevel(before)
    root.removeHandler(handler)
    structlog.reset_defaults()


def test_a_line_carries_the_requests_id(said: StringIO, style: str) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger().info("mail not sent", outbox_id=7)
        logging.getLogger("somewhere").warning("%s went wrong", "something")
    first, second = said.getvalue().splitlines()
    if style == "json":
        assert json.loads(first).items() >= {"event": "mail not sent", "outbox_id": 7, "request_id": "r-1"}.items()
        assert json.loads(second).items() >= {"event": "something went wrong", "request_id": "r-1"}.items()
    else:
        assert re.fullmatch(r"\S+Z info    mail not sent  outbox_id=7 request_id=r-1", first)
        assert second.endswith("warning something went wrong  request_id=r-1")


def test_a_traceback_names_nobody(said: StringIO) -> None:
    try:
        int("sam@example.org\nDETAIL:  Key (name)=(Rivera) exists")
    except ValueError:
        structlog.get_logger().exception("failed", path="/approvals/WzEsMSwxXQ.sig?decision=approve")
    assert "ValueError: invalid literal" in said.getvalue()
    for secret in ("sam@", "Rivera", "WzEsMSwxXQ"):
        assert secret not in said.getvalue()


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_process_configures_itself_once(style: str, tmp_path: Path) -> None:
    program = f"""
import logging, structlog
from core import logs
from core.settings import load_settings
logs.configure(load_settings(_env_file=None, data_dir={str(tmp_path)!r}, log={style!r}))
structlog.get_logger().info("one")
logging.getLogger("uvicorn.error").info("two")
logging.getLogger("uvicorn.access").info("GET /bookings/secret")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [("one" in line, "two" in line) for line in done.stderr.splitlines()] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    "said",
    [
        "to sam@example.org",
        "GET /bookings/q3Jx-secret and /bookings/q3Jx-secret/lesson.ics",
        "https://gym.example/sign-in/secret",
        "/sign-in?token=secret&next=/",
        "smtp://user:secret@mail.example:587",
        "Authorization: Bearer secret",
        {"customer_name": "secret", "nested": [{"email": "secret"}]},
        ValueError("mail to secret@example.org"),
    ],
)
def test_what_names_a_person_or_opens_something_is_hidden(said: object) -> None:
    hidden = str(logs.without_personal_data(None, "info", {"event": said}))
    assert "secret" not in hidden and "sam@" not in hidden
    assert logs.HIDDEN in hidden


def test_numbers_and_plain_words_stay() -> None:
    event = {
        "event": "swept",
        "expired": 3,
        "took_ms": 1.5,
        "state": "QUEUED",
        "why": None,
        "route": "/bookings/{handle}",
    }
    assert logs.without_personal_data(None, "info", dict(event)) == event
