"""Profile photo of a coach: upload, alt text, cropping, and a choice among earlier uploads."""

from functools import partial

import streamlit as st

from console.photos import photo_upload
from console.photos.focal_point import focal_point
from console.photos.photo_html import original_address, thumbnail
from console.photos.photo_page import compare
from console.widgets.acting import act
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.images.image_commands import describe
from core.images.models import Image, ImageKind
from core.images.photo_lists import publishable
from core.images.queries import get_image
from core.schedule.coach_page import set_photo
from core.schedule.models import Coach

DONE = "Parents see the photo now."


def photo(coach: Coach, staff: Staff) -> None:
    """Draw the photo's part of the page Public page."""
    st.header("Photo", anchor=False)
    hers = _choices(coach, staff)
    shown = next((image for image in hers if image.id == coach.photo_id), None)
    if shown is not None:
        left, right = st.columns([1, 2], vertical_alignment="center")
        left.html(thumbnail(shown, 240))
        with right:
            _words(shown, coach, staff)
        _details(shown, staff)
    else:
        st.info("Parents like to see whom their child will meet. A photo of your face, in good light, is enough.")
    where = f"photo-{coach.id}"
    take_in = photo_upload.accepting(ImageKind.PROFILE, staff, alt=f"Portrait of {coach.name}")
    label = "Another photo" if shown else "Your photo, from the camera or the album"
    if photo_upload.drop(where, label, take_in, several=False):
        st.rerun()
    photo_upload.progress(where, when_ready=partial(_show_it, coach.id))
    others = [image for image in hers if image is not shown]
    if others:
        with st.expander("Photos that were sent before", key="earlier-photos"):
            _others(others, coach, staff)


def _details(image: Image, staff: Staff) -> None:
    """Cropping and comparison, for those who may change it, once it has renditions: an original shows more than its page."""
    if not (image.renditions and _may_change(image, staff)):
        return
    if original_address(image):
        with st.expander("Cut it differently", key=f"about-cut-{image.id}"):
            focal_point(image)
    with st.expander("Before and after", key=f"about-files-{image.id}"):
        compare(image)


def _may_change(image: Image, staff: Staff) -> bool:
    return staff.is_admin or image.uploaded_by == staff.account_id


def _show_it(coach_id: int, image: Image, staff: Staff) -> None:
    """Publish a photo that was uploaded here, as soon as it is ready."""
    _show(coach_id, image.id, staff, DONE)


def _show(coach_id: int, image_id: int | None, shown_to: Staff, done: str) -> None:
    act(
        shown_to,
        lambda tx: set_photo(tx.session, tx.coach, image_id, by=tx.by, now=tx.now),
        coach=coach_id,
        done=done,
    )


def _words(image: Image, coach: Coach, staff: Staff) -> None:
    if _may_change(image, staff):
        _describe(image, staff)
    gone = "There is no photo on the page any more."
    st.button("Show no photo", on_click=_show, args=(coach.id, None, staff, gone))


def _describe(image: Image, staff: Staff) -> None:
    with st.form(f"photo-words-{image.id}", border=False):
        alt = st.text_input(
            "What is to be seen",
            image.alt,
            key=f"photo-alt-{image.id}",
            help="Read aloud to parents who cannot see it, and shown while it loads.",
        )
        if st.form_submit_button("Keep these words"):
            act(
                staff,
                lambda tx: describe(tx.session, image.id, alt, by=tx.by, now=tx.now),
                done="The words are kept.",
            )
            st.rerun()


def _others(images: list[Image], coach: Coach, staff: Staff) -> None:
    with st.container(horizontal=True):
        for image in images:
            with st.container(width=140):
                st.html(thumbnail(image, 140))
                st.button(
                    "Show this one",
                    key=f"show-{image.id}",
                    help=inert(f"{image.name}: {image.alt}"),
                    on_click=_show,
                    args=(coach.id, image.id, staff, DONE),
                )


def _choices(coach: Coach, staff: Staff) -> list[Image]:
    """Photos uploaded by the coach or by the signed-in person; the published one is always among them."""
    with services().database.read() as session:
        images = list(publishable(session, ImageKind.PROFILE, uploaded_by={coach.account_id, staff.account_id}))
        if coach.photo_id is not None and all(image.id != coach.photo_id for image in images):
            images.append(get_image(session, coach.photo_id))
    return images
