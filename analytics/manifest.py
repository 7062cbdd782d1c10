"""
The archive's manifest: its files, and the watermark of each table of facts, the highest id that is in them.

A reader takes both in one snapshot of the store. A file that was replaced stays readable for ten minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from core.telemetry.tables import archive_file, archive_mark, archive_run

DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000

GONE = ".gone"  # archive_mark: the instant before which a stream's rows are gone, µs


@dataclass(frozen=True)
class File:
    """A Parquet file of the archive."""

    stream: str  # a table of facts, or a kind of tile
    path: str  # below the archive's folder
    rows: int
    size_bytes: int
    first_us: int  # at_us of its first and last row
    last_us: int
    id: int = 0  # archive_file.id; 0 before it is entered

    @property
    def day(self) -> int:
        """Days since 1970 (UTC) of its first row."""
        return self.first_us // DAY_US

    def rows_within(self, start_us: int, end_us: int) -> int:
        """Estimate of its rows in [start_us, end_us), as if they came evenly."""
        length = max(1, self.last_us - self.first_us)
        part = min(self.last_us, end_us) - max(self.first_us, start_us)
        return round(self.rows * max(0.0, min(1.0, part / length)))


def mark(connection: Connection, stream: str) -> int:
    """Watermark of a stream: the highest archived id; 0 for none."""
    query = select(archive_mark.c.upto_id).where(archive_mark.c.stream == stream)
    return connection.execute(query).scalar() or 0


def taken_mark(connection: Connection, stream: str) -> int:
    """Watermark for a pass that is about to move it; its row is created here, under the exclusive lock."""
    found = connection.execute(select(archive_mark.c.upto_id).where(archive_mark.c.stream == stream)).scalar()
    if found is None:
        connection.execute(insert(archive_mark).values(stream=stream, upto_id=0))
    return found or 0


def move_mark(connection: Connection, stream: str, *, before: int, after: int, rows: int, now_us: int) -> bool:
    """Compare-and-set of the watermark, with a row of the pass's history. Whether it moved."""
    moved = connection.execute(
        update(archive_mark)
        .where(archive_mark.c.stream == stream, archive_mark.c.upto_id == before)
        .values(upto_id=after)
    )
    if moved.rowcount != 1:
        return False  # another pass has moved it
    connection.execute(insert(archive_run).values(stream=stream, upto_id=after, at_us=now_us, rows=rows))
    return True


def add(connection: Connection, files: Sequence[File], *, now_us: int) -> None:
    """Enter files: readers see them from this transaction's commit on."""
    if files:
        values = [
            {
                "stream": file.stream,
                "path": file.path,
                "day": file.day,
                "rows": file.rows,
                "size_bytes": file.size_bytes,
                "first_us": file.first_us,
                "last_us": file.last_us,
                "added_at_us": now_us,
            }
            for file in files
        ]
        connection.execute(insert(archive_file), values)


def live(
    connection: Connection, stream: str | None = None, *, start_us: int = 0, end_us: int | None = None
) -> list[File]:
    """Files that readers use, oldest first; of one stream, and only those with rows in [start_us, end_us)."""
    query = select(archive_file).where(archive_file.c.replaced_at_us == 0, archive_file.c.last_us >= start_us)
    if stream is not None:
        query = query.where(archive_file.c.stream == stream)
    if end_us is not None:
        query = query.where(archive_file.c.first_us < end_us)
    found = connection.execute(query.order_by(archive_file.c.first_us, archive_file.c.id))
    return [File(row.stream, row.path, row.rows, row.size_bytes, row.first_us, row.last_us, row.id) for row in found]


def rows_gone_before(connection: Connection, stream: str, *, tiles: str) -> int:
    """
    The instant before which rows of a stream are deleted while their tiles stay; 0 when none are.

    Recorded when files are retired; merging does not change it. Of an archive from before that was noted: whole files go, the oldest first; so whatever
    begins with the oldest file that is left has all its rows, and nothing is gone when tiles begin in its hour.
    """
    if noted := mark(connection, f"{stream}{GONE}"):
        return noted
    oldest, latest = _first_and_last(connection, tiles)
    if oldest is None or latest is None:
        return 0
    first, _ = _first_and_last(connection, stream)
    if first is None:
        return latest + HOUR_US  # only tiles are left of all that was archived
    return first if oldest < first // HOUR_US * HOUR_US else 0


def note_gone(connection: Connection, stream: str, *, before_us: int) -> None:
    """Record that rows of a stream from before this instant are deleted."""
    before = taken_mark(connection, f"{stream}{GONE}")
    if before_us > before:
        connection.execute(
            update(archive_mark).where(archive_mark.c.stream == f"{stream}{GONE}").values(upto_id=before_us)
        )


def _first_and_last(connection: Connection, stream: str) -> tuple[int | None, int | None]:
    columns = select(func.min(archive_file.c.first_us), func.max(archive_file.c.last_us))
    row = connection.execute(columns.where(archive_file.c.replaced_at_us == 0, archive_file.c.stream == stream)).one()
    return row[0], row[1]


def retire(connection: Connection, files: Sequence[File], *, now_us: int) -> bool:
    """Hide files from new readers. Whether all of them were still live; if not, roll back."""
    retired = connection.execute(
        update(archive_file)
        .where(archive_file.c.id.in_([file.id for file in files]), archive_file.c.replaced_at_us == 0)
        .values(replaced_at_us=now_us)
    )
    return retired.rowcount == len(files)


def retired(connection: Connection, *, before_us: int) -> list[tuple[int, str]]:
    """(id, path) of files that were retired before an instant, so that no reader uses them."""
    query = select(archive_file.c.id, archive_file.c.path).where(
        archive_file.c.replaced_at_us > 0, archive_file.c.replaced_at_us < before_us
    )
    return [(row.id, row.path) for row in connection.execute(query)]


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Delete the entries of removed files."""
    connection.execute(delete(archive_file).where(archive_file.c.id.in_(ids)))


def known_paths(connection: Connection) -> set[str]:
    """Paths of all entries, retired ones included."""
    return set(connection.execute(select(archive_file.c.path)).scalars())
