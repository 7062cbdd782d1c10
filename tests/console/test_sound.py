"""A sound for whoever turned it on, a word for everybody."""

import io
import wave

import pytest
from sqlalchemy.orm import Session

from console.sound import chime
from core.errors import NotAllowed
from core.people.own_account import set_sound
from tests.console.conftest import Desk
from tests.console.reading import press
from tests.support.people import NOW, nora, omar


def test_it_is_off_until_somebody_turns_it_on_and_hears_it_at_once(desk: Desk) -> None:
    token = desk.start("nora")
    app = desk.open(token, "preferences")
    assert not desk.account("nora").sound and not app.get("audio")
    press(app, "Turn sound on")
    assert desk.account("nora").sound and not desk.account("omar").sound
    assert len(app.get("audio")) == 1 and app.get("audio")[0].proto.autoplay
    assert not app.run().get("audio"), "it is played once"
    assert len(press(app, "Play it").get("audio")) == 1
    press(app, "Turn sound off")
    assert not desk.account("nora").sound and not app.get("audio")


@pytest.mark.parametrize("on", [True, False])
def test_a_new_request_is_said_and_heard_only_where_it_was_turned_on(desk: Desk, on: bool) -> None:
    desk.services.database.transact(set_sound, desk.account("nora").id, on=on)
    app = desk.open(desk.start("nora"))
    assert not app.get("audio"), "what waited before is no news"
    app.session_state["counted"] = 1
    app.run()
    assert [toast.value for toast in app.toast] == ["A new request has come."]
    assert len(app.get("audio")) == on


def test_the_sound_is_a_short_file_and_the_next_is_another(desk: Desk) -> None:
    assert chime(0) != chime(1)
    with wave.open(io.BytesIO(chime(0))) as file:
        assert 0.2 < file.getnframes() / file.getframerate() < 0.6


def test_everybody_s_is_her_own_and_who_has_left_has_none(session: Session) -> None:
    hers, his = nora(session).account, omar(session).account
    set_sound(session, hers.id, on=True, now=NOW)
    assert (hers.sound, his.sound) == (True, False)
    hers.disabled_at = NOW
    for account_id in (hers.id, 9999):
        with pytest.raises(NotAllowed):
            set_sound(session, account_id, on=True, now=NOW)
