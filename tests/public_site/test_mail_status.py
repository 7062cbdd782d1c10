"""What pages say about a mail is what has become of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.bookings import expiry
from core.bookings.mail_status import masked
from core.bookings.models import Booking
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.people.models import Account
from core.schedule.models import Coach
from tests.public_site.conftest import OWN_PAGE, Gym, hidden, words
from tests.public_site.test_family_page import page

CLAIMS = ("has been told", "is told", "was told", "The family knows")
STATES = [
    (MessageState.QUEUED, "waiting to be sent"),
    (MessageState.SENDING, "waiting to be sent"),
    (MessageState.SENT, "was sent"),
    (MessageState.DEAD, "could not be delivered"),
    (MessageState.DROPPED, "was not sent"),
]


def becomes(gym: Gym, state: MessageState) -> None:
    """From now on every mail is in this state."""
    with gym.services.database.write() as transaction:
        transaction.session.execute(update(OutboxMessage).values(state=state, finished_at=transaction.now))


def approve(gym: Gym, booking: Booking) -> str:
    token = gym.token(booking)
    gym.post(f"/approvals/{token}", {"decision": "approve"})
    return token


@pytest.mark.parametrize(("state", "said"), STATES)
def test_the_coachs_page_says_whether_the_mail_to_the_family_has_left(gym: Gym, state: MessageState, said: str) -> None:
    token = approve(gym, gym.book())
    becomes(gym, state)
    shown = words(gym.get(f"/approvals/{token}").text)
    assert said in shown and not any(claim in shown for claim in CLAIMS)


def test_a_dead_mail_names_the_phone_to_call(gym: Gym) -> None:
    booking = gym.book()
    with gym.services.database.write() as transaction:
        transaction.session.get_one(Booking, booking.id).customer_phone = "+1 415-555-0134"
    token = approve(gym, booking)
    becomes(gym, MessageState.DEAD)
    assert "please call +1 415-555-0134" in words(gym.get(f"/approvals/{token}").text)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (MessageState.QUEUED, "is waiting to be sent to s•••@example.org"),
        (MessageState.SENT, "We sent you a mail about this, with the link to this page, to s•••@example.org"),
        (MessageState.DEAD, "We could not deliver our mail to s•••@example.org"),
    ],
)
def test_the_familys_page_shows_its_address_and_what_became_of_the_mail(
    gym: Gym, state: MessageState, said: str
) -> None:
    booking = gym.book()
    becomes(gym, state)
    html = gym.get(f"/bookings/{booking.handle}").text
    assert said in words(html) and "sam@example.org" not in html


def test_an_expired_request_that_nobody_swept_has_no_mail_yet(gym: Gym) -> None:
    booking = gym.book()
    becomes(gym, MessageState.SENT)
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at + timedelta(seconds=1))
    assert "waiting to be sent" in page(gym, booking)
    gym.services.database.transact(
        lambda tx: expiry.expire_overdue(tx.session, tx.coach, now=tx.now), coach=booking.coach_id
    )
    assert "waiting to be sent" in page(gym, booking)
    becomes(gym, MessageState.SENT)
    assert "We sent you a mail about this" in page(gym, booking)


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.QUEUED])
def test_the_api_says_whether_the_mail_to_the_family_has_left(gym: Gym, state: MessageState) -> None:
    booking = gym.book()
    body = {"token": gym.token(booking), "action": "approve"}
    gym.client.post("/api/booking/approve", json=body, headers=OWN_PAGE)
    becomes(gym, state)
    message = gym.client.post("/api/booking/approve", json=body, headers=OWN_PAGE).json()["message"]
    assert message.startswith("The lesson is approved. The mail to the family ")
    assert message.endswith("was sent." if state is MessageState.SENT else "is waiting to be sent.")


def copies(gym: Gym) -> list[OutboxMessage]:
    with gym.services.database.read() as session:
        return list(session.scalars(select(OutboxMessage).where(OutboxMessage.dedupe_key.contains(":again:"))))


def test_a_family_has_its_link_sent_again_with_the_same_answer_each_time(gym: Gym) -> None:
    booking = gym.book()
    answers = set()
    for _ in range(5):
        becomes(gym, MessageState.SENT)
        answer = gym.post(f"/bookings/{booking.handle}/mail-again", {})
        answers.add((answer.status_code, words(gym.get(answer.headers["location"]).text)))
    becomes(gym, MessageState.SENT)
    assert len({status for status, _ in answers}) == 1 and len(copies(gym)) == 3
    assert {row.recipient for row in copies(gym)} == {"sam@example.org"}
    assert {row.kind for row in copies(gym)} == {MessageKind.REQUEST_RECEIVED}


def test_nothing_is_sent_again_from_another_site_or_for_a_link_that_nobody_has(gym: Gym) -> None:
    booking = gym.book()
    becomes(gym, MessageState.SENT)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert gym.post(f"/bookings/{booking.handle}/mail-again", {}, **foreign).status_code == 403
    assert gym.post(f"/bookings/{'x' * 22}/mail-again", {}).status_code == 404
    assert copies(gym) == []


def test_a_family_is_not_promised_an_answer_of_somebody_who_is_gone(gym: Gym) -> None:
    booking = gym.book()
    with gym.services.database.write() as transaction:
        coach = transaction.session.get_one(Coach, booking.coach_id)
        transaction.session.get_one(Account, coach.account_id).disabled_at = transaction.now
    shown = page(gym, booking)
    assert "Nora Lindqvist has until" not in shown and "Spirit Athletics has until" in shown


@pytest.mark.parametrize(("address", "shown"), [("sam@gmial.com", "s•••@gmial.com"), ("x@y.example", "x•••@y.example")])
def test_a_masked_address_shows_a_typing_mistake_in_its_domain(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_a_likely_mistyped_address_is_asked_about_once_and_then_taken(gym: Gym) -> None:
    form = {**gym.form(), "customer_email": "ann@gmial.com", "notes": "Shy at first."}
    first = gym.post("/bookings", form)
    assert first.status_code == 422 and gym.bookings() == []
    assert "Did you mean ann@gmail.com? If ann@gmial.com is right, press the button once more." in first.text
    assert "Shy at first." in first.text
    second = gym.post("/bookings", {**form, **hidden(first.text)})
    assert second.status_code == 303 and [row.customer_email for row in gym.bookings()] == ["ann@gmial.com"]


def test_an_address_that_is_mistyped_in_another_way_is_asked_about_again(gym: Gym) -> None:
    form = {**gym.form(), "customer_email": "ann@gmial.com"}
    first = gym.post("/bookings", form)
    second = gym.post("/bookings", {**form, **hidden(first.text), "customer_email": "ann@gmail.con"})
    assert second.status_code == 422 and "Did you mean ann@gmail.com?" in second.text
    third = gym.post("/bookings", {**form, **hidden(second.text), "customer_email": "ann@gmail.com"})
    assert third.status_code == 303


def test_the_question_comes_together_with_what_else_is_to_be_looked_at(gym: Gym) -> None:
    form = {**gym.form(), "customer_email": "ann@gmial.com", "customer_name": ""}
    first = gym.post("/bookings", form)
    assert "Did you mean ann@gmail.com?" in first.text and "Please fill this in." in first.text
    assert gym.post("/bookings", {**form, **hidden(first.text), "customer_name": "Ann"}).status_code == 303
