"""What the monitor costs: a request, the server's processor, and a booking beside five thousand rows a second."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path

from core.platform import clock
from core.platform.db import Database
from core.telemetry.log_rows import RequestRow
from core.telemetry.recorder import Recorder
from core.telemetry.store import Store
from tests.bench.gym import BenchGym, open_gym, request_lesson, wanted
from tests.bench.load import server
from tests.bench.report import Section
from tests.support.databases import fresh
from tests.support.processes import Process

RUNS = 3
PEERS = {"prometheus": (0.6, "≤ 0.6"), "opentelemetry": (0.01, "≤ 1/100"), "sentry": (0.005, "≤ 1/200")}
ASKED, SERVER_ROUNDS = 3000, 5
COACHES, BOOKINGS, PAIRS = 14, 600, 9
ROWS_A_SECOND, TICK_S = 5000, 0.02


def measure() -> Section:
    rows = [*_added(), *_server(), *_bookings()]
    return Section(
        "What the monitor costs",
        ["work", "ours", "peer", "ratio", "goal"],
        rows,
        [
            (
                "Added to a request: CPU of the serving thread, the median of three processes, each the difference of the "
                "quickest blocks with and without. Ours is measured against the edge, which gives id, headers and log line anyway; "
                "runs of it differ by some tenths of a microsecond."
            ),
            (
                "The server's CPU counts all threads, the writer's too. Bare Starlette names, times and protects nothing: the "
                "edge gives each answer its id, its time and eight headers, which the server has to send."
            ),
            (
                f"Bookings: p99 of {BOOKINGS} bookings, one after another, {PAIRS} alternating rounds; the median of the ratios "
                "within a round, and their range. The control writes the same rows into the gym's own file."
            ),
        ],
    )


def _added() -> list[list[str]]:
    added: dict[str, list[float]] = {name: [] for name in ("ours", *PEERS)}
    for _ in range(RUNS):
        for name, seen in added.items():
            command = [sys.executable, "-W", "ignore", "-m", "tests.bench.watched", name]
            seen.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    ours = statistics.median(added["ours"])
    return [
        [f"added to a request, against {name}", f"{ours:.2f} µs", f"{peer:.1f} µs", f"{ours / peer:.4f}", goal]
        for name, (_, goal) in PEERS.items()
        for peer in [statistics.median(added[name])]
    ]


def _server() -> list[list[str]]:
    """A page of one word from uvicorn: from Starlette alone, and behind the edge, without and with a recorder."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd()), "SPIRIT_DATA_DIR": folder}
        with ExitStack() as running:
            servers = []
            for name in ("bare", "hello", "hello_recorded"):
                command = ["tests.bench.serving", name, "PORT", "quiet"]
                servers.append(running.enter_context(server(name, command, "/hello", environment, Path(folder))))
            for one in servers:
                one.ask("/hello", ASKED // 3)
            rounds = [[one.cpu_us("/hello", ASKED) for one in servers] for _ in range(SERVER_ROUNDS)]
    bare, off, on = (statistics.median(column) for column in zip(*rounds, strict=True))
    against_bare = statistics.median(one[0] / one[2] for one in rounds)
    against_off = statistics.median(one[1] / one[2] for one in rounds)
    return [
        ["server CPU a request, edge without ÷ with", f"{on:.0f} µs", f"{off:.0f} µs", f"{against_off:.2f}", "≥ 0.93"],
        ["server CPU, bare Starlette ÷ edge with", f"{on:.0f} µs", f"{bare:.0f} µs", f"{against_bare:.2f}", "≥ 0.93"],
    ]


def _bookings() -> list[list[str]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with fresh(f"sqlite:///{folder / 'spirit.db'}") as database:
            gym = open_gym(database, coaches=COACHES)
            turns = _turns(gym)
            _p99_ms(database, gym, turns)
            rounds = []
            for _ in range(PAIRS):
                alone = _p99_ms(database, gym, turns)
                with _writing(folder / "telemetry.db", folder):
                    beside = _p99_ms(database, gym, turns)
                with _writing(folder / "spirit.db", folder):
                    inside = _p99_ms(database, gym, turns)
                rounds.append((alone, beside, inside))
    alone_ms = statistics.median(alone for alone, _, _ in rounds)
    rows = []
    for what, column, goal in (
        ("booking p99 beside 5,000 rows/s", 1, "≤ 1.2"),
        ("control: the rows in the gym's own file", 2, "worse"),
    ):
        ratios = sorted(one[column] / one[0] for one in rounds)
        shown = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        rows.append(
            [what, f"{statistics.median(one[column] for one in rounds):.1f} ms", f"{alone_ms:.1f} ms", shown, goal]
        )
    return rows


def _p99_ms(database: Database, gym: BenchGym, turns: Iterator[int]) -> float:
    seconds = []
    for _ in range(BOOKINGS):
        coach = next(turns)
        asked = wanted(gym, coach, gym.starts[coach].pop())
        began = time.perf_counter()
        database.transact(lambda tx: request_lesson(tx.session, tx.coach, asked, now=tx.now), coach=coach)
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[int(BOOKINGS * 0.99)] * 1000


def _turns(gym: BenchGym) -> Iterator[int]:
    return cycle(list(gym.starts))


@contextmanager
def _writing(store: Path, folder: Path) -> Iterator[None]:
    """Another process records into this file, from when it has begun until the block ends."""
    begun = folder / f"begun.{clock.now().timestamp()}"
    command = [sys.executable, "-m", "tests.bench.recorder", str(store), str(begun)]
    process = Process(command, {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd())}, folder / "writer.log")
    try:
        while not begun.exists():
            assert process.is_running, (folder / "writer.log").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.stop()


def write_rows(store: Path, begun: Path) -> None:
    """Five thousand requests a second, until somebody ends it."""
    recorder = Recorder(Store(f"sqlite:///{store}"), service="site", release="bench")
    number, began = 0, time.monotonic()
    while True:
        for _ in range(int(ROWS_A_SECOND * TICK_S)):
            number += 1
            recorder.requests.add(
                RequestRow(
                    number, "http", "GET", "/", 200, "ok", 900, ttfb_us=700, db_us=90, db_count=3, db_same_max=1,
                    cache="hit", request_id="257d7090e477a65e", category="family",
                )
            )  # fmt: skip
        if number >= ROWS_A_SECOND // 5:
            begun.touch()
        time.sleep(max(0.0, began + number / ROWS_A_SECOND - time.monotonic()))


if __name__ == "__main__":
    write_rows(Path(sys.argv[1]), Path(sys.argv[2]))
