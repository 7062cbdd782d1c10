"""Data sources of all queries here: the telemetry store, and the folder of the archive."""

from dataclasses import dataclass
from pathlib import Path

from analytics.shared_archive_storage import missing_of, shelf_for
from analytics.time_window import Window
from core.platform.settings import Settings
from core.telemetry.store import PATIENT_MS, Store, archive_folder, store_for


@dataclass(frozen=True)
class Monitor:
    """Telemetry's data sources."""

    store: Store  # of hot rows and the manifest
    folder: Path  # of the archive's files


def monitor_for(settings: Settings) -> Monitor:
    """The data sources of this gym, with a patient lock timeout."""
    store = store_for(settings, busy_ms=PATIENT_MS)
    store.shelf = shelf_for(settings)
    return Monitor(store, archive_folder(settings))


def missing_files(monitor: Monitor, window: Window) -> list[str]:
    """Paths of a window's files that cannot be read on this host; without them its numbers are too small."""
    return missing_of(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us)
