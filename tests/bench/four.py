"""The plan's four JPEGs by our own pipeline: `python -m tests.bench.four REPEATS OUT FILE…`. A line of JSON for each file."""

import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from PIL import Image

from core.images import decoding, rendering
from core.images.headers import read_header
from core.images.recipes import PLAN, Recipe, Shape, specs_of
from core.images.rendering import Made, Opened, Placeholder

FOUR = Recipe([Shape("whole", PLAN)], formats=("jpeg",))
FOUR_AVIF = replace(FOUR, formats=("avif",))


def main(repeats: int, out: str, files: list[str]) -> None:
    Image.init()
    for _ in range(repeats):
        for file in files:
            _one(Path(file), out)
    peak = re.search(
        r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()
    )  # ru_maxrss begins with whoever started us
    assert peak is not None
    print(json.dumps({"peak_kb": int(peak[1])}))


def _one(path: Path, out: str) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    made = _developed(path, FOUR, fine=False)
    wall_ms, cpu_ms = (time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000
    sizes = [len(data) for data in made.values()]
    print(json.dumps({"file": str(path), "wall_ms": wall_ms, "cpu_ms": cpu_ms, "bytes": sizes}))
    if out != "-":
        for width, data in made.items():
            Path(out, f"{path.name}.{width}.jpg").write_bytes(data)


def patient_files(path: Path) -> dict[int, bytes]:
    """What the idle pass makes of a photo, by width asked for."""
    return _developed(path, FOUR_AVIF, fine=True)


def _developed(path: Path, recipe: Recipe, *, fine: bool) -> dict[int, bytes]:
    made: dict[int, bytes] = {}

    def keep(event: Opened | Made | Placeholder) -> None:
        if isinstance(event, Made):
            with event.file:
                made[event.spec.width_px] = event.file.read()

    header = read_header(path.read_bytes())
    assert header is not None
    specs = specs_of(recipe, pixels=str(path), focal=(50, 50), encoders="", fine=fine)
    with path.open("rb") as original:
        rendering.develop(
            original,
            form=header.format,
            size=(header.width_px, header.height_px),
            specs=specs,
            needed=frozenset(spec.key for spec in specs),
            focal=(50, 50),
            background=recipe.background,
            report=keep,
        )
    return made


def profile(files: list[Path]) -> dict[str, float]:
    """Where the CPU goes, as shares of the whole: one photo after another, one thread."""
    taken = {"decode and turn": 0.0, "resize": 0.0, "encode": 0.0}
    specs = specs_of(FOUR, pixels="", focal=(50, 50), encoders="", fine=False)
    for path in files:
        header = read_header(path.read_bytes())
        assert header is not None
        size = header.width_px, header.height_px
        marks = [time.process_time()]
        with path.open("rb") as original, ThreadPoolExecutor(1) as one:
            with decoding.decoded(original, form="jpeg", size=size, specs=specs) as (picture, full, _):
                marks.append(time.process_time())
                sized = list(rendering._sizes(picture, full, specs, (50, 50), one))
            marks.append(time.process_time())
            for made in sized:
                rendering._encode(made.pixels, made.specs[0], "#ffffff", _close)
            marks.append(time.process_time())
        for name, began, ended in zip(taken, marks, marks[1:], strict=False):
            taken[name] += ended - began
    return {name: spent / sum(taken.values()) for name, spent in taken.items()}


def _close(event: Opened | Made | Placeholder) -> None:
    if isinstance(event, Made):
        event.file.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
