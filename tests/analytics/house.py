"""A telemetry store and its archive, filled with rows whose numbers are known."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from analytics import manifest
from analytics.archive import Archived, archive
from analytics.request_store import open_log
from analytics.retention import Keep
from core.telemetry.store import Store
from core.telemetry.tables import FACTS

DAY_US, HOUR_US, MINUTE_US = 86_400_000_000, 3_600_000_000, 60_000_000
NOW_US = 20_783 * DAY_US + 15 * HOUR_US  # an afternoon in November 2026


@dataclass(frozen=True)
class House:
    store: Store
    folder: Path

    def note(self, rows: Sequence[dict[str, Any]], table: str = "request_log") -> None:
        """Facts reach the store, as a flush would bring them."""
        with self.store.write() as connection:
            connection.execute(insert(FACTS[table]), list(rows))

    def archive(self, now_us: int = NOW_US, keep: Keep | None = None) -> Archived:
        return archive(self.store, self.folder, now_us=now_us, keep=keep)

    def seen(self, table: str = "request_log", start_us: int = 0, end_us: int = NOW_US * 2) -> list[tuple[Any, ...]]:
        """What readers see, by id: (id, at_us)."""
        with open_log(self.store, self.folder, start_us=start_us, end_us=end_us, tables=[table]) as log:
            found = log.sql(f"SELECT id, at_us FROM {table} ORDER BY id")
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def request_ids(self) -> list[str]:
        """By id, as readers see them."""
        with open_log(self.store, self.folder, start_us=0, end_us=NOW_US * 2) as log:
            return [
                str(row["request_id"]) for row in log.sql("SELECT request_id FROM request_log ORDER BY id").to_pylist()
            ]

    def hot(self, table: str = "request_log") -> int:
        with self.store.read() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())

    def mark(self) -> int:
        """Up to which id requests lie in the archive."""
        with self.store.read() as connection:
            return manifest.mark(connection, "request_log")

    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.glob("*/*.p*")}


def requests(
    count: int, *, at_us: int = NOW_US - HOUR_US, every_us: int = 1_000_000, **same: Any
) -> list[dict[str, Any]]:
    """So many requests, one every so often."""
    common = {"service": "site", "kind": "http", "method": "GET", "route": "/", "status": 200, "outcome": "ok"} | same
    return [common | {"at_us": at_us + number * every_us, "duration_us": 1_000 + number} for number in range(count)]


def durations(shape: str, count: int, seed: int = 7) -> list[int]:
    """Durations in µs of a shape: constant, bimodal, heavy, tiny."""
    chance = random.Random(seed)
    shapes: dict[str, Callable[[], int]] = {
        "constant": lambda: 12_345,
        "bimodal": lambda: int(chance.gauss(2_000, 200) if chance.random() < 0.9 else chance.gauss(900_000, 50_000)),
        "heavy": lambda: int(1_000 * chance.paretovariate(1.1)),
        "tiny": lambda: chance.choice((0, 1, 2, 3)),
    }
    draw = shapes[shape]
    return [max(0, draw()) for _ in range(count)]
