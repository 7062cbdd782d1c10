"""
Process supervisor of `spirit up`: site, console and worker under one parent, for a machine without a supervisor of its own.

Each child leads a process session of its own, and what it prints is passed on behind its name. TERM or Ctrl-C asks
all of them to finish, and kills whoever has not after nine seconds. A child that dies is started again after a pause
that doubles from one second to thirty, and starts small again once it has stood for a minute.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import SetupError

GRACE_S = 9.0
FIRST_PAUSE_S, MAX_PAUSE_S, STOOD_S = 1.0, 30.0, 60.0
HEALTHY_WITHIN_S = 90.0
MAX_LINE_BYTES = 1 << 20
SUPERVISED = "SPIRIT_SUPERVISED"

Say = Callable[[str], None]


@dataclass
class Child:
    """One process of the gym. health_port: where GET /healthz answers 200 once it serves; None if it serves nothing."""

    name: str
    command: Sequence[str]
    health_port: int | None = None


def run(
    children: Sequence[Child], *, environment: Mapping[str, str], ready: Sequence[str], say: Say | None = None
) -> None:
    """
    Supervise the children until TERM or Ctrl-C, then stop them within ten seconds.

    Args:
        environment: of every child.
        ready: lines to say once all that serve answer.
    """
    asyncio.run(_supervise(children, {**environment, SUPERVISED: "1"}, ready, say or _print_at_once))


def _print_at_once(line: str) -> None:
    """Also where the output is a file or a journal."""
    print(line, flush=True)


def require_free_port(port: int, option: str, *, host: str = "127.0.0.1") -> None:
    """Raises SetupError when somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"Port {port} cannot be used ({error.strerror}). Stop what runs there, or choose another "
                f"with {option}, or in SPIRIT_BASE_URL and SPIRIT_CONSOLE_URL."
            ) from None


def die_with_parent() -> None:
    """Set the parent-death signal (Linux), so that a child whose parent is killed stops, and frees the port."""
    if os.environ.get(SUPERVISED) and sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


async def _supervise(children: Sequence[Child], environment: Mapping[str, str], ready: Sequence[str], say: Say) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    width = max(len(child.name) for child in children)
    announcing = asyncio.create_task(_announce(children, ready, say))
    await asyncio.gather(*(_keep(child, environment, stop, say, width) for child in children))
    announcing.cancel()


async def _keep(child: Child, environment: Mapping[str, str], stop: asyncio.Event, say: Say, width: int) -> None:
    """Start it, and start it again whenever it dies, until told to stop."""
    pause_s = FIRST_PAUSE_S
    while not stop.is_set():
        started = time.monotonic()
        process, output = await _start(child, environment)
        reading = asyncio.create_task(_pass_on(child, output, say, width))
        code = await _gone(child, process, stop, say)
        await asyncio.wait({reading}, timeout=1)
        if stop.is_set():
            return
        pause_s = FIRST_PAUSE_S if time.monotonic() - started > STOOD_S else pause_s
        say(f"{child.name} stopped by itself ({_cause(code)}); it starts again in {pause_s:.0f} s")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)
        pause_s = min(pause_s * 2, MAX_PAUSE_S)


async def _start(
    child: Child, environment: Mapping[str, str]
) -> tuple[asyncio.subprocess.Process, asyncio.StreamReader]:
    """A pipe of our own: asyncio's would let `wait` wait for whoever else holds the other end."""
    read_end, write_end = os.pipe()
    output = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), os.fdopen(read_end, "rb")
    )
    try:
        process = await asyncio.create_subprocess_exec(
            *child.command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=write_end,
            stderr=write_end,
            start_new_session=True,
        )
    finally:
        os.close(write_end)
    return process, output


async def _gone(child: Child, process: asyncio.subprocess.Process, stop: asyncio.Event, say: Say) -> int:
    """Wait until it has gone, by itself or because we stop; nothing of its group outlives it. Returns its code."""
    gone, told = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
    await asyncio.wait({gone, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not gone.done():
        process.terminate()
        await asyncio.wait({gone}, timeout=GRACE_S)
        if not gone.done():
            say(f"{child.name} did not finish within {GRACE_S:.0f} s and is killed")
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return await gone


async def _pass_on(child: Child, output: asyncio.StreamReader, say: Say, width: int) -> None:
    while True:
        try:
            line = await output.readline()
        except ValueError:  # longer than a megabyte; the reader has dropped it
            line = b"(a line too long to show)\n"
        if not line:
            return
        say(f"{child.name:<{width}} | {line.decode(errors='replace').rstrip()}")


async def _announce(children: Sequence[Child], ready: Sequence[str], say: Say) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    for child in children:
        while child.health_port is not None and not await _answers(child.health_port):
            if time.monotonic() > deadline:
                say(f"{child.name} does not answer on port {child.health_port}; its own lines above say why")
                return
            await asyncio.sleep(0.1)
    for line in ready:
        say(line)


async def _answers(port: int) -> bool:
    """Whether GET /healthz says 200."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _cause(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
