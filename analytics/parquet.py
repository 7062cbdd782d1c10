"""Atomic write of a Parquet file: temporary file, fsync, rename."""

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from analytics.duckdb_cursors import Cursor, quoted, run
from analytics.manifest import DAY_US, File

FORMAT = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE 122880"  # v2 keeps rising numbers as differences
PARTIAL = ".partial"


def write(cursor: Cursor, query: str, *, folder: Path, stream: str, label: str = "") -> File | None:
    """
    Write a query's rows to a file, atomically: temporary file, count, fsync, rename, fsync of the folder.

    Args:
        query: has a column at_us; its least and greatest go to the manifest.
        label: how the file's name begins; its first day when left out.

    Returns:
        The file, below `folder`; None when the query gives no row.

    Raises:
        OSError: it could not be written, or has fewer rows than the query.
    """
    ((least, most, rows),) = run(cursor, f"SELECT min(at_us), max(at_us), count(*) FROM ({query})")
    if not rows:
        return None
    name = f"{stream}/{label or day_label(least // DAY_US)}-{uuid.uuid4().hex[:16]}.parquet"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(PARTIAL)
    run(cursor, f"COPY ({query}) TO {quoted(partial)} ({FORMAT})")
    ((written,),) = run(cursor, f"SELECT count(*) FROM read_parquet({quoted(partial)})")
    if written != rows:
        raise OSError(f"{partial} should have {rows} rows and has {written}")
    _sync(partial)
    size_bytes = partial.stat().st_size
    partial.rename(path)
    _sync(path.parent)
    return File(stream, name, rows, size_bytes, least, most)


def day_label(day: int) -> str:
    """ISO date of days since 1970 (UTC), "2026-11-26"."""
    return datetime.fromtimestamp(day * DAY_US // 1_000_000, UTC).strftime("%Y-%m-%d")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
