"""A coach's calendar feed: her confirmed lessons, behind an address that can be renewed."""

from icalendar import Calendar

from core.bookings.decisions import Decision
from core.people.models import Account
from core.schedule.coach_page import renew_feed
from core.schedule.models import Coach
from tests.public_site.conftest import TUESDAY_FOUR, Gym
from tests.public_site.test_family_page import decided
from tests.support.actors import as_staff
from tests.support.people import at


def address(gym: Gym, version: int = 1) -> str:
    return f"/calendar/{gym.signer.feed(gym.nora_id, version)}.ics"


def summaries(gym: Gym) -> list[str]:
    return [str(event["summary"]) for event in Calendar.from_ical(gym.get(address(gym)).content).walk("VEVENT")]


def test_a_feed_has_confirmed_lessons_and_nothing_else(gym: Gym) -> None:
    booking = gym.book()
    gym.book(at(2, 16))
    gym.book(coach="omar", lesson="first-lesson-30")
    assert summaries(gym) == []
    decided(gym, booking, Decision.APPROVE)
    answer = gym.get(address(gym))
    assert summaries(gym) == ["Private tumbling: Ida"]
    assert f"DTSTART:{TUESDAY_FOUR:%Y%m%dT%H%M%SZ}" in answer.text
    assert answer.headers["content-type"].startswith("text/calendar") and answer.headers["cache-control"] == "no-store"
    assert "sam@example.org" not in answer.text and booking.handle not in answer.text


def test_cancelled_and_old_lessons_leave_the_feed(gym: Gym) -> None:
    booking = gym.book(coach="omar", lesson="first-lesson-30")
    omars = f"/calendar/{gym.signer.feed(gym.omar_id, 1)}.ics"
    assert "VEVENT" in gym.get(omars).text
    gym.clock.move_to(at(40, 12))
    assert "VEVENT" not in gym.get(omars).text
    gym.clock.move_to(at(0, 9))
    gym.post(f"/bookings/{booking.handle}/cancel", {})
    assert "VEVENT" not in gym.get(omars).text


def test_a_renewed_feed_address_replaces_the_old_one(gym: Gym) -> None:
    with gym.services.database.read() as session:
        account_id = session.get_one(Coach, gym.nora_id).account_id
    gym.services.database.transact(
        lambda tx: renew_feed(tx.session, tx.coach, by=as_staff(account_id), now=tx.now), coach=gym.nora_id
    )
    assert gym.get(address(gym)).status_code == 404 and gym.get(address(gym, 2)).status_code == 200


def test_forged_and_foreign_addresses_and_former_coaches_show_nothing(gym: Gym) -> None:
    token = gym.signer.feed(gym.nora_id, 1)
    booking = gym.book()
    for wrong in (token[:-2], gym.signer.sign_in(gym.nora_id), gym.token(booking), gym.signer.feed(99, 1), "x"):
        assert gym.get(f"/calendar/{wrong}.ics").status_code == 404
    with gym.services.database.write() as transaction:
        coach = transaction.session.get_one(Coach, gym.nora_id)
        transaction.session.get_one(Account, coach.account_id).disabled_at = transaction.now
    assert gym.get(address(gym)).status_code == 404
