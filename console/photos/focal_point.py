"""Focal-point editor: the point that stays in every crop, by click or sliders, with previews of the crops."""

from typing import Any

import altair as alt
import streamlit as st

import tasks
from console.photos.photo_html import cut_previews, original_address
from console.widgets.acting import act
from console.widgets.session import services, signed_in
from core.images.image_commands import focus
from core.images.models import Image

LONGER_SIDE_PX = 300
STEP = 4  # per cent between the places that can be clicked
CLICKED = "place"


@st.fragment
def focal_point(image: Image) -> None:
    """Draw the editor of an image that the signed-in person may change. It needs an original that browsers can show."""
    staff, across, down = signed_in(), f"focal-x-{image.id}", f"focal-y-{image.id}"
    st.session_state.setdefault(across, image.focal_x)
    st.session_state.setdefault(down, image.focal_y)
    _take_click(image, across, down)
    st.altair_chart(
        _target(image, st.session_state[across], st.session_state[down]),
        key=_chart(image),
        on_select="rerun",
        width="content",
        alt="The whole picture. A click moves the point; so do the two sliders below.",
    )
    left, right = st.columns(2)
    x = left.slider("From the left", 0, 100, key=across, format="%d %%")
    y = right.slider("From the top", 0, 100, key=down, format="%d %%")
    st.html(cut_previews(image, (x, y)))
    if st.button("Keep this point", disabled=(x, y) == (image.focal_x, image.focal_y)):
        done = "The point is kept. Pages follow as soon as the cuts are made."
        if act(staff, lambda tx: focus(tx.session, image.id, x, y, by=tx.by, now=tx.now), done=done):
            tasks.nudge_from_thread(services(), tasks.make_pictures)
        st.rerun()


def _take_click(image: Image, across: str, down: str) -> None:
    """Move the sliders to a new click; Streamlit reports the same click in every run, so an old one is skipped."""
    clicked = st.session_state.get(_chart(image), {}).get("selection", {}).get(CLICKED)
    taken = f"{_chart(image)}-taken"
    if clicked and clicked != st.session_state.get(taken):
        st.session_state[taken] = clicked
        st.session_state[across], st.session_state[down] = int(clicked[0]["x"]), int(clicked[0]["y"])


def _target(image: Image, x: int, y: int) -> Any:
    """The chart: the image, a grid of invisible marks to click on, and a ring around the point."""
    scale = LONGER_SIDE_PX / max(image.width_px, image.height_px)
    width, height = round(image.width_px * scale), round(image.height_px * scale)
    places = [{"x": left, "y": top} for left in range(0, 101, STEP) for top in range(0, 101, STEP)]
    axes: dict[str, Any] = {
        "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 100])),
        "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 100], reverse=True)),
    }
    picture = (
        alt.Chart(_data({"url": original_address(image)}))
        .mark_image(width=width, height=height, aspect=False)
        .encode(url="url:N", x=alt.value(width / 2), y=alt.value(height / 2))
    )
    click = alt.selection_point(name=CLICKED, fields=["x", "y"], on="click", clear=False, nearest=True)
    targets = alt.Chart(_data(*places)).mark_square(size=150, opacity=0).encode(**axes).add_params(click)
    rings = [
        alt.Chart(_data({"x": x, "y": y}))
        .mark_point(size=500, strokeWidth=stroke, color=colour, opacity=1)
        .encode(**axes)
        for stroke, colour in ((6, "#1B2430"), (3, "#FFFFFF"))
    ]
    return alt.layer(picture, *rings, targets).properties(width=width, height=height).configure_view(strokeWidth=0)


def _data(*rows: dict[str, Any]) -> alt.InlineData:
    return alt.InlineData(values=list(rows))


def _chart(image: Image) -> str:
    return f"focal-{image.id}"
