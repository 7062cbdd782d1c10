"""Host metrics: memory and CPU of this process, disk and load of its machine."""

import os
import time
from pathlib import Path

import psutil

from core.platform.disk import disk_use


class HostMetrics:
    """Sampler of process and host. CPU is the difference between two calls, so the first has none."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._pid = 0
        self._cpu_s = 0.0
        self._at_s = 0.0

    def measure(self) -> dict[str, float]:
        """process.memory_bytes, process.cpu_share (1 is one core), disk.used_share, disk.free_bytes, machine.load_share."""
        process = psutil.Process()
        times, now = process.cpu_times(), time.monotonic()
        cpu_s = times.user + times.system
        measures = {"process.memory_bytes": float(process.memory_info().rss)}
        if self._pid == process.pid and now > self._at_s:
            measures["process.cpu_share"] = (cpu_s - self._cpu_s) / (now - self._at_s)
        self._pid, self._cpu_s, self._at_s = process.pid, cpu_s, now
        disk = disk_use(self._data_dir)
        measures["disk.used_share"] = disk.used_share
        measures["disk.free_bytes"] = float(disk.free_bytes)
        measures["machine.load_share"] = os.getloadavg()[0] / (os.cpu_count() or 1)
        return measures
