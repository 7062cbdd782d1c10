"""Where the monitor's data lies: what every question of this package is asked of."""

from dataclasses import dataclass
from pathlib import Path

from analytics.cold_storage import missing_of, shelf_for
from analytics.window import Window
from core.platform.settings import Settings
from core.telemetry.store import PATIENT_MS, Store, archive_folder, store_for


@dataclass(frozen=True)
class Monitor:
    """The store of hot rows and the folder of the archive."""

    store: Store
    folder: Path


def monitor_for(settings: Settings) -> Monitor:
    store = store_for(settings, busy_ms=PATIENT_MS)
    store.shelf = shelf_for(settings)
    return Monitor(store, archive_folder(settings))


def missing_files(monitor: Monitor, window: Window) -> list[str]:
    """The files of a window that cannot be read on this host; without them its numbers are too small."""
    return missing_of(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us)
