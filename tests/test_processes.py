"""One parent keeps three processes: restarts the dead, stops all within ten seconds, leaves nobody behind."""

import os
import signal
import socket
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.errors import SetupError
from core.ops.processes import require_free_port
from tests.support.processes import Process, free_port

pytestmark = pytest.mark.processes
POLITE = "import time; print('here', flush=True); time.sleep(60)"
DYING = "print('here', flush=True); raise SystemExit(3)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)
WITH_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("grandchild", child.pid, flush=True)
time.sleep(60)
"""
FAITHFUL = "from core.ops.processes import die_with_parent; die_with_parent();" + POLITE


class Parent(Process):
    """A parent of these programs, by name."""

    def __init__(self, folder: Path, grace_s: float = 1.0, **programs: str) -> None:
        script = f"""
            import os, sys
            from core.ops import processes
            processes.GRACE_S = {grace_s}
            python = [sys.executable, "-u", "-c"]
            children = [processes.Child(name, [*python, text]) for name, text in {programs!r}.items()]
            processes.run(children, environment=os.environ, ready=["all are up"])
        """
        root = str(Path(__file__).parent.parent)
        environment = {**os.environ, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"}
        super().__init__([sys.executable, "-c", textwrap.dedent(script)], environment, folder / "up.log")

    def said(self) -> str:
        return self.log_file.read_text()

    def wait_for(self, words: str, times: int = 1, limit_s: float = 120.0) -> None:
        """Until it has said this so often."""
        started = time.monotonic()
        while self.said().count(words) < times:
            assert time.monotonic() - started < limit_s, f"waited for {words!r}:\n{self.said()}"
            time.sleep(0.02)

    def children(self) -> list[psutil.Process]:
        return list(psutil.Process(self.pid).children(recursive=True))


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Parent]]:
    """Whatever a test starts is gone after it."""
    parents: list[Parent] = []
    yield parents
    for parent in parents:
        left = parent.children() if parent.is_running else []
        parent.kill()
        for process in left:
            process.kill()


def test_what_a_child_prints_stands_behind_its_name(tmp_path: Path, started: list[Parent]) -> None:
    parent = Parent(tmp_path, site=POLITE, worker=POLITE)
    started.append(parent)
    parent.wait_for("here", times=2)
    parent.wait_for("all are up")
    assert {"site   | here", "worker | here"} <= set(parent.said().splitlines())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_of_them(tmp_path: Path, started: list[Parent], number: signal.Signals) -> None:
    parent = Parent(tmp_path, site=POLITE, worker=POLITE)
    started.append(parent)
    parent.wait_for("here", times=2)
    children = parent.children()
    parent.send(number)
    assert parent.wait(60) == 0
    assert len(children) == 2
    assert not any(child.is_running() for child in children)
    assert "killed" not in parent.said()


def test_who_does_not_stop_is_killed(tmp_path: Path, started: list[Parent]) -> None:
    parent = Parent(tmp_path, grace_s=0.5, site=STUBBORN, worker=POLITE)
    started.append(parent)
    parent.wait_for("here", times=2)
    children = parent.children()
    parent.send(signal.SIGTERM)
    assert parent.wait(60) == 0
    assert not any(child.is_running() for child in children)
    assert "site did not finish" in parent.said()
    assert "worker did not finish" not in parent.said()


def test_a_dead_child_starts_again_after_a_growing_pause(tmp_path: Path, started: list[Parent]) -> None:
    began = time.monotonic()
    parent = Parent(tmp_path, site=DYING, worker=POLITE)
    started.append(parent)
    parent.wait_for("site stopped by itself (exit code 3); it starts again in 1 s")
    parent.wait_for("site stopped by itself (exit code 3); it starts again in 2 s")
    assert time.monotonic() - began > 1, "the first pause was made"
    assert parent.said().count("worker | here") == 1
    parent.send(signal.SIGTERM)
    assert parent.wait(60) == 0


def test_a_killed_child_takes_its_own_children_along(tmp_path: Path, started: list[Parent]) -> None:
    parent = Parent(tmp_path, site=WITH_A_CHILD)
    started.append(parent)
    parent.wait_for("grandchild")
    grandchild = psutil.Process(int(parent.said().split("grandchild ")[1].split()[0]))
    parent.children()[0].kill()
    parent.wait_for("site stopped by itself (SIGKILL)")
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_children_do_not_outlive_a_killed_parent(tmp_path: Path, started: list[Parent]) -> None:
    parent = Parent(tmp_path, site=FAITHFUL)
    started.append(parent)
    parent.wait_for("here")
    (child,) = parent.children()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    gone, alive = psutil.wait_procs([child], timeout=60)
    assert (len(gone), alive) == (1, [])


def test_a_port_in_use_is_named_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"Port {port} cannot be used .* --site-port"):
            require_free_port(port, "--site-port")
    require_free_port(free_port(), "--site-port")
