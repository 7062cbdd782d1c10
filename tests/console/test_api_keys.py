"""A program of the staff's own calls with a key; the page My account makes keys and ends them, People ends others'."""

import pytest
from streamlit.testing.v1 import AppTest

from core.bookings.models import Status
from core.people import api_keys
from core.platform.actor import Channel
from tests.console.app_reader import texts
from tests.console.conftest import Desk
from tests.console.test_api import APPROVE, PENDING, refused
from tests.support.actors import as_staff
from tests.support.people import new_key_of


def key_of(desk: Desk, who: str) -> str:
    return desk.services.database.transact(lambda tx: new_key_of(tx.session, desk.account(who).id, now=tx.now))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_program_reads_and_answers_as_its_owner_without_a_page_of_ours(desk: Desk) -> None:
    headers = bearer(key_of(desk, "nora"))
    assert [booking["id"] for booking in desk.get(PENDING, headers=headers).json()["bookings"]] == [
        desk.bookings["Ben"],  # whose time to be answered ends first
        desk.bookings["Ida"],
    ]
    body = {"bookingId": desk.bookings["Ida"], "action": "approve"}
    assert desk.client.post(APPROVE, json=body, headers=headers).status_code == 200
    booking = desk.booking("Ida")
    assert (booking.status, booking.channel) == (Status.APPROVED, Channel.API)
    assert booking.changed_by_account_id == desk.account("nora").id


def test_a_key_opens_no_more_than_its_owner_may(desk: Desk) -> None:
    body = {"bookingId": desk.bookings["Ida"], "action": "approve"}
    for who, status, code in (("omar", 404, "not_found"), ("ada", 422, "invalid")):
        refused(desk.client.post(APPROVE, json=body, headers=bearer(key_of(desk, who))), status, code)
    assert desk.booking("Ida").status is Status.PENDING
    assert len(desk.get(PENDING, headers=bearer(key_of(desk, "ada"))).json()["bookings"]) == 3


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer spirit_made-up", "Basic bm9yYTp4", "spirit_x", ""])
def test_a_wrong_key_is_refused_also_beside_a_good_cookie(desk: Desk, header: str) -> None:
    desk.become("nora")
    refused(desk.get(PENDING, headers={"Authorization": header}), 401, "sign_in")


def test_a_key_that_ended_or_whose_owner_left_opens_nothing(desk: Desk) -> None:
    ended, left = key_of(desk, "nora"), key_of(desk, "omar")
    with desk.services.database.read() as session:
        found = api_keys.find_key(session, ended)
    assert found is not None
    desk.services.database.transact(
        lambda tx: api_keys.end_key(tx.session, found.id, by=as_staff(found.account_id), now=tx.now)
    )
    desk.disable("omar")
    for key in (ended, left):
        refused(desk.get(PENDING, headers=bearer(key)), 401, "sign_in")


def test_a_key_opens_the_api_and_no_page(desk: Desk) -> None:
    answer = desk.get("/", headers=bearer(key_of(desk, "nora")))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_key_s_last_use_is_recorded(desk: Desk) -> None:
    key = key_of(desk, "nora")
    desk.get(PENDING, headers=bearer(key))
    with desk.services.database.read() as session:
        found = api_keys.find_key(session, key)
    assert found is not None and found.last_used_at is not None


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_a_key_is_made_on_my_account_shown_until_it_is_put_away_and_ended(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "account")
    next(field for field in app.text_input if field.label == "Name of a new key").set_value("Board *in* the hall")
    press(app, "Make a key")
    key = app.code[0].value
    assert desk.get(PENDING, headers=bearer(key)).status_code == 200
    assert app.run().code[0].value == key, "the page runs again by itself, and may not take it away"
    assert not press(app, "I have copied it").code
    assert any(text.startswith("Board *in* the hall (spirit_") and "last used" in text for text in texts(app))
    press(app, "End")
    assert desk.get(PENDING, headers=bearer(key)).status_code == 401
    assert not any("Board" in text for text in texts(app))


def test_a_key_without_a_name_is_said(desk: Desk) -> None:
    app = press(desk.open(desk.start("nora"), "account"), "Make a key")
    assert "A key needs a name" in app.error[0].value and not app.code


def test_an_admin_sees_and_ends_the_keys_of_others(desk: Desk) -> None:
    key = key_of(desk, "nora")
    app = desk.open(desk.start("ada"), "people")
    assert any(text.startswith("Key “A script” (spirit_") and text.endswith("never used") for text in texts(app))
    press(app, "End")
    assert "opens nothing any more" in app.success[0].value
    assert desk.get(PENDING, headers=bearer(key)).status_code == 401
