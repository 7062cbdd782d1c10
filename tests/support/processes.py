"""
The gym's real processes, on free ports and a data folder of their own, as a person would start them.

    with running_gym(tmp_path, "site", "worker", SPIRIT_MAIL_URL=server.url) as gym:
        httpx2.get(gym.site_url + "/coaches")
        gym["worker"].kill()
        gym.start("worker")
        gym.log("worker")

Everything that was started is stopped, by its own id, when the block ends.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.gym.models import the_gym
from core.platform.db import Database

HEALTHY_WITHIN_S = 240.0
STOPS_WITHIN_S = 60.0


class Process:
    """One running process. Its output goes to a file."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log_file = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                env=environment,
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def wait(self, limit_s: float = STOPS_WITHIN_S) -> int:
        """Its exit code; negative when a signal ended it. Raises subprocess.TimeoutExpired."""
        return self._popen.wait(limit_s)

    def stop(self) -> int:
        """TERM, and KILL for its whole group if that does not help."""
        if self.is_running:
            self.send(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait()
        return self.kill()

    def kill(self) -> int:
        """As if the power had failed: nothing of its group is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.wait()


class RunningGym:
    """A gym's processes by name. environment: what they are told."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.site_url = f"http://127.0.0.1:{free_port()}"
        self.console_url = f"http://127.0.0.1:{free_port()}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPIRIT_")}
        self.environment = {
            **inherited,
            "SPIRIT_DATA_DIR": str(folder / "var"),
            "SPIRIT_BASE_URL": self.site_url,
            "SPIRIT_CONSOLE_URL": self.console_url,
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self._processes: dict[str, Process] = {}

    def __getitem__(self, name: str) -> Process:
        return self._processes[name]

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """`spirit …`, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "core.ops.cli", *arguments],
            env=self.environment,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def do(self, *arguments: str) -> str:
        """`spirit …`, which must succeed; returns what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, *arguments: str, wait: bool = True, **settings: str) -> Process:
        """`spirit NAME …`. Waits until site or console answer; `settings` are for this process alone."""
        process = Process(
            [sys.executable, "-m", "core.ops.cli", name, *arguments],
            {**self.environment, **settings},
            self.folder / f"{name}.log",
        )
        self._processes[name] = process
        address = {"site": self.site_url, "console": self.console_url}.get(name)
        if wait and address is not None:
            self.wait_until(lambda: answers(address), f"{name} answers", name, HEALTHY_WITHIN_S)
        return process

    def log(self, name: str) -> str:
        """What it has said so far, all its lives together."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_until(self, true: Callable[[], bool], what: str, name: str, limit_s: float = 180.0) -> None:
        """Wait for it, as long as the named process lives."""
        deadline = time.monotonic() + limit_s
        while not true():
            alive = self[name].is_running
            assert alive and time.monotonic() < deadline, f"waited for: {what}\n{self.log(name)}"
            time.sleep(0.05)

    def stop_all(self) -> None:
        for process in self._processes.values():
            if process.is_running:
                process.send(signal.SIGTERM)
        for process in self._processes.values():
            process.stop()


@contextmanager
def running_gym(folder: Path, *names: str, demo: bool = False, **settings: str) -> Iterator[RunningGym]:
    """A migrated gym with these processes up; `settings` are environment variables."""
    gym = RunningGym(folder, **settings)
    try:
        gym.do("migrate")
        if demo:
            gym.do("demo")
        for name in names:
            gym.start(name)
        yield gym
    finally:
        gym.stop_all()


def answers(address: str) -> bool:
    """Whether GET /healthz says 200."""
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def let_one_network_ask(folder: Path) -> None:
    """For tests whose families all sit behind one address: the limits on a network are another test's."""
    database = Database(f"sqlite:///{folder / 'var' / 'spirit.db'}")
    with database.write() as transaction:
        gym = the_gym(transaction.session)
        gym.most_open_per_network = gym.most_new_per_network = gym.most_strangers_per_coach = 10_000
    database.dispose()
