"""64 clients race for slots through the command: our queue beside a connection per client without one, in one run."""

import multiprocessing
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from core.errors import SlotUnavailable, Unavailable
from core.gym.models import the_gym
from core.platform.db import Database
from tests.bench.gym import BenchGym, open_gym, request_lesson, wanted
from tests.bench.report import Section

CLIENTS, SECONDS, COACHES, HOT = 64, 6.0, 8, 0.3
OVERLAPS = text(
    "SELECT count(*) FROM hold a JOIN hold b ON a.coach_id = b.coach_id AND a.id < b.id AND a.busy_from < b.busy_to AND b.busy_from < a.busy_to"
)


class WithoutQueue(Database):
    """The control: every client has its connection, and SQLite's busy handler decides who is next."""

    def _begin_writing(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(self.wait_s * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass
class Tally:
    """What the clients saw. seconds: by client, of every try."""

    seconds: list[list[float]]
    booked: int = 0
    refused: int = 0
    unavailable: int = 0
    overlaps: int = 0

    @property
    def rate(self) -> float:
        return sum(len(tries) for tries in self.seconds) / SECONDS

    @property
    def turns_ratio(self) -> float:
        """The slowest client's tries as a share of the median client's."""
        turns = [len(tries) for tries in self.seconds]
        return min(turns) / statistics.median(turns)

    @property
    def p99s(self) -> list[float]:
        return sorted(sorted(tries)[int(len(tries) * 0.99)] if tries else SECONDS for tries in self.seconds)

    @property
    def longest(self) -> float:
        return max((max(tries, default=SECONDS) for tries in self.seconds), default=0.0)


def race(database: Database, gym: BenchGym) -> Tally:
    """Every client tries as often as it can, three times in ten for one of fifty hot slots."""
    tally = Tally([[] for _ in range(CLIENTS)])
    everything = [(coach, start) for coach, starts in gym.starts.items() for start in starts]
    hot = everything[:50]
    count = threading.Lock()
    until = time.monotonic() + SECONDS

    def client(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < until:
            coach, start = chance.choice(hot if chance.random() < HOT else everything)
            asked = wanted(gym, coach, start)
            began = time.monotonic()
            try:
                database.transact(lambda tx: request_lesson(tx.session, tx.coach, asked, now=tx.now), coach=coach)
                outcome = "booked"
            except SlotUnavailable:
                outcome = "refused"
            except Unavailable:
                outcome = "unavailable"
            tally.seconds[number].append(time.monotonic() - began)
            with count:
                setattr(tally, outcome, getattr(tally, outcome) + 1)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        tally.overlaps = session.execute(OVERLAPS).scalar_one()
    return tally


def _keep_writing(url: str, stop: "multiprocessing.synchronize.Event", longest: "multiprocessing.Queue[float]") -> None:
    """The worker beside them: a short write every 5 ms. Tells how long its longest took."""
    database = Database(url)
    slowest = 0.0
    while not stop.is_set():
        began = time.monotonic()
        with database.write() as transaction:
            the_gym(transaction.session).last_swept_at = transaction.now
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.005)
    longest.put(slowest)


def measure(postgresql_url: Callable[[], str]) -> Section:
    """One table: SQLite with and without our queue, SQLite with a worker, PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        ours = Database(f"sqlite:///{Path(folder) / 'queue.db'}")
        bare = WithoutQueue(f"sqlite:///{Path(folder) / 'bare.db'}")
        shared = Database(f"sqlite:///{Path(folder) / 'shared.db'}")
        queued = race(ours, open_gym(ours, coaches=COACHES))
        unqueued = race(bare, open_gym(bare, coaches=COACHES))
        gym = open_gym(shared, coaches=COACHES)
        beside, worker_longest = _with_worker(shared, gym)
        postgresql = Database(postgresql_url())
        pg = race(postgresql, open_gym(postgresql, coaches=COACHES))
        with postgresql.read() as session:
            deadlocks = session.execute(
                text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            ).scalar_one()
        for database in (ours, bare, shared, postgresql):
            database.dispose()
    rows = [
        _row("SQLite FULL, our queue", queued),
        _row("SQLite FULL, a connection per client, no queue", unqueued),
        _row("SQLite FULL, our queue, a worker process writing too", beside),
        _row("PostgreSQL, the coach's row as the queue", pg),
    ]
    notes = [
        f"Rate with the queue over the rate without: {queued.rate / unqueued.rate:.2f} (goal ≥ 0.6).",
        f"Slowest client's turns over the median client's: {queued.turns_ratio:.2f} (goal ≥ 0.9), PostgreSQL {pg.turns_ratio:.2f} (goal ≥ 0.7).",
        f"Slowest client's p99 over the median client's: {queued.p99s[-1] / statistics.median(queued.p99s):.2f} (goal ≤ 2).",
        f"With the worker writing: the longest wait was {beside.longest:.2f} s for a client, {worker_longest:.2f} s for the worker (goal ≤ 3 s).",
        f"Deadlocks on PostgreSQL: {deadlocks}. Overlapping holds, all four: {queued.overlaps + unqueued.overlaps + beside.overlaps + pg.overlaps}.",
    ]
    head = [
        "store",
        "tries/s",
        "fewest ÷ median turns",
        "slowest p99 ÷ median p99",
        "longest s",
        "booked",
        "refused",
        "503",
    ]
    return Section(f"{CLIENTS} clients racing for slots, {SECONDS:.0f} s each", head, rows, notes)


def _with_worker(database: Database, gym: BenchGym) -> tuple[Tally, float]:
    context = multiprocessing.get_context("spawn")
    stop, longest = context.Event(), context.Queue()
    worker = context.Process(
        target=_keep_writing, args=(database.url.render_as_string(hide_password=False), stop, longest)
    )
    worker.start()
    tally = race(database, gym)
    stop.set()
    slowest = longest.get(timeout=30)
    worker.join(timeout=30)
    return tally, slowest


def _row(name: str, tally: Tally) -> list[str]:
    return [
        name,
        f"{tally.rate:.0f}",
        f"{tally.turns_ratio:.2f}",
        f"{tally.p99s[-1] / statistics.median(tally.p99s):.2f}",
        f"{tally.longest:.2f}",
        str(tally.booked),
        str(tally.refused),
        str(tally.unavailable),
    ]
