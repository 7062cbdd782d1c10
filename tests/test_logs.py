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

from core.ops import logs
from core.platform.settings import Settings
from core.telemetry.scrubbing import hide_values


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
from core.ops import logs
from core.platform.settings import Settings
from core.telemetry.scrubbing import hide_values
from core.platform.settings import load_settings
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


def secretive(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        data_dir=tmp_path,
        secret_key="first-key-of-this-gym-8392,second-key-of-this-gym-2211",
        database_url="postgresql://spirit:data%2Fbase-pw@db.example/spirit",
        queue_url="redis://:queue-pw-1@queue.example/0",
        mail_url="smtp://spirit:mail%40pw@mail.example:587",
        cron_secret="cron-secret-of-ours",
        metrics_token="metrics-token-of-ours",
        alert_webhook_url="https://hooks.example/services/T000/spirit-alerts-k3y",
        oidc_issuer="https://id.example",
        oidc_client_id="gym",
        oidc_client_secret="oidc secret",
    )


SECRET_TEXTS = (
    "first-key-of-this-gym-8392", "second-key-of-this-gym-2211", "data%2Fbase-pw", "data/base-pw", "queue-pw-1", "mail@pw",
    "mail%40pw", "cron-secret-of-ours", "metrics-token-of-ours", "spirit-alerts-k3y", "oidc secret", "oidc%20secret",
)  # fmt: skip


@pytest.fixture
def hidden(tmp_path: Path) -> Iterator[None]:
    hide_values(secretive(tmp_path).secret_values())
    yield
    hide_values(())


@pytest.mark.parametrize("secret", SECRET_TEXTS)
def test_no_secret_of_the_settings_stands_in_a_line_or_a_trace(said: StringIO, hidden: None, secret: str) -> None:
    logging.getLogger("httpx2").warning("HTTP Request: POST %s", f"https://hooks.example/x/{secret}")
    try:
        raise ValueError(f"connection to {secret} failed")
    except ValueError:
        structlog.get_logger().exception(f"it said {secret}", about={"deep": [f"x{secret}x"]})
    assert secret not in said.getvalue() and "ValueError" in said.getvalue()


def test_a_word_of_a_webhooks_address_that_opens_nothing_stays(said: StringIO, hidden: None) -> None:
    structlog.get_logger().info("services of hooks.example")
    assert "services of hooks.example" in said.getvalue()


def test_libraries_are_heard_from_warnings_on_and_we_from_infos_on(tmp_path: Path) -> None:
    loggers = logs.standard_config(secretive(tmp_path))
    assert loggers["root"]["level"] == "WARNING"
    for name in ("core", "analytics", "public_site", "console", "tasks"):
        assert loggers["loggers"][name]["level"] == "INFO"
    assert not {"httpx2", "httpx", "urllib3", "botocore"} & set(loggers["loggers"])
