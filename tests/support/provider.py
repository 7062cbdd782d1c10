"""An OpenID provider in a process of its own, on loopback."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.support.processes import free_port

PATIENCE_S = 30


@dataclass(frozen=True)
class Provider:
    """issuer: what it calls itself."""

    issuer: str

    def knows(self, subject: str, **claims: Any) -> None:
        """From now on it says this of that person."""
        httpx2.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def answers(self, address: str, **form: str) -> str:
        """What a person presses on its page; returns the way back."""
        answer = httpx2.post(address, data=form, follow_redirects=False)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])


@contextmanager
def running_provider() -> Iterator[Provider]:
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    with subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait(provider, process)
            yield provider
        finally:
            process.terminate()


def _wait(provider: Provider, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx2.get(f"{provider.issuer}/.well-known/openid-configuration").raise_for_status()
            return
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the provider did not start")
