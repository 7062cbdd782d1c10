"""One kind of mail is stopped by its own link: by a button, or by a mail program without a page (RFC 8058)."""

import pytest
from sqlalchemy import select

from core.audit import AuditEvent
from core.schedule.models import Coach
from core.schedule.preferences import Digest
from tests.public_site.conftest import OWN_PAGE, Gym, words

ONE_CLICK = "List-Unsubscribe=One-Click"


@pytest.fixture(autouse=True)
def she_gets_all(gym: Gym) -> None:
    with gym.services.database.write() as transaction:
        transaction.session.get_one(Coach, gym.nora_id).daily_summary = True


def address(gym: Gym, digest: Digest = Digest.DAILY_SUMMARY, coach: int | None = None) -> str:
    return f"/unsubscribe/{gym.signer.stop_mail(coach or gym.nora_id, digest)}"


def preferences(gym: Gym) -> tuple[bool, bool, bool, int | None]:
    with gym.services.database.read() as session:
        coach = session.get_one(Coach, gym.nora_id)
        return coach.daily_summary, coach.roll_up, coach.request_mails, coach.reminder_before_min


BEFORE = (True, True, True, 120)


def test_opening_an_unsubscribe_link_changes_nothing_however_often(gym: Gym) -> None:
    for method in ("GET", "HEAD", "GET"):
        answer = gym.client.request(method, address(gym))
        assert answer.status_code == 200
    assert "Stop the daily summary?" in words(answer.text) and "<form method=" in answer.text
    assert answer.headers["cache-control"] == "no-store" and preferences(gym) == BEFORE


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://mail.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}, OWN_PAGE],
)
def test_a_mail_program_posts_from_wherever_it_is(gym: Gym, headers: dict[str, str]) -> None:
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = gym.client.post(address(gym), content=ONE_CLICK, headers={**content_type, **headers})
    assert answer.status_code == 200 and "You will not get the daily summary any more" in words(answer.text)
    assert preferences(gym) == (False, True, True, 120), "just that one"


def test_the_form_that_a_mail_program_may_send_instead_works_too(gym: Gym) -> None:
    answer = gym.client.post(address(gym), files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200 and preferences(gym) == (False, True, True, 120)


def test_the_button_of_the_page_stops_it_and_once_more_is_no_mistake(gym: Gym) -> None:
    for _ in range(2):
        assert gym.post(address(gym, Digest.ROLL_UP), {}).status_code == 200
    assert preferences(gym) == (True, False, True, 120)
    with gym.services.database.read() as session:
        (told,) = session.scalars(select(AuditEvent))
        assert (told.verb, told.door, told.account_id) == (
            "preferences changed",
            "MAIL",
            session.get_one(Coach, gym.nora_id).account_id,
        )
    page = gym.get(address(gym, Digest.ROLL_UP))
    assert "You will not get the hourly mails about many requests any more" in words(page.text)
    assert "<form" not in page.text and f"{gym.services.settings.console_url}/preferences" in page.text


def test_only_a_coach_s_own_link_unsubscribes_her(gym: Gym) -> None:
    booking = gym.book()
    whole = address(gym)
    for wrong in (
        whole[:-2],
        f"/unsubscribe/{gym.token(booking)}",
        f"/unsubscribe/{gym.signer.feed(gym.nora_id, 1)}",
        f"/unsubscribe/{gym.signer.stop_mail(gym.nora_id, 9)}",
        address(gym, coach=99),
        "/unsubscribe/x",
    ):
        for method in ("GET", "POST"):
            assert gym.client.request(method, wrong).status_code == 404
    gym.post(address(gym, coach=gym.omar_id), {})
    assert preferences(gym) == BEFORE
