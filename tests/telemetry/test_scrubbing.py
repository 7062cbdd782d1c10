"""What names a person or opens something is hidden before it is kept, wherever it stood."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from core.http.edge_middleware import Edge, labels_of
from core.platform.services import Services
from core.telemetry import jobs, scrubbing
from core.telemetry.recorder import Recorder
from core.telemetry.scrubbing import HIDDEN, is_card, is_secret, scrubbed, scrubbed_text
from core.telemetry.sql_statements import instrument
from core.telemetry.tables import metadata
from tests.telemetry.conftest import Kept

SECRET_KEYS = (
    "auth_token authToken X-Api-Key Set-Cookie userPassword customerEmail athlete_name name handle HTTP_AUTHORIZATION"
)
PLAIN_KEYS = "author route keyboard monkey names task_name count minutes addressee passenger"


@pytest.mark.parametrize("key", SECRET_KEYS.split())
def test_a_key_tells_what_is_secret(key: str) -> None:
    assert is_secret(key)


@pytest.mark.parametrize("key", PLAIN_KEYS.split())
def test_a_key_that_only_sounds_like_one_is_spared(key: str) -> None:
    assert not is_secret(key)


@pytest.mark.parametrize(
    "said",
    [
        "sam@secret.example",
        "Authorization: Bearer secret",
        "Authorization: Basic c2VjcmV0OnNlY3JldA",
        "cookie: spirit_session=secret; other=secret",
        "{'Cookie': 'spirit_session=secret'}",
        '{"password": "secret", "n": 1}',
        "password='secret value'",
        "the token is s3cret-of-mine",
        "bad password 'secret'",
        "https://user:secret@host/path",
        "postgresql://spirit:secret@db/gym",
        "GET /approvals/secret?x=1 and /bookings/secret/lesson.ics",
        "?token=secret&next=/",
        "AWS_SECRET_ACCESS_KEY=secret",
        "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nsecret",
        "eyJzZWNyZXQiOjF9.eyJzZWNyZXQiOjF9.secret",
        "duplicate key\nDETAIL:  Key (customer_name)=(secret\nsecret) already exists.",
        'invalid input syntax for type integer: "secret"',
        "no such column\nLINE 1: SELECT x FROM gym WHERE name = 'secret'\n          ^",
        "failed\n[SQL: SELECT x FROM gym WHERE name = 'secret']\n(Background on this error at: …)",
    ],
)
def test_a_secret_is_known_by_its_looks(said: str) -> None:
    hidden = scrubbed_text(said)
    assert HIDDEN in hidden and "secret" not in hidden.lower().replace("secret_access_key", "")
    assert scrubbed_text(hidden) == hidden


def test_cards_are_known_by_their_check_digit() -> None:
    assert is_card("4111111111111111") and not is_card("4111111111111112") and not is_card("1764182400000000")
    assert scrubbed_text("paid with 4111 1111-1111 1111 today") == f"paid with {HIDDEN} today"
    assert scrubbed({"n": 4111111111111111, "m": 12}) == {"n": HIDDEN, "m": 12}


def test_long_random_words_are_hidden_and_plain_ones_stay() -> None:
    assert HIDDEN in scrubbed_text("got q3JxTz0Yw8KmPbV5RnAaLg today")
    for plain in (
        "257d7090e477a65e",
        "core.bookings.requests.request_lesson",
        "/coaches/{coach}/{lesson}/request",
        "2026-W48",
    ):
        assert scrubbed_text(plain) == plain


@given(st.from_regex(scrubbing.PLAIN, fullmatch=True))
def test_the_short_way_spares_nothing_that_the_long_way_hides(plain: str) -> None:
    assert scrubbing._masked(plain) == plain == scrubbed_text(plain)


def test_whatever_lies_too_deep_is_hidden_as_a_whole() -> None:
    deep: Any = {"secretly": "canary"}
    for _ in range(20):
        deep = {"inside": [deep]}
    assert "canary" not in json.dumps(scrubbed(deep))


def test_pairs_are_read_as_headers() -> None:
    headers = [(b"cookie", b"a=canary"), (b"x-auth-token", b"canary"), (b"accept", b"text/html")]
    assert scrubbed({"headers": headers}) == {
        "headers": [["cookie", HIDDEN], ["x-auth-token", HIDDEN], ["accept", "text/html"]]
    }


CANARY = "hunter2canary"
log = structlog.get_logger("core.test")


async def failing(request: Request) -> Response:
    """Everything that a careless programmer would log, and then some."""
    form_password = (await request.json())["user"]["login"]["password"]
    pin = 4711_0815
    log.error("careless", headers=request.headers.items(), cookies=request.cookies, body=await request.json())
    log.error(
        "more of it: %s", {"api_key": form_password}, query=str(request.query_params), raw=request.scope["headers"]
    )
    logging.getLogger("core.test").warning("token=%s for %s", form_password, f"{CANARY}@example.org")
    assert pin
    raise ValueError(f"wrong password={form_password} in Cookie: session={CANARY}")


def test_a_secret_is_found_in_no_file_wherever_it_came_in(
    watched: Services, recorder: Recorder, kept: Kept, settings: Any
) -> None:
    routes = [Route("/fail", failing, methods=["POST"])]
    edge = Edge(Starlette(routes=routes), content_security_policy="", hsts=False, labels=labels_of(routes))
    with TestClient(edge, cookies={"spirit_session": CANARY}, raise_server_exceptions=False) as client:
        client.post(
            f"/fail?token={CANARY}&next=/sign-in/{CANARY}",
            json={"user": {"login": {"password": CANARY}}, "customerName": CANARY},
            headers={"Authorization": f"Bearer {CANARY}", "X-Api-Key": CANARY},
        )
    instrument(watched.database.read_engine)
    with jobs.run("a task"), watched.database.read() as session:
        for number in range(12):
            session.execute(text(f"SELECT id FROM gym WHERE name = '{CANARY}' AND id < {number}"))
        try:
            session.execute(text(f"SELECT missing FROM gym WHERE name = '{CANARY}'"))
        except Exception:
            log.exception("task failed", arguments=[{"token": CANARY}])
    assert recorder.flush_now()
    everything = json.dumps([[list(map(str, row)) for row in kept.rows(table)] for table in metadata.tables])
    assert "ValueError" in everything and "a task" in everything and "careless" in everything
    assert CANARY not in everything and "47110815" not in everything
    files = [path for path in Path(settings.data_dir).rglob("*") if path.is_file()]
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]
