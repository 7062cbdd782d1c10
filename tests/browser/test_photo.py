"""A coach drops a photo as her phone took it; parents see it upright, small, and in the width that their screen needs."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import PATIENCE_MS, settle, sign_in
from tests.images.photos import BLUE, GREEN, RED, YELLOW, turned
from tests.support.processes import RunningGym

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CORNERS = """image => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 100, height: 100});
    const brush = canvas.getContext("2d");
    brush.drawImage(image, 0, 0, 100, 100);
    return [[25, 25], [75, 25], [25, 75], [75, 75]].map(([x, y]) => [...brush.getImageData(x, y, 1, 1).data].slice(0, 3));
}"""
FILE = """async image => {
    await image.decode();
    const bitmap = await createImageBitmap(await (await fetch(image.currentSrc)).blob());
    return [image.currentSrc, bitmap.width, bitmap.height];
}"""


def test_a_sideways_photo_from_a_phone_is_upright_on_the_coach_s_page(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        desk = context.new_page()
        sign_in(desk, gym.console_url, "lena@spirit.example")
        desk.goto(f"{gym.console_url}/page")
        settle(desk)
        sent = {"name": "IMG_0412.jpg", "mimeType": "image/jpeg", "buffer": turned(6)}
        desk.locator("input[type=file]").set_input_files(sent)  # type: ignore[arg-type]
        expect(desk.get_by_text("Parents see the photo now.")).to_be_visible(timeout=PATIENCE_MS)
        expect(desk.get_by_text("IMG_0412.jpg is ready.")).to_be_visible(timeout=PATIENCE_MS)
    for width, expected in ((375, 200), (1280, 400)):
        with browser.new_context(viewport={"width": width, "height": 900}) as context:
            page = context.new_page()
            page.goto(f"{gym.site_url}/coaches/lena")
            photo = page.get_by_role("img", name="Portrait of Lena Park")
            address, *size = photo.evaluate(FILE)
            assert address.endswith(".avif") and size == [expected, expected]
            assert_upright(photo.evaluate(CORNERS))
            assert_nothing_moved(page)


def assert_upright(corners: list[list[int]]) -> None:
    for seen, meant in zip(corners, (RED, GREEN, BLUE, YELLOW), strict=True):
        assert all(abs(one - other) < 12 for one, other in zip(seen, meant, strict=True)), corners


def assert_nothing_moved(page: Page) -> None:
    """By the browser's own count of layout shifts."""
    script = """() => new Promise(done => new PerformanceObserver(list => done(list.getEntries().length))
        .observe({type: "layout-shift", buffered: true}) || setTimeout(() => done(0), 200))"""
    assert page.evaluate(script) == 0
