"""
Object storage: a folder or an S3 bucket, behind one interface.

    file:///FOLDER
    s3://BUCKET/PREFIX?endpoint=https://…&region=…     keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY

A bucket keeps Content-Type and Cache-Control with each file; a folder cannot, so the site derives them from the ending.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from core.errors import SettingInvalid, Unavailable

FOR_EVER = "public, max-age=31536000, immutable"
PRIVATE = "private, no-store"
MONITORING = "monitoring/"  # of the originals' storage: the monitor's files, which no sweep of pictures touches
ANSWER_WITHIN, CONNECT_WITHIN, ALL_TRIES_WITHIN = "15s", "5s", timedelta(seconds=20)  # a person waits
TRIES = 2  # retries, inside ALL_TRIES_WITHIN
OWNER = "gym-id"  # whose storage it is (core.images.storage_ownership)


AWAY = "The place where photos are stored does not answer, or is full."
NOTHING_TAKEN_IN = f"{AWAY} Nothing was taken in; please try again in a few minutes."


class StorageUnavailable(Unavailable):
    """
    Storage failure: the folder or bucket does not answer, refuses, or is full; it can be tried again.

    Its message is for whoever sent a photo; `detail` names the storage and the cause, for the log and the doctor.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(NOTHING_TAKEN_IN)
        self.detail = detail


@dataclass(frozen=True)
class Stored:
    """A stored file's metadata."""

    path: str
    size_bytes: int
    stored_at: datetime  # last modified, aware UTC


class Storage:
    """Files by path. Thread-safe; whatever goes wrong is StorageUnavailable."""

    def __init__(self, store: LocalStore | S3Store, label: str, folder: Path | None = None) -> None:
        self._store = store
        self.label = label
        self.folder = folder

    def put(self, path: str, data: bytes, *, media_type: str, caching: str = FOR_EVER) -> None:
        """Write a file; the same path again replaces it atomically. Raises StorageUnavailable."""
        attributes = None if self.folder else {"Content-Type": media_type, "Cache-Control": caching}
        with self._as_unavailable():
            try:
                obstore.put(self._store, path, data, attributes=attributes)
            except FileNotFoundError as error:
                raise self._unavailable(error) from error

    def get(self, path: str) -> bytes:
        """The bytes of a file. Raises FileNotFoundError, StorageUnavailable."""
        with self._as_unavailable():
            return bytes(obstore.get(self._store, path).bytes())

    def size_of(self, path: str) -> int | None:
        """The size of a file in bytes; None when there is no such file. Raises StorageUnavailable."""
        with self._as_unavailable():
            try:
                return int(obstore.head(self._store, path)["size"])
            except FileNotFoundError:
                return None

    def remove(self, path: str) -> None:
        """Delete a file; no error if there is none. Raises StorageUnavailable."""
        with self._as_unavailable():
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:
                return

    def files(self) -> Iterator[Stored]:
        """Every stored file but the owner's marker (OWNER), in no order. Raises StorageUnavailable."""
        with self._as_unavailable():
            for chunk in obstore.list(self._store):
                for found in (each for each in chunk if each["path"] != OWNER):
                    yield Stored(str(found["path"]), int(found["size"]), found["last_modified"])

    @contextmanager
    def _as_unavailable(self) -> Iterator[None]:
        """Turn every error of the store into StorageUnavailable, but for a missing file's."""
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
                raise
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StorageUnavailable:
        return StorageUnavailable(f"{self.label} does not take or give the file: {_first_line(error)}")


def storage_at(url: str, *, variable: str, private: bool = False) -> Storage:
    """
    The storage behind an address; it connects to nothing yet, but a folder is made.

    Args:
        variable: the setting's name, for messages.
        private: a folder that is made only its owner can open.

    Raises:
        SettingInvalid: the address cannot be read.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = folder_of(url)
        folder.mkdir(mode=0o700 if private else 0o755, parents=True, exist_ok=True)
        return Storage(LocalStore(folder), str(folder), folder)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.scheme != "s3" or not parts.hostname or set(options) - {"endpoint", "region"}:
        raise SettingInvalid(
            f"{variable} is {url!r}; allowed: file:///FOLDER or s3://BUCKET/PREFIX?endpoint=…&region=…"
        )
    return Storage(_bucket(parts.netloc, parts.path.strip("/"), options), f"s3://{parts.netloc}{parts.path}")


def folder_of(url: str) -> Path:
    """The folder of a file: address."""
    return Path(unquote(url.removeprefix("file:").removeprefix("//")))


def _bucket(name: str, prefix: str, options: dict[str, str]) -> S3Store:
    endpoint = options.get("endpoint")
    return S3Store(
        name,
        prefix=prefix or None,
        region=options.get("region", "us-east-1"),
        **({"endpoint": endpoint} if endpoint else {}),  # type: ignore[arg-type]
        client_options={
            "allow_http": bool(endpoint and endpoint.startswith("http:")),
            "timeout": ANSWER_WITHIN,
            "connect_timeout": CONNECT_WITHIN,
        },
        retry_config={"max_retries": TRIES, "retry_timeout": ALL_TRIES_WITHIN},
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
