"""Above its network's limit a family is asked by mail: the answer says so, the link shows, its button asks the coach."""

from datetime import datetime

import pytest
from limits import RateLimitItemPerMinute
from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.http.rate_limit_key import network_of
from core.outbox.models import MessageKind
from core.schedule.models import Coach, LessonType
from public_site import rate_limits
from tests.public_site.conftest import SAM, TUESDAY_FOUR, Gym, as_text, hidden, words
from tests.support.databases import both_databases
from tests.support.people import at


def seventh(gym: Gym) -> str:
    """Six requests hold their times; the seventh has to be confirmed. Returns its link's path."""
    for n in range(6):
        answer = gym.post(
            "/bookings", {**gym.form(at(2 + n // 4, 9 + 2 * (n % 4))), "customer_email": f"f{n}@example.org"}
        )
        assert answer.status_code == 303, answer.text
    answer = gym.post("/bookings", {**gym.form(), "customer_email": "ida@example.org"})
    assert answer.status_code == 202 and "Please look into your mail" in words(answer.text)
    assert "ida@example.org" in answer.text and "/requests/" not in answer.text
    return link(gym)


def link(gym: Gym) -> str:
    from core.bookings.unconfirmed_requests import UnconfirmedRequest

    with gym.services.database.read() as session:
        waiting = session.query(UnconfirmedRequest).order_by(UnconfirmedRequest.id.desc()).first()
        assert waiting is not None
        return f"/requests/{gym.signer.confirm(waiting.id, waiting.serial)}"


@both_databases
def test_the_confirmation_link_shows_the_request_and_its_button_makes_it(gym: Gym) -> None:
    path = seventh(gym)
    before = len(gym.bookings())
    page = gym.get(path)
    assert page.status_code == 200 and "Nothing is booked by opening this page" in words(page.text)
    assert page.headers["cache-control"] == "no-store" and len(gym.bookings()) == before
    done = gym.post(path, {})
    assert done.status_code == 303 and done.headers["location"].startswith("/bookings/")
    assert gym.bookings()[-1].starts_at == TUESDAY_FOUR
    assert gym.post(path, {}).headers["location"] == done.headers["location"] == gym.get(path).headers["location"]


def test_a_time_taken_meanwhile_leads_to_the_next_free_ones(gym: Gym) -> None:
    path = seventh(gym)
    gym.services.database.transact(
        lambda tx: _take(tx.session, tx.coach, starts_at=TUESDAY_FOUR, now=tx.now), coach=gym.nora_id
    )
    page = gym.post(path, {})
    assert page.status_code == 409 and "That time is gone" in words(page.text)
    other = page.text.partition('name="next_start" value="')[2].partition('"')[0]
    assert gym.post(path, {"next_start": other}).status_code == 303
    assert as_text(gym.bookings()[-1].starts_at) == other


def test_what_changed_since_the_form_is_said_and_agreed_to_by_another_press(gym: Gym) -> None:
    path = seventh(gym)
    with gym.services.database.write() as transaction:
        transaction.session.get_one(LessonType, gym.tumbling_id).price_cents = 9900
    page = gym.post(path, {})
    assert page.status_code == 409 and "is $99 now" in words(page.text) and len(gym.bookings()) == 6
    assert gym.post(path, hidden(page.text)).status_code == 303
    assert gym.bookings()[-1].price_cents == 9900


def _take(session: Session, coach: Coach, *, starts_at: datetime, now: datetime) -> Booking:
    from core.bookings.requests import request_lesson
    from tests.support.people import sam_wants

    return request_lesson(session, coach, sam_wants(coach, coach.lessons[1], starts_at), now=now)


def test_the_confirmation_mail_is_sent_and_carries_the_link(gym: Gym) -> None:
    from core.mail.delivery import deliver_due

    path = seventh(gym)
    deliver_due(gym.services)
    folder = gym.services.settings.data_dir / "mail"
    mails = [file.read_text() for file in folder.glob("*.eml")]
    mine = [mail for mail in mails if "To: ida@example.org" in mail]
    assert len(mine) == 1 and path.removeprefix("/requests/")[:30] in mine[0].replace("=\n", "")
    assert MessageKind.CONFIRM_REQUEST.value in mine[0]


@pytest.mark.parametrize("path", ["/requests/x", "/requests/WzEsMV0.AAAA"])
def test_a_confirmation_link_that_is_none_is_not_found(gym: Gym, path: str) -> None:
    assert gym.get(path).status_code == gym.post(path, {}).status_code == 404


def test_the_api_says_that_a_request_has_to_be_confirmed_and_later_when_to_come_back(
    gym: Gym, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "POSTS", RateLimitItemPerMinute(10_000))
    answers = []
    for n in range(20):
        wanted = {
            "coachId": gym.nora_id,
            "lessonId": gym.first_id,
            "startDateTimeUTC": as_text(at(2 + n // 8, 9 + n % 8)),
            "customerName": "Sam",
            "customerEmail": f"f{n}@example.org",
            "athleteName": "Ida",
        }
        answers.append(gym.client.post("/api/book/private", json=wanted))
    assert [answer.status_code for answer in answers] == [201] * 6 + [202] * 6 + [429] * 8
    asked, refused = answers[6].json(), answers[-1]
    assert (asked["success"], asked["requiresConfirmation"], asked["booking"]) == (False, True, None)
    assert refused.json()["code"] == "too_many" and 0 < int(refused.headers["retry-after"]) <= 3600
    assert "from your network" in refused.json()["detail"]


def test_a_household_is_one_network() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::2")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7")


def test_what_the_database_keeps_is_no_address(gym: Gym) -> None:
    booking = gym.book()
    kept = gym.booking(booking.handle).network_hash
    assert kept is not None and "testclient" not in kept and len(kept) == 32
    assert SAM["customer_email"] == booking.customer_email and hidden("") == {}
