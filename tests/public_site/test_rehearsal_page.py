"""The page of a practice request: as a real one's, marked, and with one outcome."""

from datetime import timedelta

import pytest

from core.bookings.decisions import Decision
from core.bookings.models import Status
from core.outbox.models import MessageKind
from core.rehearsals import practice
from core.rehearsals.models import Rehearsal
from core.schedule.models import Coach
from tests.public_site.conftest import Gym, words
from tests.support.actors import as_staff

MARK = "Practice: nothing of this is real"


@pytest.fixture
def rehearsal(gym: Gym) -> Rehearsal:
    with gym.services.database.read() as session:
        account_id = session.get_one(Coach, gym.nora_id).account_id
    return gym.services.database.transact(
        lambda tx: practice.rehearse(tx.session, tx.coach, by=as_staff(account_id), now=tx.now), coach=gym.nora_id
    )


def address(gym: Gym, rehearsal: Rehearsal) -> str:
    return f"/rehearsals/{gym.signer.rehearsal(rehearsal.id)}"


def kept(gym: Gym, rehearsal: Rehearsal) -> Rehearsal:
    with gym.services.database.read() as session:
        return session.get_one(Rehearsal, rehearsal.id)


def test_opening_a_practice_link_changes_nothing_and_its_page_is_marked(gym: Gym, rehearsal: Rehearsal) -> None:
    for method in ("GET", "HEAD", "GET"):
        answer = gym.client.request(method, f"{address(gym, rehearsal)}?decision=approve")
        assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    page = words(answer.text)
    assert MARK in page and "Robin Example (practice)" in page and 'value="approve">Approve' in answer.text
    assert kept(gym, rehearsal).status is Status.PENDING and gym.mails() == [MessageKind.REHEARSAL]


def test_a_practice_answer_shows_its_outcome_and_again_is_the_same_page(gym: Gym, rehearsal: Rehearsal) -> None:
    first, second = (gym.post(address(gym, rehearsal), {"decision": "approve"}) for _ in range(2))
    assert first.status_code == second.status_code == 200 and first.text == second.text
    assert MARK in words(first.text) and "nobody else gets it" in words(first.text)
    assert gym.mails() == [MessageKind.REHEARSAL, MessageKind.REHEARSAL_ANSWERED] and not gym.bookings()


def test_the_other_practice_answer_and_no_answer_are_refused(gym: Gym, rehearsal: Rehearsal) -> None:
    nothing = gym.post(address(gym, rehearsal), {})
    assert nothing.status_code == 422 and "Please choose" in words(nothing.text)
    long = gym.post(address(gym, rehearsal), {"decision": "deny", "reason": "a" * 501})
    assert long.status_code == 422 and "a" * 501 in long.text, "what was typed stays"
    gym.post(address(gym, rehearsal), {"decision": "deny", "reason": "I am away."})
    other = gym.post(address(gym, rehearsal), {"decision": "approve"})
    assert other.status_code == 409 and "already denied" in words(other.text)
    assert kept(gym, rehearsal).denial_reason == "I am away."


def test_a_foreign_page_and_a_foreign_token_decide_no_practice_request(gym: Gym, rehearsal: Rehearsal) -> None:
    assert (
        gym.post(address(gym, rehearsal), {"decision": "approve"}, **{"Sec-Fetch-Site": "cross-site"}).status_code
        == 403
    )
    real = gym.book()
    for wrong in (gym.token(real), gym.signer.rehearsal(999), gym.signer.sign_in(rehearsal.id), "x"):
        for method in ("GET", "POST"):
            answer = (
                gym.get(f"/rehearsals/{wrong}")
                if method == "GET"
                else gym.post(f"/rehearsals/{wrong}", {"decision": "approve"})
            )
            assert answer.status_code == 404
    assert gym.get(f"/approvals/{gym.signer.rehearsal(rehearsal.id)}").status_code == 404
    assert kept(gym, rehearsal).status is Status.PENDING and gym.booking(real.handle).status is Status.PENDING


def test_a_practice_link_says_when_its_day_is_over(gym: Gym, rehearsal: Rehearsal) -> None:
    gym.clock.shift(timedelta(days=1))
    for answer in (gym.get(address(gym, rehearsal)), gym.post(address(gym, rehearsal), {"decision": Decision.APPROVE})):
        assert answer.status_code == 410 and "This practice request is over" in words(answer.text)
        assert f"{gym.services.settings.console_url}/" in answer.text
