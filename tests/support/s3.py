"""
An S3 server of this machine, that can fail as real ones do.

    with s3_server() as server:
        server.url("media")                a bucket's address, as SPIRIT_MEDIA_URL has it
        server.objects("media")            what lies there, with the headers it is given out with
        server.faults.append(fault)        asked for every request; answers with a status to fail it, or None
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEYS = {"AWS_ACCESS_KEY_ID": "gym", "AWS_SECRET_ACCESS_KEY": "not a secret", "AWS_DEFAULT_REGION": "us-east-1"}
Fault = Callable[[str, str], int | None]


@dataclass(frozen=True)
class Kept:
    """An object as S3 gives it out."""

    data: bytes
    content_type: str
    cache_control: str


class Server:
    """Requests pass the faults first, in the order in which they were put there."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str]] = []
        self._application = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.port}"
        self._client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="gym",
            aws_secret_access_key="x",
        )

    def make_bucket(self, name: str) -> None:
        self._client.create_bucket(Bucket=name)

    def url(self, bucket: str, prefix: str = "") -> str:
        return f"s3://{bucket}{'/' if prefix else ''}{prefix}?endpoint={self.endpoint}&region=us-east-1"

    def objects(self, bucket: str) -> dict[str, Kept]:
        faults, self.faults = self.faults, []
        listed = self._client.list_objects_v2(Bucket=bucket).get("Contents", [])
        found = {item["Key"]: self._client.get_object(Bucket=bucket, Key=item["Key"]) for item in listed}
        kept = {
            key: Kept(answer["Body"].read(), answer["ContentType"], answer.get("CacheControl", ""))
            for key, answer in found.items()
        }
        self.faults = faults
        return kept

    def stop(self) -> None:
        self._client.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.asked.append((method, path))
        for fault in list(self.faults):
            if (status := fault(method, path)) is not None:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                start_response(f"{status} Failed", [("Content-Type", "text/plain"), ("Connection", "close")])
                return [b"no"]
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer


@contextmanager
def s3_server() -> Iterator[Server]:
    """Stopped at the end."""
    server = Server()
    try:
        yield server
    finally:
        server.stop()


def after(count: int, status: int, *, method: str = "PUT", times: int = 1_000) -> Fault:
    """Requests of this method fail from the one after `count` on, so many times."""
    seen = 0

    def fault(asked: str, path: str) -> int | None:
        nonlocal seen
        if asked != method:
            return None
        seen += 1
        return status if count < seen <= count + times else None

    return fault
