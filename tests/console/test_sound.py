"""A sound for whoever turned it on, a word for everybody."""

import io
import wave

import pytest
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

import console.widgets.sound
from console.widgets.sound import ADDRESS
from core.errors import NotAllowed
from core.people.own_account import set_sound
from tests.console.app_reader import press
from tests.console.conftest import Desk
from tests.support.actors import as_staff
from tests.support.people import NOW, nora, omar


def audio(app: AppTest) -> list[str]:
    """The audio elements of the page."""
    return [html.proto.body for html in app.get("html") if "<audio" in html.proto.body]


def test_the_sound_is_off_until_somebody_turns_it_on_and_hears_it_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = desk.start("nora")
    app = desk.open(token, "preferences")
    assert not desk.account("nora").sound and not audio(app)
    press(app, "Turn sound on")
    assert desk.account("nora").sound and not desk.account("omar").sound
    (first,) = audio(app)
    assert audio(app.run()) == [first], "the same element stays while it plays, and a browser plays it once"
    with monkeypatch.context() as later:
        later.setattr(console.widgets.sound, "STAYS_S", -1)
        assert not audio(app.run())
    (second,) = audio(press(app, "Play it"))
    assert second != first, "something new to a browser, so that it plays each time"
    press(app, "Turn sound off")
    assert not desk.account("nora").sound


@pytest.mark.parametrize("on", [True, False])
def test_a_new_request_is_announced_and_heard_only_where_the_sound_is_on(desk: Desk, on: bool) -> None:
    desk.services.database.transact(
        lambda tx: set_sound(tx.session, by=as_staff(desk.account("nora").id), on=on, now=tx.now)
    )
    app = desk.open(desk.start("nora"))
    assert not audio(app), "what waited before is no news"
    app.session_state["counted"] = 1
    app.run()
    assert [toast.value for toast in app.toast] == ["A new request has come."]
    assert len(audio(app)) == on


def test_the_sound_is_a_short_file_for_who_is_signed_in(desk: Desk) -> None:
    assert desk.get(ADDRESS).status_code == 303
    desk.become("nora")
    answer = desk.get(ADDRESS)
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as file:
        assert 0.2 < file.getnframes() / file.getframerate() < 0.6


def test_the_sound_is_a_setting_of_each_person_and_a_disabled_account_has_none(session: Session) -> None:
    hers, his = nora(session).account, omar(session).account
    set_sound(session, by=as_staff(hers.id), on=True, now=NOW)
    assert (hers.sound, his.sound) == (True, False)
    hers.disabled_at = NOW
    for account_id in (hers.id, 9999):
        with pytest.raises(NotAllowed):
            set_sound(session, by=as_staff(account_id), on=True, now=NOW)
