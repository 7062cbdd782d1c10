"""A photo goes in as the phone took it, and comes out small, sharp, upright and private."""

import pytest

from core.images.models import ImageKind, ImageState
from tests.images.conftest import Gallery
from tests.images.photos import jpeg


def test_a_photo_becomes_the_plans_four_sizes_in_two_formats(gallery: Gallery) -> None:
    image = gallery.made(jpeg(2600, 1950))
    assert image.state is ImageState.READY
    sizes = {(file.format, file.width_px, file.height_px) for file in image.renditions}
    assert sizes == {(form, width, width * 3 // 4) for form in ("jpeg", "avif") for width in (2000, 1200, 800, 400)}
    assert image.placeholder.startswith("data:image/webp;base64,")
    assert all(gallery.services.media.size_of(file.path) == file.size_bytes for file in image.renditions)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_each_kind_gets_the_cuts_of_its_recipe(gallery: Gallery) -> None:
    face = gallery.made(jpeg(1000, 1400), ImageKind.PROFILE)
    assert {(file.width_px, file.height_px) for file in face.renditions} == {(800, 800), (400, 400), (200, 200)}
    hero = gallery.made(jpeg(2400, 1600), ImageKind.CAMPAIGN)
    wide = {(file.width_px, file.height_px) for file in hero.renditions if file.shape == "wide"}
    tall = {(file.width_px, file.height_px) for file in hero.renditions if file.shape == "tall"}
    assert wide == {(2000, 1000), (1200, 600), (800, 400), (400, 200)}
    assert tall == {(1200, 1500), (800, 1000), (400, 500)}
