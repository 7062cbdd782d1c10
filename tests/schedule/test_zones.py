"""A coach's time zone: hers to set, an admin's for everybody after the gym's own has changed."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from core.bookings import slots
from core.errors import Invalid, NotAllowed
from core.schedule import time_zones
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, nora, omar

NEW_YORK = "America/New_York"


def test_nine_stays_nine_in_the_other_zone(session: Session) -> None:
    coach = nora(session)
    time_zones.set_zone(session, coach, NEW_YORK, by=as_staff(coach.account_id), now=NOW)
    first_on = datetime(2026, 11, 24, tzinfo=UTC).date()
    found = slots.open_slots(session, coach, coach.lessons[0], first_on=first_on, last_on=first_on, now=NOW)
    assert found.slots[0].starts_at == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def test_it_is_the_coachs_own_or_an_admins_to_set(session: Session) -> None:
    coach, other, admin = nora(session), omar(session), ada(session)
    with pytest.raises(NotAllowed):
        time_zones.set_zone(session, coach, NEW_YORK, by=as_staff(other.account_id), now=NOW)
    with pytest.raises(Invalid):
        time_zones.set_zone(session, coach, "Somewhere/Else", by=as_staff(admin.id), now=NOW)
    time_zones.set_zone(session, coach, NEW_YORK, by=as_staff(admin.id), now=NOW)
    assert coach.timezone == NEW_YORK


def test_after_the_gym_has_moved_all_coaches_are_set_at_once(session: Session) -> None:
    coach, other, admin = nora(session), omar(session), ada(session)
    assert [one.name for one in time_zones.coaches_elsewhere(session, NEW_YORK)] == [coach.name, other.name]
    with pytest.raises(NotAllowed):
        time_zones.set_everybodys_zone(session, NEW_YORK, by=as_staff(coach.account_id), now=NOW)
    before = coach.schedule_version
    assert time_zones.set_everybodys_zone(session, NEW_YORK, by=as_staff(admin.id), now=NOW) == 2
    assert not time_zones.coaches_elsewhere(session, NEW_YORK)
    assert coach.schedule_version == before + 1, "pages that are kept show the new times"
    assert time_zones.set_everybodys_zone(session, NEW_YORK, by=as_staff(admin.id), now=NOW) == 0


def test_likely_zones_come_first_and_each_once() -> None:
    found = time_zones.zone_choices("Asia/Tokyo")
    assert found[0] == "Asia/Tokyo" and len(found) == len(set(found)) and "Europe/Kyiv" in found
