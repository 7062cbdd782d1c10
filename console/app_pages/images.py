"""Page Images, for admins: upload, the gallery with search, one image in full, the storage budget."""

from collections.abc import Sequence

import streamlit as st

from console.photos import photo_page, photo_upload
from console.photos.photo_html import thumbnail
from console.widgets.acting import act
from console.widgets.flash import show_messages
from console.widgets.markdown import inert
from console.widgets.session import Staff, admin, services
from core.images.image_commands import set_budget
from core.images.intake import MAX_BYTES
from core.images.models import Image, ImageKind, ImageState
from core.images.queries import StorageUsed, images_of, storage_used
from core.wording import file_size

DROPPED, MORE = "images", "images_shown"
A_PAGE = 24
KINDS = {
    ImageKind.PROFILE: "Coaches",
    ImageKind.CAMPAIGN: "Campaigns",
    ImageKind.PRODUCT: "Shop",
    ImageKind.GALLERY: "Gallery",
}
MIB = 1 << 20


def page() -> None:
    staff = admin()
    st.title("Images")
    show_messages()
    if photo_page.is_open():
        photo_page.sheet(staff)
        return
    _add(staff)
    st.header("All images", anchor=False)
    _gallery()
    st.header("Room", anchor=False)
    _room(staff)


def _add(staff: Staff) -> None:
    kind = st.segmented_control(
        "For", list(KINDS), default=ImageKind.PRODUCT, required=True, format_func=KINDS.__getitem__
    )
    label = "Photos, from the camera or the album"
    hint = f"JPEG as a phone takes it is best. Each up to {MAX_BYTES // MIB} MB; some dozen at once."
    if photo_upload.drop(DROPPED, label, photo_upload.accepting(kind, staff), several=True, help=hint):
        st.rerun()
    photo_upload.progress(DROPPED)


def _gallery() -> None:
    which = st.segmented_control(
        "Show", list(KINDS), format_func=KINDS.__getitem__, on_change=_from_the_start, key="images-kind"
    )
    sought = st.text_input("Search", placeholder="A file’s name, or what is to be seen", on_change=_from_the_start)
    most = st.session_state.setdefault(MORE, A_PAGE)
    with services().database.read() as session:
        images = images_of(session, kind=which, containing=sought, limit=most + 1)
    if not images:
        st.info("Nothing was found." if sought or which else "There is no image yet. Drop the first photo above.")
        return
    _grid(images[:most])
    if len(images) > most:
        st.button("More", on_click=_more)


def _grid(images: Sequence[Image]) -> None:
    """Thumbnails side by side, as many a row as fit."""
    with st.container(horizontal=True, gap="small"):
        for image in images:
            with st.container(width=150, gap="xsmall"):
                st.html(thumbnail(image, 150))
                st.text(_state(image))
                st.button(
                    inert(_short(image.name)),
                    key=f"open-image-{image.id}",
                    help=inert(image.alt or image.name),
                    on_click=photo_page.open_sheet,
                    args=(image.id,),
                    width="stretch",
                )


def _state(image: Image) -> str:
    if image.state is ImageState.REJECTED:
        return "Rejected"
    if image.state is ImageState.FAILED:
        return "Not made"
    if image.ready_at is None:
        return "Being made"
    return KINDS[image.kind] if image.alt else "Needs words"


def _short(name: str, most: int = 16) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _room(staff: Staff) -> None:
    with services().database.read() as session:
        used = storage_used(session)
    st.progress(min(used.share, 1.0), _used(used))
    if used.is_nearly_full:
        st.warning(
            f"{used.share:.0%} of the room for pictures is used. Delete what no page needs, or allow more, "
            "before photos have to be refused."
        )
    with st.expander("Allow more, or less"), st.form("room", border=False):
        wanted = st.number_input("Megabytes for all pictures together", 1, 1 << 30, used.budget_bytes // MIB)
        if st.form_submit_button("Keep"):
            done = f"Pictures may take {file_size(wanted * MIB)} from now on."
            act(staff, lambda tx: set_budget(tx.session, wanted * MIB, by=tx.by, now=tx.now), done=done)
            st.rerun()


def _used(used: StorageUsed) -> str:
    parts = f"{file_size(used.renditions_bytes)} for pages, {file_size(used.originals_bytes)} as they came"
    return f"{file_size(used.used_bytes)} of {file_size(used.budget_bytes)} used: {parts}"


def _from_the_start() -> None:
    st.session_state[MORE] = A_PAGE


def _more() -> None:
    st.session_state[MORE] += A_PAGE


page()
