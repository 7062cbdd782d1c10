"""
Shared object storage of the archive's files, with each host's folder as its cache.

Where the telemetry store is PostgreSQL, several hosts share its manifest; so its files go into the storage of the
originals, below monitoring/ (a bucket, or a folder outside of the data folder). One host alone needs no such place.

1. A pass uploads a file before the manifest names it; what cannot be uploaded is not archived, and stays hot.
2. A reader fetches what its folder lacks. What cannot be had is left out, and named: monitoring is incomplete then.
3. Hot rows go only from a process that has opened the files that they lie in.
"""

import uuid
from collections.abc import Sequence
from pathlib import Path

import duckdb
import structlog

from analytics import manifest
from analytics.duckdb_cursors import cursor, quoted, run
from analytics.manifest import File
from core.errors import Unavailable
from core.platform.settings import Settings
from core.platform.storage import MONITORING as BELOW
from core.platform.storage import PRIVATE, Storage, folder_of, storage_at
from core.telemetry.store import Store

MEDIA_TYPE = "application/vnd.apache.parquet"

log = structlog.get_logger()


def shelf_for(settings: Settings) -> Storage | None:
    """The shared storage; None where there is one host, or no place that others could read."""
    if not settings.database_url.startswith("postgresql"):
        return None  # SQLite has one host
    url = settings.originals_url
    if url.startswith("file:") and folder_of(url).resolve().is_relative_to(settings.data_dir.resolve()):
        return None  # each host has a data folder of its own
    return storage_at(url, variable="SPIRIT_ORIGINALS_URL", private=True)


def upload(store: Store, folder: Path, files: Sequence[File]) -> bool:
    """Step 1: upload. Whether every host can read the files now."""
    if store.shelf is None:
        return True
    try:
        for file in files:
            data = (folder / file.path).read_bytes()
            store.shelf.put(BELOW + file.path, data, media_type=MEDIA_TYPE, caching=PRIVATE)
    except Unavailable as error:
        log.warning("monitoring files not shared", why=str(error))
        return False
    return True


def remove(store: Store, path: str) -> None:
    """Delete a file from the shared storage. Raises Unavailable; a later pass tries again."""
    if store.shelf is not None:
        store.shelf.remove(BELOW + path)


def present(store: Store, folder: Path, files: Sequence[File]) -> tuple[list[File], list[File]]:
    """Step 2: fetch what the folder lacks. (files that are there now, files that cannot be read here)."""
    there: list[File] = []
    missing: list[File] = []
    for file in files:
        (there if _fetched(store, folder, file) else missing).append(file)
    return there, missing


def missing_of(store: Store, folder: Path, *, start_us: int, end_us: int) -> list[str]:
    """Paths of a range's files that cannot be read here: monitoring is incomplete without them."""
    with store.read() as connection:
        files = manifest.live(connection, start_us=start_us, end_us=end_us)
    return sorted(file.path for file in present(store, folder, files)[1])


def are_opened(store: Store, folder: Path, files: Sequence[File]) -> bool:
    """Step 3: whether this process can open each file and finds all of its rows."""
    there, missing = present(store, folder, files)
    if missing:
        log.warning("hot rows stay, for their files cannot be read here", files=[file.path for file in missing])
        return False
    return all(_opens(folder, file) for file in there)


def _opens(folder: Path, file: File) -> bool:
    try:
        with cursor(folder) as work:
            ((rows,),) = run(work, f"SELECT count(*) FROM read_parquet({quoted(folder / file.path)})")
    except duckdb.Error as error:
        log.warning("hot rows stay, for a file cannot be opened", file=file.path, why=type(error).__name__)
        return False
    return bool(rows == file.rows)


def _fetched(store: Store, folder: Path, file: File) -> bool:
    """Whether the file is in the folder, fetched atomically if need be."""
    path = folder / file.path
    if path.exists():
        return True
    if store.shelf is None:
        return False
    try:
        data = store.shelf.get(BELOW + file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{uuid.uuid4().hex[:8]}.partial")
        partial.write_bytes(data)
        partial.replace(path)
    except (Unavailable, OSError) as error:
        log.warning("monitoring file not fetched", file=file.path, why=type(error).__name__)
        return False
    return True
