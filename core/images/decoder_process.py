"""
Fork server of the sandboxed decoder: `python -m core.images.decoder_process FD`, started by `decoder_client`.

It loads the decoders once and then waits. Each job is done by a child of its own, which takes limits upon itself before
it looks at a byte, may die of them without harm, and leaves nothing behind in the next one.
"""

import ctypes
import os
import resource
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import pillow_heif
from PIL import Image, ImageFile

from core.images import rendering
from core.images.confinement import confine
from core.images.decoding import PictureRefused
from core.images.fd_messages import receive, send
from core.images.recipes import Spec
from core.images.rendering import Made, Opened, Placeholder

NICENESS, PATIENT_NICENESS = 10, 19
TOO_MUCH_MEMORY = "This picture takes too much memory to open. Please send a smaller version of it."
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
MAX_WRITTEN_BYTES = 64 << 20


def main(descriptor: int) -> None:
    """Serve jobs until the client is gone."""
    os.nice(NICENESS)
    Image.init()
    pillow_heif.register_heif_opener(thumbnails=False)
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    control = socket.socket(fileno=descriptor)
    with suppress(ConnectionError):  # gone in the middle of something
        while True:
            job, descriptors = receive(control, descriptors=2)
            if job is None:
                return
            send(control, {"status": _in_a_child(control, job, *descriptors)})


def _in_a_child(control: socket.socket, job: dict[str, Any], answers: int, original: int) -> int:
    """Nothing else runs in this process, so that forking it is safe. Returns the child's wait status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            control.close()  # how it ended is not the child's to say
            _work(job, socket.socket(fileno=answers), os.fdopen(original, "rb"))
            status = 0
        except ConnectionError:  # whoever asked has gone, or needs no more of it
            pass
        except BaseException:  # nobody above would say it: this process must not return from its fork
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(answers)
    os.close(original)
    _, status = os.waitpid(child, 0)
    return status


def _work(job: dict[str, Any], answers: socket.socket, original: BinaryIO) -> None:
    _limit(**job["limits"])
    confine()
    specs = [_spec(given) for given in job["specs"]]
    if all(spec.patient for spec in specs if spec.key in job["needed"]):
        os.nice(PATIENT_NICENESS - NICENESS)  # somebody may be waiting for another picture meanwhile
    Image.MAX_IMAGE_PIXELS = job["size"][0] * job["size"][1]  # what its header said, and not a pixel more
    try:
        rendering.develop(
            original,
            form=job["form"],
            size=tuple(job["size"]),
            specs=specs,
            needed=frozenset(job["needed"]),
            focal=tuple(job["focal"]),
            background=job["background"],
            report=lambda event: _send_event(answers, event),
        )
    except PictureRefused as refusal:
        send(answers, {"event": "refused", "reason": str(refusal)})
    except MemoryError:
        send(answers, {"event": "refused", "reason": TOO_MUCH_MEMORY})
    else:
        send(answers, {"event": "done"})


def _limit(*, memory_bytes: int, cpu_s: int, wall_s: int) -> None:
    """From here on this process cannot take more than this, whatever it reads."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 2))  # the first limit names its cause, the second would not
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_WRITTEN_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(wall_s)


def _send_event(answers: socket.socket, event: Opened | Made | Placeholder) -> None:
    if isinstance(event, Opened):
        send(answers, {"event": "opened", "width_px": event.width_px, "height_px": event.height_px, "note": event.note})
    elif isinstance(event, Placeholder):
        send(answers, {"event": "placeholder", "placeholder": event.placeholder, "colour": event.colour})
    else:
        size = {"width_px": event.width_px, "height_px": event.height_px}
        with event.file:
            send(answers, {"event": "made", "key": event.spec.key, **size}, event.file.fileno())


def _spec(given: dict[str, Any]) -> Spec:
    return Spec(**{**given, "ratio": tuple(given["ratio"]) if given["ratio"] else None})


if __name__ == "__main__":
    main(int(sys.argv[1]))
