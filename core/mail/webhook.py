"""HTTP client of the alert webhook: one address that takes JSON."""

import http.client
import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from core.outbox.delivery_failures import PermanentFailure, TemporaryFailure
from core.platform.deadline import Deadline
from core.platform.outgoing_socket import connect
from core.platform.services import Webhook

CONNECT_S, TOTAL_S = 5.0, 20.0  # all of it, however slowly it answers: less than the outbox's lease
WORTH_ANOTHER_TRY = (408, 425, 429)


class NoWebhook:
    """SPIRIT_ALERT_WEBHOOK_URL is not set (any more)."""

    def post(self, payload: Mapping[str, Any]) -> None:
        raise PermanentFailure("SPIRIT_ALERT_WEBHOOK_URL is not set any more")


class HttpWebhook:
    """
    Posts to one address. Its answer is a status and nothing more; it is not followed elsewhere.

    By http.client on a connection of our own: a deadline on the whole must be able to shut it, and the ready-made
    clients have limits on each read alone.
    """

    def __init__(self, url: str, *, total_s: float = TOTAL_S) -> None:
        self._url, self._total_s = urlsplit(url), total_s

    def post(self, payload: Mapping[str, Any]) -> None:
        """
        Raises:
            TemporaryFailure: away, slow, busy or broken.
            PermanentFailure: it does not take this.
        """
        try:
            status = self._status(json.dumps(dict(payload)).encode())
        except TimeoutError as error:
            raise TemporaryFailure("the webhook did not answer in time") from error
        except (OSError, http.client.HTTPException) as error:
            raise TemporaryFailure(f"the webhook could not be reached ({type(error).__name__})") from error
        if status >= 500 or status in WORTH_ANOTHER_TRY:
            raise TemporaryFailure(f"the webhook answered {status}")
        if not 200 <= status < 300:
            raise PermanentFailure(f"the webhook answered {status}")

    def _status(self, body: bytes) -> int:
        url = self._url
        is_secure = url.scheme == "https"
        deadline = Deadline(self._total_s, phase_s=min(CONNECT_S, self._total_s))
        host, port = url.hostname or "", url.port or (443 if is_secure else 80)
        with connect(host, port, deadline) as plain, plain.dup() as line:  # `line` shuts it, whatever TLS makes of it
            talk = http.client.HTTPConnection(host, port)
            with closing(talk):
                talk.sock = _secured(plain, host, deadline, line) if is_secure else plain

                def ask() -> int:
                    path = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
                    talk.request("POST", path, body, _headers(url))
                    return talk.getresponse().status

                return deadline.run(ask, line, self._total_s)


def _headers(url: SplitResult) -> dict[str, str]:
    headers = {"Host": url.netloc.rpartition("@")[2], "Content-Type": "application/json"}
    if url.username:
        signed_in = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(signed_in.encode()).decode()}"
    return headers


def _secured(plain: Any, host: str, deadline: Deadline, line: Any) -> ssl.SSLSocket:
    return deadline.run(lambda: ssl.create_default_context().wrap_socket(plain, server_hostname=host), line)


def webhook_for(url: str) -> Webhook:
    """The webhook behind SPIRIT_ALERT_WEBHOOK_URL; it connects to nothing yet."""
    return HttpWebhook(url) if url else NoWebhook()
