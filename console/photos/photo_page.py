"""Detail of one image: state, uses, alt text, comparison, focal point, replacement, deletion."""

import streamlit as st

import tasks
from console.photos import photo_upload
from console.photos.focal_point import focal_point
from console.photos.photo_html import before_after, files_table, original_address
from console.widgets.acting import act, run_as
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.errors import NotFound
from core.images import image_commands, intake, uploads
from core.images.models import Image, ImageState, Rendition
from core.images.photo_lists import cuts_of, saving_of
from core.images.queries import get_image
from core.images.uses import Use, uses_of
from core.wording import file_size, spoken_instant

OPEN = "open_image"
STATES = {ImageState.WAITING: "It waits to be made.", ImageState.MAKING: "It is being made."}


def is_open() -> bool:
    """Whether an image's detail is open in this session."""
    return st.session_state.get(OPEN) is not None


def open_sheet(image_id: int | None) -> None:
    """Open an image's detail; None closes it. A button's callback."""
    st.session_state[OPEN] = image_id


def sheet(staff: Staff) -> None:
    """Draw the detail of the open image."""
    st.button("All images", on_click=open_sheet, args=(None,))
    try:
        with services().database.read() as session:
            image = get_image(session, st.session_state[OPEN])
            uses = uses_of(session, image)
    except NotFound as error:
        st.info(inert(str(error)))
        return
    st.header(inert(image.name), anchor=False)
    _state(image)
    _shown_on(uses)
    _words(image, staff)
    if image.renditions:
        st.subheader("Before and after", anchor=False)
        compare(image)
        if cuts_of(image) and original_address(image):
            st.subheader("What matters in it", anchor=False)
            focal_point(image)
    st.subheader("Another file, or none", anchor=False)
    _replace(image, staff)
    _again_or_away(image, uses, staff)


def _state(image: Image) -> None:
    sent = spoken_instant(image.created_at, services().settings.zone)
    facts = f"{image.width_px:,} × {image.height_px:,} pixels, {file_size(image.original_bytes)}, sent {sent}"
    st.text(facts if not image.note else f"{facts}\n{image.note}")
    if image.state in (ImageState.REJECTED, ImageState.FAILED):
        st.error(inert(image.reason or "It could not be made."))
    elif image.state is ImageState.READY:
        st.success(inert(saving_of(image).sentence))
    else:
        st.info(STATES[image.state])


def _shown_on(uses: list[Use]) -> None:
    if not uses:
        st.text("No page shows it.")
        return
    base = services().settings.base_url
    with st.container(horizontal=True):
        for use in uses:
            st.link_button(inert(f"Shown on {use.what}"), f"{base}{use.path}")


def _words(image: Image, staff: Staff) -> None:
    with st.form(f"words-{image.id}", border=False):
        alt = st.text_input(
            "What is to be seen",
            image.alt,
            key=f"alt-{image.id}",
            help="One sentence for people who cannot see it. No page shows a picture without.",
            placeholder="A girl on the beam, her coach beside her",
        )
        if st.form_submit_button("Keep these words"):
            act(
                staff,
                lambda tx: image_commands.describe(tx.session, image.id, alt, by=tx.by, now=tx.now),
                done="The words are kept.",
            )
            st.rerun()


def compare(image: Image) -> None:
    """Draw the original beside a chosen rendition, and a table of all renditions."""
    files = sorted(image.renditions, key=lambda file: (file.shape != "wide", file.shape, file.format, -file.width_px))
    chosen = st.selectbox("Compare with", files, format_func=_called, key=f"compare-{image.id}-{len(files)}")
    _comparison(image, chosen)
    with st.expander(f"All {len(files)} files", key=f"files-{image.id}"):
        st.html(files_table(image, files))


@st.fragment
def _comparison(image: Image, file: Rendition) -> None:
    share = 50
    if original_address(image):
        share = st.slider(
            "Original on the left, what pages show on the right", 0, 100, 50, format="%d %%", key="curtain"
        )
    else:
        st.text("No browser shows the original, so here is the finished file alone.")
    st.html(before_after(image, file, share))
    before, after = st.columns(2)
    before.text(f"As it came\n{image.width_px} × {image.height_px}, {file_size(image.original_bytes)}")
    after.text(f"On pages\n{file.width_px} × {file.height_px}, {file_size(file.size_bytes)}")


def _called(file: Rendition) -> str:
    shape = "" if file.shape == "whole" else f"{file.shape}, "
    return f"{file.format.upper()}, {shape}{file.width_px} × {file.height_px}, {file_size(file.size_bytes)}"


def _replace(image: Image, staff: Staff) -> None:
    where = f"replace-{image.id}"

    def take_in(upload: intake.Upload) -> Image:
        return run_as(staff, lambda by: uploads.replace(services(), image.id, upload, by=by))

    hint = "Pages show the new photo as soon as it is made, and the old one until then."
    if photo_upload.drop(where, "Replace it by another photo", take_in, several=False, help=hint):
        st.rerun()
    photo_upload.progress(where)


def _again_or_away(image: Image, uses: list[Use], staff: Staff) -> None:
    with st.container(horizontal=True):
        st.button("Make it again", on_click=_again, args=(image, staff), disabled=image.state is ImageState.REJECTED)
        with st.popover("Delete …"):
            where = ", ".join(use.what for use in uses)
            st.markdown(f"Pages that show it: {inert(where)}" if uses else "No page shows it.")
            st.button("Yes: delete", on_click=_delete, args=(image, staff), disabled=bool(uses))


def _again(image: Image, shown_to: Staff) -> None:
    done = "It is made again. Pages show what is there until then."
    if act(shown_to, lambda tx: image_commands.regenerate(tx.session, image.id, by=tx.by, now=tx.now), done=done):
        tasks.nudge_from_thread(services(), tasks.make_pictures)


def _delete(image: Image, shown_to: Staff) -> None:
    if act(
        shown_to,
        lambda tx: image_commands.delete(tx.session, image.id, by=tx.by, now=tx.now),
        done=inert(f"{image.name} is deleted."),
    ):
        open_sheet(None)
