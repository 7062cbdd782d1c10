"""Whoever decodes what strangers send has no secret of ours, no network, and cannot start anything."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.images.confinement import confine
from core.images.decoder_client import DecoderClient
from core.images.fd_messages import MAX_MESSAGE_BYTES

linux = pytest.mark.skipif(sys.platform != "linux", reason="no_new_privs and seccomp are Linux's")

TRIES = {
    "a socket": "import socket; socket.socket()",
    "a connection": "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
    "another program": "import subprocess; subprocess.run(['true'])",
    "its own program again": "import os; os.execv('/bin/true', ['true'])",
    "a signal to another process": "import os; os.kill(os.getppid(), 0)",
    "removing a file": "import os; os.unlink('{file}')",
    "renaming a file": "import os; os.rename('{file}', '{file}2')",
}


@linux
@pytest.mark.parametrize("what", TRIES)
def test_a_confined_process_cannot(what: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    code = f"from core.images.confinement import confine\nassert confine()\ntry:\n    {TRIES[what].format(file=file)}\nexcept PermissionError:\n    print('refused')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout.strip() == "refused", done.stderr
    assert file.exists()


@linux
def test_without_the_filter_each_of_these_can_be_done(tmp_path: Path) -> None:
    """The control."""
    file = tmp_path / "file"
    for what, code in TRIES.items():
        file.touch()
        done = subprocess.run(
            [sys.executable, "-c", code.format(file=file)], capture_output=True, text=True, timeout=240, check=False
        )
        assert "PermissionError" not in done.stderr, what


@linux
def test_the_decoder_gets_an_environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPIRIT_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "SPIRIT_MAIL_URL"):
        monkeypatch.setenv(name, "canary-of-a-secret")
    with DecoderClient() as decoder:
        decoder._start()
        assert decoder._process is not None
        there = _environment(decoder._process.pid)
    assert b"canary" not in there and b"MALLOC_ARENA_MAX" in there


def _environment(pid: int) -> bytes:
    """What a process was given; a started one has nothing for the moment in which the kernel sets it up."""
    for _ in range(1_000):
        if there := Path(f"/proc/{pid}/environ").read_bytes():
            return there
        time.sleep(0.01)
    raise AssertionError("the process never got an environment")


@linux
def test_a_child_is_confined_before_it_reads_a_byte() -> None:
    """As the decoder's own child does it: forked, confined, and the kernel says so."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            confine()
            os.write(writing, Path("/proc/self/status").read_bytes())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    status = os.read(reading, 100_000).decode()
    os.close(reading)
    os.close(writing)
    assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status


def test_a_message_that_is_far_too_long_ends_the_conversation() -> None:
    import socket
    import struct

    from core.images.fd_messages import receive

    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">I", MAX_MESSAGE_BYTES + 1))
        with pytest.raises(ConnectionResetError, match="none of ours"):
            receive(ours, descriptors=1)
