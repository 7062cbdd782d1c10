"""How full the disk is, as whoever writes feels it."""

from collections import namedtuple
from pathlib import Path

import pytest

from core.platform.disk import disk_use
from core.telemetry.host_metrics import HostMetrics

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("total", "used", "free", "share"),
    [
        (1000, 949, 0, 1.0),  # five percent are root's own: nobody else can write a byte
        (16_000, 15_360, 640, 0.96),
        (1000, 500, 500, 0.5),
        (0, 0, 0, 1.0),
    ],
)
def test_what_is_reserved_for_root_is_not_free(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, total: int, used: int, free: int, share: float
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(total, used, free))
    found = disk_use(tmp_path)
    assert (found.used_share, found.free_bytes) == (share, free)
    measured = HostMetrics(tmp_path).measure()
    assert (measured["disk.used_share"], measured["disk.free_bytes"]) == (share, free)
