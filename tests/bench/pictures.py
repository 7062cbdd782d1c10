"""
Our pictures against sharp's: the plan's four JPEGs of the same photos, on the same machine, in turn.

sharp is installed by npm into a temporary folder; without npm the part says so and measures nothing. Each contender
is a process of its own that makes every photo; the figure of a photo is its least of all rounds, and the ratio the
geometric mean over the photos.
"""

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.four import profile
from tests.bench.frozen import Frozen, freeze
from tests.bench.likeness import Compared, Scored, compared
from tests.bench.picture_story import first_rendition_s, site_p95_ms
from tests.bench.report import Section

SHARP = "sharp@0.35"
FOUR = Path(__file__).parent / "peer" / "four.mjs"
IN_A_ROW, ALL_AT_ONCE, OURS = "in-a-row", "all-at-once", "ours"
ROUNDS = 2
TITLE = "The plan's four JPEGs, against sharp"
HEAD = ["work", "against", "ratio", "goal"]


@dataclass
class Times:
    """The least of all rounds, by file. peak_kb: of the process."""

    wall_ms: dict[str, float] = field(default_factory=dict)
    cpu_ms: dict[str, float] = field(default_factory=dict)
    size_bytes: dict[str, int] = field(default_factory=dict)
    peak_kb: int = 0


class Contest:
    """The contenders, with the photos and a folder each for what they make."""

    def __init__(self, folder: Path, frozen: Frozen) -> None:
        self.folder, self.frozen = folder, frozen
        self.files = [str(path) for path in frozen.files]
        self.times = {name: Times() for name in (IN_A_ROW, ALL_AT_ONCE, OURS)}
        for name in self.times:
            (folder / name).mkdir()
        shutil.copy(FOUR, folder / "four.mjs")

    def run(self, name: str, files: Sequence[str] | None = None) -> Times:
        """One round; its files lie in the contender's folder afterwards."""
        wanted, out = list(files or self.files), str(self.folder / name)
        ours = [sys.executable, "-m", "tests.bench.four", "1", out, *wanted]
        sharps = ["node", str(self.folder / "four.mjs"), name, "1", out, *wanted]
        done = subprocess.run(ours if name == OURS else sharps, capture_output=True, text=True, check=True)
        times = self.times[name]
        *rows, last = (json.loads(line) for line in done.stdout.splitlines())
        for row in rows:
            for figure, least in (("wall_ms", times.wall_ms), ("cpu_ms", times.cpu_ms)):
                least[row["file"]] = min(row[figure], least.get(row["file"], math.inf))
            times.size_bytes[row["file"]] = sum(row["bytes"])
        times.peak_kb = max(times.peak_kb, last["peak_kb"])
        return times


def measure() -> Section:
    """Everything that the pictures have a goal for, but for the home page, which the browser tests weigh."""
    if not shutil.which("npm") or not shutil.which("node"):
        return Section(TITLE, HEAD, [], ["Not measured: there is no node and npm to install sharp with."])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", name, SHARP], check=True, timeout=300
        )
        contest = Contest(folder, freeze(folder))
        for _ in range(ROUNDS):
            for contender in (IN_A_ROW, OURS, ALL_AT_ONCE):
                contest.run(contender)
        return Section(TITLE, HEAD, [*_work(contest), *_looks(contest), *_story(contest)], _notes(contest))


def _work(contest: Contest) -> list[list[str]]:
    ours, row, together = (contest.times[name] for name in (OURS, IN_A_ROW, ALL_AT_ONCE))
    return [
        ["CPU", "four awaits", _ratio(ours.cpu_ms, row.cpu_ms), "≤ 0.95"],
        ["wall", "four awaits", _ratio(ours.wall_ms, row.wall_ms), "≤ 0.90"],
        ["wall", "Promise.all", _ratio(ours.wall_ms, together.wall_ms), "≤ 1.15"],
        ["peak memory", "four awaits", f"{ours.peak_kb / row.peak_kb:.2f}", "≤ 0.50"],
        ["bytes", "four awaits", _ratio(ours.size_bytes, row.size_bytes), "≤ 0.92"],
    ]


def _looks(contest: Contest) -> list[list[str]]:
    found = compared(contest.frozen.files, contest.folder / OURS, contest.folder / IN_A_ROW)
    widths = sorted({one.width_px for one in found})
    at = {width: [one for one in found if one.width_px == width] for width in widths}
    return [
        *([f"quality at {width} px, SSIMULACRA2", "four awaits", _points(at[width]), "≥ −0.10"] for width in widths),
        *([f"quality at {width} px, MS-SSIM", "four awaits", _decibels(at[width]), "agrees"] for width in widths),
        ["bytes of the AVIF after the idle pass", "the plan's JPEGs", _share(found), "≤ 0.62"],
        *(
            [
                f"those of {width} px",
                "the same",
                f"{_share(at[width])} at {_patience(at[width]):+.2f} points",
                "≥ −0.10",
            ]
            for width in widths
        ),
    ]


def _points(some: list[Compared]) -> str:
    ours, peers = (statistics.fmean(scored.points for scored in side) for side in _sides(some))
    return f"{ours - peers:+.2f} ({ours:.1f} − {peers:.1f})"


def _decibels(some: list[Compared]) -> str:
    ours, peers = (statistics.fmean(scored.decibels for scored in side) for side in _sides(some))
    return f"{ours - peers:+.2f} dB ({ours:.1f} − {peers:.1f})"


def _sides(some: list[Compared]) -> tuple[list[Scored], list[Scored]]:
    return [one.ours for one in some], [one.peers for one in some]


def _share(some: list[Compared]) -> str:
    """The geometric mean over the files."""
    return f"{math.exp(statistics.fmean(math.log(one.patient.size_bytes / one.peers.size_bytes) for one in some)):.2f}"


def _patience(some: list[Compared]) -> float:
    return statistics.fmean(one.patient.points - one.peers.points for one in some)


def _story(contest: Contest) -> list[list[str]]:
    photo = next(path for path in contest.frozen.files if path.name.startswith("made-"))
    accepted = first_rendition_s(photo)
    peer_s = statistics.median(_alone_s(contest, str(photo)) for _ in range(ROUNDS))
    idle, busy = site_p95_ms(contest.frozen.files)
    return [
        ["upload accepted → first usable rendition, 12 MP", "four awaits", f"{accepted / peer_s:.2f}", "≤ 2"],
        ["site p95 while 20 photos are made", "idle", f"{busy / idle:.2f} ({busy:.1f} ÷ {idle:.1f} ms)", "≤ 1.3"],
    ]


def _alone_s(contest: Contest, photo: str) -> float:
    """sharp's four awaits on one photo, now, when the machine is as it was for ours."""
    fresh = Times()
    kept, contest.times[IN_A_ROW] = contest.times[IN_A_ROW], fresh
    try:
        contest.run(IN_A_ROW, [photo])
    finally:
        contest.times[IN_A_ROW] = kept
    return fresh.wall_ms[photo] / 1000


def _ratio(ours: dict[str, float] | dict[str, int], peers: dict[str, float] | dict[str, int]) -> str:
    """The geometric mean over the photos."""
    return f"{math.exp(statistics.fmean(math.log(ours[name] / peers[name]) for name in ours)):.2f}"


def _notes(contest: Contest) -> list[str]:
    frozen, load = contest.frozen, os.getloadavg()[0]
    ours, row = contest.times[OURS], contest.times[IN_A_ROW]
    shares = ", ".join(f"{name} {share:.0%}" for name, share in profile(frozen.files).items())
    return [
        (
            f"{len(frozen.files)} photos: {frozen.real} photographs of 2 to 18 million pixels, {len(frozen.files) - frozen.real} "
            "made of 12 million; all as phones write them (baseline, 4:2:0, quality 95)."
        ),
        (
            f"For all photos: {sum(ours.cpu_ms.values()) / 1000:.1f} s of CPU, sharp {sum(row.cpu_ms.values()) / 1000:.1f} s; "
            f"{ours.peak_kb >> 10} MB at most, sharp {row.peak_kb >> 10} MB."
        ),
        f"Where our CPU goes: {shares}. Upstream Pillow resizes without SIMD, and its progressive JPEG of 2000 pixels is one thread's.",
        (
            f"The load of this machine's two cores was {load:.1f} at the end: wall ratios say how many threads each had ready "
            "when cores were short."
        ),
    ]
