"""Where alerts go besides mail: one address that takes JSON."""

from collections.abc import Mapping
from typing import Any, Protocol

from core.mail.failures import PermanentFailure, TemporaryFailure

PHASE_S = 10.0  # to connect, to write, to wait for an answer: together less than the outbox's lease
WORTH_ANOTHER_TRY = (408, 425, 429)


class Webhook(Protocol):
    """Takes one word, or raises a MailFailure. Safe to use from several threads."""

    def post(self, payload: Mapping[str, Any]) -> None: ...


class NoWebhook:
    """SPIRIT_ALERT_WEBHOOK_URL is not set (any more)."""

    def post(self, payload: Mapping[str, Any]) -> None:
        raise PermanentFailure("SPIRIT_ALERT_WEBHOOK_URL is not set any more")


class HttpWebhook:
    """Posts to one address. Its answer is a status and nothing more; it is not followed elsewhere."""

    def __init__(self, url: str, *, phase_s: float = PHASE_S) -> None:
        self._url, self._phase_s = url, phase_s

    def post(self, payload: Mapping[str, Any]) -> None:
        """
        Raises:
            TemporaryFailure: away, slow, busy or broken.
            PermanentFailure: it does not take this.
        """
        import httpx2  # slow to load, and only whoever has a webhook needs it

        try:
            with (
                httpx2.Client(timeout=self._phase_s, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", self._url, json=dict(payload)) as response,
            ):
                status = response.status_code
        except httpx2.TimeoutException as error:
            raise TemporaryFailure("the webhook did not answer in time") from error
        except httpx2.HTTPError as error:
            raise TemporaryFailure(f"the webhook could not be reached ({type(error).__name__})") from error
        if status >= 500 or status in WORTH_ANOTHER_TRY:
            raise TemporaryFailure(f"the webhook answered {status}")
        if not 200 <= status < 300:
            raise PermanentFailure(f"the webhook answered {status}")


def webhook_for(url: str) -> Webhook:
    """The webhook behind SPIRIT_ALERT_WEBHOOK_URL; it connects to nothing yet."""
    return HttpWebhook(url) if url else NoWebhook()
