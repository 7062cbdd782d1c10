"""
Client of the sandboxed decoder process: send an original and a list of renditions, receive files one by one, or a refusal.

    with DecoderClient() as decoder:
        for event in decoder.develop(original, header, specs, …):

A picture that wants more memory or time than its header lets expect ends its own child, and nothing else.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, BinaryIO

from core.images.decoding import PictureRefused
from core.images.fd_messages import receive, send
from core.images.headers import Header
from core.images.recipes import Spec
from core.images.rendering import Made, Opened, Placeholder

MIB = 1 << 20
CPU_S, WALL_S = 60, 150  # a nice process may wait long for a core
ANSWER_S = 5.0  # beyond the child's own time
ENCODING_BYTES = 360 * MIB  # two encoders at work, their threads, and the sizes of at most 2000 pixels
BYTES_PER_PIXEL = {"jpeg": 2, "png": 14, "gif": 12, "webp": 18, "avif": 16, "heic": 16}
NEEDED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR")  # and no secret of ours
PROGRESSIVE_BYTES = 6  # the coefficients of three full planes

TOO_LONG = "This picture takes too long to open. Please save it once more as an ordinary JPEG and send that."
DIED = "This picture could not be opened. Please save it once more as an ordinary JPEG and send that."


class DecoderFailed(Exception):
    """The decoder process died of something other than the image, or perhaps so; retryable."""


@dataclass(frozen=True)
class Limits:
    """Resource limits of one job."""

    memory_bytes: int
    cpu_s: int = CPU_S
    wall_s: int = WALL_S


def limits_for(header: Header) -> Limits:
    """Resource limits by the header: an honest file keeps well within them."""
    a_pixel = BYTES_PER_PIXEL[header.format] + (PROGRESSIVE_BYTES if header.progressive else 0)
    return Limits(ENCODING_BYTES + header.pixels * a_pixel)


class DecoderClient:
    """A decoder process for any number of jobs, one at a time; started by the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> "DecoderClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def develop(
        self,
        original: BinaryIO,
        header: Header,
        specs: Sequence[Spec],
        *,
        needed: frozenset[str],
        focal: tuple[int, int],
        background: str,
        limits: Limits | None = None,
    ) -> Iterator[Opened | Made | Placeholder]:
        """
        What the picture turns out to be, its renditions as they are finished (each `file` is closed by the caller),
        and what stands in for it.

        Args:
            needed: the keys of the renditions to make now.

        Raises:
            PictureRefused: for good, with a sentence.
            DecoderFailed: try again later.
        """
        limits = limits or limits_for(header)
        job = {
            "limits": asdict(limits),
            "form": header.format,
            "size": [header.width_px, header.height_px],
            "specs": [asdict(spec) for spec in specs],
            "needed": sorted(needed),
            "focal": list(focal),
            "background": background,
        }
        by_key = {spec.key: spec for spec in specs}
        answers = self._send_job(job, original, limits)
        finished = False
        try:
            with contextlib.closing(answers):
                while (event := self._next(answers)) is not None:
                    finished = event[0]["event"] in ("done", "refused")
                    if event[0]["event"] == "refused":
                        raise PictureRefused(event[0]["reason"])
                    if not finished:
                        yield _event_of(*event, by_key)
        finally:
            status = self._status(limits)
        if not finished:
            raise _cause(status)

    def close(self) -> None:
        """Close the socket; the process ends by itself when nobody listens any more."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(ANSWER_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._control = None

    def _send_job(self, job: dict[str, Any], original: BinaryIO, limits: Limits) -> socket.socket:
        control = self._control or self._start()
        control.settimeout(limits.wall_s + ANSWER_S)
        ours, theirs = socket.socketpair()
        ours.settimeout(limits.wall_s + ANSWER_S)
        original.seek(0)
        with theirs:
            try:
                send(control, job, theirs.fileno(), original.fileno())
            except OSError as error:
                ours.close()
                self.close()
                raise DecoderFailed("the decoder is gone") from error
        return ours

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "core.images.decoder_process", str(theirs.fileno())]
            environment = {name: os.environ[name] for name in NEEDED_VARIABLES if name in os.environ}
            environment["MALLOC_ARENA_MAX"] = "2"  # each arena reserves 64 MB that nobody uses
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment
            )
        self._control = ours
        return ours

    def _next(self, answers: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
        try:
            message, files = receive(answers, descriptors=1)
        except OSError:  # it died in the middle of a word, or says nothing; its status tells why
            return None
        return (message, files) if message is not None else None

    def _status(self, limits: Limits) -> int:
        """How the child ended. A decoder that does not say so is closed; the next picture gets a new one."""
        try:
            assert self._control is not None
            message, _ = receive(self._control, descriptors=0)
        except OSError:
            message = None
        if message is None:
            if self._process is not None:
                self._process.kill()
            self.close()
            return signal.SIGKILL
        return int(message["status"])


def _event_of(message: dict[str, Any], files: list[int], specs: dict[str, Spec]) -> Opened | Made | Placeholder:
    if message["event"] == "opened":
        return Opened(message["width_px"], message["height_px"], message["note"])
    if message["event"] == "placeholder":
        return Placeholder(message["placeholder"], message["colour"])
    return Made(specs[message["key"]], message["width_px"], message["height_px"], os.fdopen(files[0], "rb"))


def _cause(status: int) -> Exception:
    """
    Its share of the processor is the picture's fault; so is a decoder that fell over. Whatever else killed it may not
    be: not even the clock on the wall, for who knows what else this machine had to do.
    """
    if not os.WIFSIGNALED(status):
        return DecoderFailed(f"the child ended with {os.waitstatus_to_exitcode(status)}")
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return PictureRefused(TOO_LONG)
    if number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGXFSZ, signal.SIGFPE, signal.SIGILL):
        return PictureRefused(DIED)
    return DecoderFailed(f"the child was ended by {signal.Signals(number).name}")
