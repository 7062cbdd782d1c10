"""Every link of an old mail leads somewhere true: to free times, to what can be booked instead, or to what has happened."""

import re

import pytest
from sqlalchemy import select

from core.bookings import expiry
from core.bookings.models import Booking
from core.mail.compose import compose
from core.mail.context_reader import read_context
from core.outbox.models import MessageKind, OutboxMessage
from core.people.models import Account
from core.platform import clock
from core.schedule.lessons import LessonFacts, save_lesson
from core.schedule.models import Coach, LessonType
from tests.public_site.conftest import Gym, as_text, words
from tests.support.actors import as_staff
from tests.support.people import ada, at

WEEK, FORM = "/coaches/nora/tumbling-60", f"/coaches/nora/tumbling-60/request?start={as_text(at(2, 16))}"


def renamed(gym: Gym, lesson_id: int, slug: str, *, active: bool = True) -> None:
    with gym.services.database.write() as transaction:
        session = transaction.session
        admin = session.scalars(select(Account).where(Account.email == "ada@spirit.example")).one_or_none()
        lesson = session.get_one(LessonType, lesson_id)
        facts = LessonFacts(
            slug=slug, name=lesson.name, minutes=lesson.minutes, price_cents=lesson.price_cents, active=active
        )
        account_id = (admin or ada(session)).id
        save_lesson(session, lesson_id, facts, by=as_staff(account_id), now=transaction.now)


def archived(gym: Gym) -> None:
    renamed(gym, gym.tumbling_id, "tumbling-60", active=False)


def disabled(gym: Gym) -> None:
    with gym.services.database.write() as transaction:
        coach = transaction.session.get_one(Coach, gym.nora_id)
        transaction.session.get_one(Account, coach.account_id).disabled_at = transaction.now


def hidden_coach(gym: Gym) -> None:
    with gym.services.database.write() as transaction:
        transaction.session.get_one(Coach, gym.nora_id).published = False


def untaught(gym: Gym) -> None:
    with gym.services.database.write() as transaction:
        transaction.session.get_one(Coach, gym.nora_id).lessons = []


def links_of(gym: Gym, kind: MessageKind) -> list[str]:
    """Every path on the site in the mail of this kind, as it is written now."""
    services = gym.services
    with services.database.read() as session:
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).one()
        mail = compose(
            read_context(session, message, zone=services.settings.zone, now=clock.now()),
            settings=services.settings,
            signer=services.signer,
        )
    body = mail.get_body(("plain",))
    assert body is not None
    return re.findall(rf"{re.escape(services.settings.base_url)}(/\S*)", body.get_content())


@pytest.mark.parametrize("change", [archived, disabled, hidden_coach, untaught], ids=lambda change: change.__name__)
def test_an_apology_offers_only_what_can_be_booked_and_every_link_opens(gym: Gym, change: object) -> None:
    booking = gym.book()
    assert callable(change) and booking.expires_at is not None
    change(gym)
    gym.clock.move_to(booking.expires_at)
    gym.services.database.transact(
        lambda tx: expiry.expire_overdue(tx.session, tx.coach, now=tx.now), coach=booking.coach_id
    )
    links = links_of(gym, MessageKind.EXPIRED)
    assert not any("/request?" in link for link in links)
    assert {gym.get(link).status_code for link in links} == {200}
    page = gym.get(f"/bookings/{booking.handle}").text
    (other_times,) = re.findall(r'href="([^"]+)">Find another time', page)
    assert gym.get(other_times).status_code == 200


def test_an_apology_offers_the_next_times_where_they_can_be_booked(gym: Gym) -> None:
    booking = gym.book()
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at)
    gym.services.database.transact(
        lambda tx: expiry.expire_overdue(tx.session, tx.coach, now=tx.now), coach=booking.coach_id
    )
    links = links_of(gym, MessageKind.EXPIRED)
    assert sum("/request?" in link for link in links) == 3
    assert {gym.get(link).status_code for link in links} == {200}


@pytest.mark.parametrize("path", [WEEK, FORM])
def test_a_lesson_that_is_not_offered_any_more_says_so_and_leads_on(gym: Gym, path: str) -> None:
    archived(gym)
    answer = gym.get(path)
    assert answer.status_code == 410 and "Nora Lindqvist does not offer “Private tumbling” any more" in answer.text
    assert 'href="/coaches/nora"' in answer.text and 'href="/coaches"' in answer.text


@pytest.mark.parametrize("path", [WEEK, FORM, "/coaches/nora"])
@pytest.mark.parametrize("change", [disabled, hidden_coach])
def test_a_coach_who_is_gone_leads_to_the_others(gym: Gym, path: str, change: object) -> None:
    assert callable(change)
    change(gym)
    answer = gym.get(path)
    shown = words(answer.text)
    assert answer.status_code == 410 and "gives no private lessons here at the moment" in shown
    assert "Lindqvist" not in shown and 'href="/coaches"' in answer.text


@pytest.mark.parametrize("path", [WEEK, FORM])
def test_a_lesson_that_has_moved_is_found_at_its_address_of_before(gym: Gym, path: str) -> None:
    renamed(gym, gym.tumbling_id, "tumbling")
    renamed(gym, gym.tumbling_id, "floor")
    answer = gym.get(path)
    assert answer.status_code == 301
    assert answer.headers["location"].endswith(path.replace("tumbling-60", "floor"))
    assert gym.get(answer.headers["location"]).status_code == 200
    assert gym.get(path.replace("tumbling-60", "tumbling")).status_code == 301


def test_an_address_that_another_lesson_has_by_now_leads_to_that(gym: Gym) -> None:
    renamed(gym, gym.tumbling_id, "floor")
    renamed(gym, gym.first_id, "tumbling-60")
    assert gym.get(WEEK).status_code == 200 and "First lesson" in gym.get(WEEK).text
    renamed(gym, gym.first_id, "first")
    assert gym.get(WEEK).headers["location"].endswith("/coaches/nora/first")


def test_a_lesson_that_has_moved_and_is_not_offered_any_more_says_so(gym: Gym) -> None:
    renamed(gym, gym.tumbling_id, "floor", active=False)
    assert gym.get(WEEK).status_code == 410


@pytest.mark.parametrize("path", ["/coaches/nobody", "/coaches/nora/nothing", "/coaches/nobody/tumbling-60"])
def test_what_never_was_is_not_found(gym: Gym, path: str) -> None:
    assert gym.get(path).status_code == 404


def test_a_coach_with_another_name_keeps_her_address(gym: Gym) -> None:
    with gym.services.database.write() as transaction:
        coach = transaction.session.get_one(Coach, gym.nora_id)
        transaction.session.get_one(Account, coach.account_id).name = "Nora Berg"
    assert gym.get(WEEK).status_code == 200


def test_a_link_of_before_a_correction_says_that_it_was_replaced(gym: Gym) -> None:
    from core.mail.family_mail import correct_address

    booking = gym.book()
    with gym.services.database.write() as transaction:
        admin = ada(transaction.session).id
    gym.services.database.transact(
        lambda tx: correct_address(tx.session, tx.coach, booking.id, "sam@gmail.com", by=as_staff(admin), now=tx.now),
        coach=booking.coach_id,
    )
    answer = gym.get(f"/bookings/{booking.handle}")
    assert answer.status_code == 410 and "has a new link" in answer.text
    assert "Ida" not in answer.text and "gmail" not in answer.text
    assert gym.post(f"/bookings/{booking.handle}/cancel", {}).status_code == 410
    with gym.services.database.read() as session:
        assert gym.get(f"/bookings/{session.get_one(Booking, booking.id).handle}").status_code == 200


@pytest.mark.parametrize("kind", ["approvals", "rehearsals", "unsubscribe", "calendar"])
def test_the_links_of_a_disabled_coach_read_nothing(gym: Gym, kind: str) -> None:
    from core.rehearsals import practice

    booking, signer = gym.book(), gym.signer
    with gym.services.database.write(gym.nora_id) as transaction:
        coach = transaction.coach
        assert coach is not None
        rehearsal = practice.rehearse(transaction.session, coach, by=as_staff(coach.account_id), now=transaction.now)
        paths = {
            "approvals": f"/approvals/{gym.token(booking)}",
            "rehearsals": f"/rehearsals/{signer.rehearsal(rehearsal.id)}",
            "unsubscribe": f"/unsubscribe/{signer.stop_mail(coach.id, 1)}",
            "calendar": f"/calendar/{signer.feed(coach.id, coach.feed_version)}.ics",
        }
    assert gym.get(paths[kind]).status_code == 200
    disabled(gym)
    answer = gym.get(paths[kind])
    assert answer.status_code == (404 if kind == "calendar" else 403)
    assert "Ida" not in answer.text and "Sam Rivera" not in answer.text
    if kind != "calendar":
        assert gym.post(paths[kind], {"decision": "approve"}).status_code == 403
