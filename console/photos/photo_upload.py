"""Photo upload with progress: files are accepted at once, and polled until their renditions are made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

import tasks
from console.widgets.acting import run_as
from console.widgets.change_polling import is_lone_fragment
from console.widgets.markdown import inert
from console.widgets.session import Staff, services, signed_in
from core.errors import SpiritError
from core.images import intake, uploads
from core.images.models import Image, ImageKind, ImageState
from core.images.photo_lists import find_image, saving_of
from core.images.queries import Progress, progress_of
from core.platform import clock
from core.wording import file_size

LOOK_EVERY_S = 1.0
WORKER_IS_LATE = timedelta(seconds=40)  # the worker's pass for missed nudges comes every 20 s
UNFINISHED = (ImageState.WAITING, ImageState.MAKING)

TakeIn = Callable[[intake.Upload], Image]


@dataclass(frozen=True)
class Sent:
    """An uploaded file."""

    name: str
    image_id: int | None  # None for one that was refused
    why: str = ""  # it was refused


def drop(where: str, label: str, take_in: TakeIn, *, several: bool, help: str | None = None) -> list[Sent]:  # noqa: A002 (Streamlit's name)
    """
    Draw a file uploader, and accept what was dropped; `progress(where)` shows what becomes of it.

    Args:
        where: the uploader's name in the session.
        take_in: stores a file that has passed the checks, such as uploads.accept.

    Returns:
        The files of this run, accepted or refused.
    """
    turn = st.session_state.setdefault(_turn(where), 0)
    dropped = st.file_uploader(
        inert(label),
        None,  # the bytes decide: by name or type a browser would refuse IMG_0001.HEIC, of which it knows no type
        accept_multiple_files=several,
        key=f"{where}-{turn}",
        help=inert(help) if help else None,
    )
    files = dropped if isinstance(dropped, list) else [dropped] if dropped else []
    sent = [_taken_in(file, take_in) for file in files]
    if sent:
        st.session_state[_turn(where)] += 1  # an empty place next time
        st.session_state[_sent(where)] = [*st.session_state.get(_sent(where), []), *sent]
        st.session_state.setdefault(_ready(where), set()).difference_update(one.image_id for one in sent)
        tasks.nudge_from_thread(services(), tasks.make_pictures)
    return sent


def accepting(kind: ImageKind, staff: Staff, *, alt: str = "") -> TakeIn:
    """A `take_in` that stores files as new images of this kind."""
    return lambda upload: run_as(staff, lambda by: uploads.accept(services(), upload, kind, alt=alt, by=by))


def progress(where: str, *, when_ready: Callable[[Image, Staff], None] | None = None) -> None:
    """
    Draw a status line for each file uploaded there, until somebody clears them; polls while any is unfinished.

    Args:
        when_ready: called once for each image that has become ready.
    """
    sent: list[Sent] = st.session_state.get(_sent(where), [])
    if not sent:
        return
    watched = any(_is_unfinished(one) or _is_news(where, one) for one in sent)
    st.fragment(_lines, run_every=LOOK_EVERY_S if watched else None)(where, watched, when_ready)


def clear(where: str) -> None:
    """Remove the status lines."""
    st.session_state.pop(_sent(where), None)


def _lines(where: str, watched: bool, when_ready: Callable[[Image, Staff], None] | None) -> None:
    staff = signed_in()
    sent: list[Sent] = st.session_state.get(_sent(where), [])
    with st.container(border=True):
        for one in sent:
            _line(one)
        if not watched:
            st.button("Clear these lines" if len(sent) > 1 else "Clear this line", on_click=clear, args=(where,))
    if not is_lone_fragment():  # a rerun from here would cut off a click of the page
        return
    became_ready = [image for one in sent if _is_news(where, one) and (image := _image(one))]
    for image in became_ready:
        st.session_state[_ready(where)].add(image.id)
        if when_ready is not None:
            when_ready(image, staff)
    if became_ready or (watched and not any(_is_unfinished(one) for one in sent)):
        st.rerun()  # the rest of the page shows them now


def _is_news(where: str, one: Sent) -> bool:
    """Whether it has become ready since this was last reported to `when_ready`."""
    image, reported = _image(one), st.session_state.setdefault(_ready(where), set())
    return image is not None and image.state is ImageState.READY and image.id not in reported


def _line(one: Sent) -> None:
    if one.image_id is None:
        st.error(inert(f"{one.name}: {one.why}"))
        return
    with services().database.read() as session:
        image = find_image(session, one.image_id)
        made = progress_of(session, image) if image else Progress(0, 0)
    if image is None:
        st.info(inert(f"{one.name} was deleted."))
    elif image.state is ImageState.READY:
        st.success(inert(f"{one.name} is ready. {saving_of(image).sentence}"))
    elif image.state in UNFINISHED:
        st.progress(min(made.made / max(made.wanted, 1), 1.0), inert(f"{one.name}: {_stage(image, made)}"))
    else:
        st.error(inert(f"{one.name}: {image.reason}"))


def _stage(image: Image, made: Progress) -> str:
    if image.reason:
        return f"{image.reason} We try again in a moment."
    if image.state is ImageState.MAKING:
        return f"{made.made} of {made.wanted} files"
    if clock.now() - image.due_at > WORKER_IS_LATE:
        return "still waits. Please look whether the worker runs; nothing is lost."
    return f"{file_size(image.original_bytes)} came in"


def _taken_in(file: UploadedFile, take_in: TakeIn) -> Sent:
    try:
        image = take_in(intake.checked(file.getvalue(), name=file.name))
    except SpiritError as refusal:
        return Sent(file.name, None, str(refusal))
    finally:
        _let_go(file)
    return Sent(image.name, image.id)


def _let_go(file: UploadedFile) -> None:
    """Free the file's memory; Streamlit holds every file until its session ends."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _is_unfinished(one: Sent) -> bool:
    image = _image(one)
    return image is not None and image.state in UNFINISHED


def _image(one: Sent) -> Image | None:
    if one.image_id is None:
        return None
    with services().database.read() as session:
        return find_image(session, one.image_id)


def _turn(where: str) -> str:
    return f"{where}-turn"


def _sent(where: str) -> str:
    return f"{where}-sent"


def _ready(where: str) -> str:
    return f"{where}-ready"
