"""A short sound when a request comes, for whoever turned it on. A word on the page comes in any case."""

import io
import math
import wave
from array import array
from functools import lru_cache

import streamlit as st

from console.acting import act
from console.session import Staff, signed_in
from core.people.own_account import set_sound

RATE_HZ, NOTES_HZ, NOTE_S, LOUDNESS = 22_050, (659.25, 880.0), 0.18, 9_000
PLAYED, TESTS = "sounds_played", "tests_sound"


def play() -> None:
    """Once, out of sight. A browser that nobody has clicked in since it opened the page stays silent."""
    number = st.session_state.get(PLAYED, 0) + 1
    st.session_state[PLAYED] = number
    with st.container(key="sound"):
        st.audio(chime(number % 2), format="audio/wav", autoplay=True)


def sound_section() -> None:
    """Turn it on, and hear it at once; turn it off."""
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
        play()
        st.markdown("That was it. Heard nothing? Look at the volume of this device and of this tab.")


@lru_cache
def chime(variant: int) -> bytes:
    """Two rising notes as a WAV file. The other variant sounds the same; a browser plays it as something new."""
    samples = array("h", [0] * variant)
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
    if act(shown_to, set_sound, on=on, done=done) and on:
        _test()


def _test() -> None:
    st.session_state[TESTS] = True
