"""A test that travels through time takes the database's clock with it; every other test has the real one."""

from datetime import datetime

import pytest
import time_machine
from sqlalchemy.orm import Session

from core.platform import clock, leases


def travel_together(monkeypatch: pytest.MonkeyPatch) -> None:
    real = leases.lease_clock

    def lease_clock(session: Session) -> datetime:
        return clock.now() if time_machine.escape_hatch.is_travelling() else real(session)

    monkeypatch.setattr(leases, "lease_clock", lease_clock)
