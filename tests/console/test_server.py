"""The console as it really runs: one process, started in a folder and an environment that want it otherwise."""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.console.hostile_options import CONFIG, COOKIE_SECRET, ENVIRONMENT
from tests.support.processes import RunningGym, running_gym

pytestmark = pytest.mark.processes

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
READ_BACK = """
import json
import streamlit
from starlette.testclient import TestClient
from console.web import server, streamlit_options
from core.bootstrap import services

with TestClient(server.create_app()):
    wanted = streamlit_options.options(services().settings)
    print(json.dumps({name: [value, streamlit.get_option(name)] for name, value in wanted.items()}))
"""
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
HANDLE = "kX3vQ9mZ-a-handle-in-an-address"


@dataclass
class House:
    """The running console, and the browser of Nora, who has signed in by a link."""

    gym: RunningGym
    browser: httpx2.Client
    link: str

    @property
    def token(self) -> str:
        return self.browser.cookies["spirit_staff"]

    def websocket(self, *, token: str | None, origin: str = "", host: str = "127.0.0.1") -> ClientConnection:
        """As Streamlit's page opens it, under this name of the machine."""
        port = int(self.gym.console_url.rpartition(":")[2])
        return connect(
            f"ws://{host}:{port}/_stcore/stream",
            sock=socket.create_connection(("127.0.0.1", port)),
            origin=Origin(origin) if origin else None,
            subprotocols=[Subprotocol("streamlit")],
            additional_headers={"Cookie": f"spirit_staff={token}"} if token else {},
            proxy=None,
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("elsewhere")
    config = folder / ".streamlit" / "config.toml"
    config.parent.mkdir()
    config.write_text(CONFIG)
    with (
        running_gym(folder, "console", demo=False, **ENVIRONMENT) as gym,
        httpx2.Client(base_url=gym.console_url) as browser,
    ):
        printed = gym.do("create-coach", "nora@spirit.example", "--name", "Nora Lindqvist")
        link = printed.split()[-1]
        assert link.startswith(gym.console_url)
        assert browser.post(link, headers=OWN_PAGE).status_code == 303
        yield House(gym, browser, link)


def test_every_option_is_ours_wherever_and_however_it_is_started(house: House) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_BACK],
        env={**house.gym.environment, **ENVIRONMENT},
        cwd=house.gym.folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    values: dict[str, list[object]] = json.loads(done.stdout)
    assert {name: actual for name, (_, actual) in values.items()} == {
        name: wanted for name, (wanted, _) in values.items()
    }
    assert len(values) > 40 and COOKIE_SECRET not in done.stdout


def test_without_our_options_that_folder_would_have_changed_streamlit(house: House) -> None:
    """The control: without our own options its are in force."""
    done = subprocess.run(
        [sys.executable, "-c", "import streamlit; print(streamlit.get_option('server.enableAgentApi'))"],
        env={**os.environ, **ENVIRONMENT},
        cwd=house.gym.folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.strip() == "True", done.stderr


def test_nobody_drives_the_console_without_a_browser(house: House) -> None:
    for path in ("interact", "mcp"):
        stranger = httpx2.post(f"{house.gym.console_url}/_stcore/agent/{path}", json={}, headers=OWN_PAGE)
        assert stranger.status_code == 401
        signed_in = house.browser.post(f"/_stcore/agent/{path}", json={}, headers=OWN_PAGE)
        assert signed_in.status_code >= 400 and "does not serve the agent API" in signed_in.text


def test_the_page_runs_its_own_scripts_and_no_others(house: House) -> None:
    page = house.browser.get("/")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    scripts = [script for script in INLINE.findall(page.text) if script.strip()]
    assert scripts
    for script in scripts:
        assert f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    allowed = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in allowed and "http" not in allowed and "*" not in policy


def test_a_websocket_without_a_session_or_from_elsewhere_is_refused(house: House) -> None:
    ours, token = house.gym.console_url, house.token
    port = ours.rpartition(":")[2]
    for refused in (
        {"token": None, "origin": ours},
        {"token": "made-up", "origin": ours},
        {"token": token},
        {"token": token, "origin": house.gym.site_url},
        {"token": token, "origin": "http://evil.example"},
        {"token": token, "origin": f"http://localhost:{port}", "host": "localhost"},
        {"token": token, "origin": ours, "host": "localhost"},
    ):
        with pytest.raises(InvalidStatus) as failure, house.websocket(**refused):
            pytest.fail(f"connected: {refused}")
        assert failure.value.response.status_code == 403, refused


def test_a_page_that_is_open_shows_nothing_more_once_its_session_has_ended(house: House) -> None:
    token = session_of(house, "omar")
    with house.websocket(token=token, origin=house.gym.console_url) as page:
        run(page, until="Nobody is waiting for an answer.")
        sign_out = f"{house.gym.console_url}/sign-out"
        answer = httpx2.post(sign_out, headers={**OWN_PAGE, "Cookie": f"spirit_staff={token}"})
        assert answer.status_code == 303
        assert "Nobody is waiting" not in run(page, until="You are signed out")
    with pytest.raises(InvalidStatus), house.websocket(token=token, origin=house.gym.console_url):
        pytest.fail("it connects again")


def test_the_log_keeps_no_address_no_cookie_and_no_token(house: House) -> None:
    house.browser.get(f"/bookings/{HANDLE}")
    httpx2.get(f"{house.gym.console_url}/bookings/{HANDLE}")
    httpx2.get(house.link)
    log = house.gym.log("console")
    assert "route=/sign-in/" in log, "what it does say"
    for secret in (house.token, house.link.rpartition("/")[2], HANDLE, "nora@spirit.example", COOKIE_SECRET):
        assert secret not in log
    assert '"GET /' not in log and "HTTP/1.1" not in log and "Traceback" not in log
    assert "DEBUG" not in log.upper().split()


def session_of(house: House, who: str) -> str:
    """Somebody signs in by a link of her own: the token in her cookie."""
    link = house.gym.do("create-coach", f"{who}@spirit.example", "--name", who.capitalize()).split()[-1]
    with httpx2.Client() as browser:
        browser.post(link, headers=OWN_PAGE)
        return browser.cookies["spirit_staff"]


def run(page: ClientConnection, *, until: str) -> str:
    """Run the script, as the browser asks for it; what was sent until these words came."""
    message = BackMsg()
    message.rerun_script.query_string = ""
    page.send(message.SerializeToString())
    said = ""
    while until not in said:
        received = page.recv(timeout=120)
        assert isinstance(received, bytes)
        said += received.decode(errors="replace")
    return said
