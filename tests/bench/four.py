"""The plan's four JPEGs by our own pipeline: `python -m tests.bench.four REPEATS OUT FILE…`. A line of JSON for each file."""

import json
import resource
import sys
import time
from pathlib import Path

from PIL import Image

from core.images import pixels
from core.images.headers import read_header
from core.images.pixels import Glimpse, Made, Opened
from core.images.recipes import PLAN, Recipe, Shape, specs_of

FOUR = Recipe([Shape("whole", PLAN)], formats=("jpeg",))


def main(repeats: int, out: str, files: list[str]) -> None:
    Image.init()
    for _ in range(repeats):
        for file in files:
            _one(Path(file), out)
    print(json.dumps({"peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


def _one(path: Path, out: str) -> None:
    made: dict[int, bytes] = {}

    def keep(told: Opened | Made | Glimpse) -> None:
        if isinstance(told, Made):
            with told.file:
                made[told.spec.width_px] = told.file.read()

    began, cpu = time.perf_counter(), time.process_time()
    header = read_header(path.read_bytes())
    assert header is not None
    specs = specs_of(FOUR, pixels=str(path), focal=(50, 50), encoders="", fine=False)
    with path.open("rb") as original:
        pixels.develop(
            original,
            form=header.format,
            size=(header.width_px, header.height_px),
            specs=specs,
            needed=frozenset(spec.key for spec in specs),
            focal=(50, 50),
            background="#ffffff",
            tell=keep,
        )
    wall_ms, cpu_ms = (time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000
    print(
        json.dumps(
            {"file": str(path), "wall_ms": wall_ms, "cpu_ms": cpu_ms, "bytes": [len(data) for data in made.values()]}
        )
    )
    if out != "-":
        for width, data in made.items():
            Path(out, f"{path.name}.{width}.jpg").write_bytes(data)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
