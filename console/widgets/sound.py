"""
Notification sound for new requests, for staff who turned it on; a toast is shown in any case.

The audio element is our own: Streamlit's marks itself as played while React draws it, so a drawing that React throws away
uses the sound up. Ours stands in the page's HTML under a number that no earlier one had, and a browser plays what is new.
"""

import io
import math
import time
import wave
from array import array
from functools import lru_cache

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

from console.widgets.acting import act
from console.widgets.session import Staff, signed_in
from core.people.own_account import set_sound

RATE_HZ, NOTES_HZ, NOTE_S, LOUDNESS = 22_050, (659.25, 880.0), 0.18, 9_000  # E5, A5; amplitude of at most 32,767
ADDRESS = "/chime.wav"
RANG, TESTS = "rang", "tests_sound"
STAYS_S = 4.0  # so that the next run, which may come at once, does not take the element away while it plays


def ring() -> None:
    """Request that the sound is played once. Browsers block autoplay until somebody has clicked in the page."""
    number, _ = st.session_state.get(RANG, (0, 0.0))
    st.session_state[RANG] = number + 1, time.monotonic()


def draw_ring() -> None:
    """Draw the audio element, hidden, always in the same place of a page; it stays until it has been played."""
    number, at = st.session_state.get(RANG, (0, 0.0))
    with st.container(key="sound"):
        if number and time.monotonic() - at < STAYS_S:
            st.html(f'<audio src="{ADDRESS}?{number}-{at:.3f}" autoplay></audio>')


async def chime_file(request: Request) -> Response:
    """GET /chime.wav: the sound file. The gate has checked the session."""
    return Response(chime(), media_type="audio/wav", headers={"Cache-Control": "private, max-age=86400"})


def sound_section() -> None:
    """Settings of the sound: turn it on, which plays it at once; play it; turn it off."""
    staff = signed_in()
    st.header("Sound", anchor=False)
    if staff.wants_sound:
        st.markdown(
            "A sound plays when a request comes. After opening the console, click anywhere once: "
            "until then a browser keeps it silent."
        )
        again, off = st.columns(2)
        again.button("Play it", on_click=_test, width="stretch")
        off.button("Turn sound off", on_click=_turn, args=(staff, False), width="stretch")
    else:
        st.markdown("No sound plays when a request comes; a word appears on the page in any case.")
        st.button("Turn sound on", on_click=_turn, args=(staff, True))
    if st.session_state.pop(TESTS, False):
        st.markdown("That was it. Heard nothing? Look at the volume of this device and of this tab.")


@lru_cache
def chime() -> bytes:
    """Two rising notes as a WAV file: mono, 16 bits."""
    samples = array("h")
    for hertz in NOTES_HZ:
        length = int(RATE_HZ * NOTE_S)
        for index in range(length):
            fades = 1 - index / length
            samples.append(int(LOUDNESS * fades * math.sin(2 * math.pi * hertz * index / RATE_HZ)))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples.tobytes())
    return file.getvalue()


def _turn(shown_to: Staff, on: bool) -> None:
    done = "A sound will play when a request comes." if on else "No sound plays any more."
    if act(shown_to, lambda tx: set_sound(tx.session, on=on, by=tx.by, now=tx.now), done=done) and on:
        _test()


def _test() -> None:
    ring()
    st.session_state[TESTS] = True
