"""Where the monitor's data lies: what every question of this package is asked of."""

from dataclasses import dataclass
from pathlib import Path

from core.settings import Settings
from core.telemetry.store import PATIENT_MS, Store, archive_folder, store_for


@dataclass(frozen=True)
class Monitor:
    """The store of hot rows and the folder of the archive."""

    store: Store
    folder: Path


def monitor_for(settings: Settings) -> Monitor:
    return Monitor(store_for(settings, busy_ms=PATIENT_MS), archive_folder(settings))
