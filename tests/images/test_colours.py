"""Colours come out as a browser shows them, by whichever means a file tells them; the figures are Chromium's."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as Pixels
from PIL import ImageCms

from core.images.colour_management import HDR
from core.images.icc_profiles import Curve, Space, rgb_profile
from core.images.recipes import PLAN, Recipe, Shape
from tests.images.photos import BLUE, GREEN, RED, YELLOW, chunk, png_head, saved
from tests.images.test_pixels import Developed

AS_JPEG = Recipe([Shape("whole", PLAN[2:])], formats=("jpeg",))
SIDE = 48
WARM, GRASS, SKY, GREY = (200, 80, 60), (60, 160, 70), (60, 80, 190), (128, 128, 128)
P3 = Space((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))


def png(colours: list[tuple[int, int, int]], *tags: bytes) -> bytes:
    row = b"\x00" + b"".join(bytes(colour) * SIDE for colour in colours)
    pixels = chunk(b"IDAT", zlib.compress(row * SIDE)) + chunk(b"IEND", b"")
    return png_head(SIDE * len(colours), SIDE) + b"".join(tags) + pixels


def avif(colours: list[tuple[int, int, int]], primaries: int, transfer: int) -> bytes:
    whole = Pixels.new("RGB", (SIDE * len(colours), SIDE))
    for index, colour in enumerate(colours):
        whole.paste(colour, (index * SIDE, 0, (index + 1) * SIDE, SIDE))
    data = saved(whole, "AVIF", quality=100, subsampling="4:4:4")
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def heic(colours: list[tuple[int, int, int]], primaries: int, transfer: int) -> bytes:
    import pillow_heif

    whole = Pixels.new("RGB", (SIDE * len(colours), SIDE))
    for index, colour in enumerate(colours):
        whole.paste(colour, (index * SIDE, 0, (index + 1) * SIDE, SIDE))
    pillow_heif.register_heif_opener()
    return saved(whole, "HEIF", quality=100, color_primaries=primaries, transfer_characteristics=transfer)


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def points(space: Space) -> bytes:
    values = (*space.white, *space.red, *space.green, *space.blue)
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


def shown(data: bytes, count: int) -> list[tuple[int, ...]]:
    """What the middle of each colour became, in the largest JPEG."""
    made = np.asarray(max((picture for _, picture in Developed(data, AS_JPEG).pictures()), key=lambda one: one.width))
    scale = made.shape[1] / (SIDE * count)
    middles = [int((index + 0.5) * SIDE * scale) for index in range(count)]
    return [tuple(int(value) for value in made[made.shape[0] // 2, middle]) for middle in middles]


def off(found: list[tuple[int, ...]], wanted: list[tuple[int, int, int]]) -> int:
    return max(abs(a - b) for one, other in zip(found, wanted, strict=True) for a, b in zip(one, other, strict=True))


LIKE_CHROMIUM = {
    "cICP Display P3": (png([WARM, GRASS, SKY], cicp(12, 13)), [(216, 69, 50), (0, 163, 55), (54, 81, 197)]),
    "cICP BT.2020": (png([WARM, GRASS, SKY], cicp(9, 13)), [(244, 37, 50), (0, 168, 50), (0, 80, 198)]),
    "cICP PAL": (png([WARM, GRASS, SKY], cicp(5, 13)), [(203, 80, 60), (50, 160, 72), (59, 80, 189)]),
    "cICP linear light": (png([WARM, GREY], cicp(1, 8)), [(229, 152, 133), (188, 188, 188)]),
    "cICP of SDR video": (png([WARM, GREY], cicp(1, 1)), [(197, 70, 49), (121, 121, 121)]),
    "cICP before a profile": (
        png([WARM], cicp(1, 13), chunk(b"iCCP", b"x\0\0" + zlib.compress(rgb_profile(P3, Curve(1.0))))), [WARM],
    ),
    "cICP that says nothing": (png([WARM], cicp(2, 2)), [WARM]),
    "gAMA 1.0": (png([WARM, GREY], gamma(100_000)), [(229, 152, 133), (188, 188, 188)]),
    "gAMA 1/1.8": (png([WARM, GREY], gamma(55_556)), [(210, 99, 77), (146, 146, 146)]),
    "gAMA 1/2.2": (png([WARM, GREY], gamma(45_455)), [WARM, GREY]),
    "gAMA and cHRM of P3": (png([WARM, SKY], gamma(45_455), points(P3)), [(218, 67, 47), (51, 80, 199)]),
    "cHRM alone": (png([WARM, SKY], points(P3)), [WARM, SKY]),
    "sRGB before gAMA": (png([WARM, GREY], chunk(b"sRGB", b"\0"), gamma(100_000)), [WARM, GREY]),
    "cHRM of no colours": (png([WARM], gamma(45_455), chunk(b"cHRM", bytes(32))), [WARM]),
    "nclx of P3 in an AVIF": (avif([WARM, GRASS, SKY], 12, 13), [(216, 70, 49), (0, 164, 54), (52, 81, 195)]),
    "nclx of BT.2020 video in an AVIF": (avif([WARM, GRASS], 9, 1), [(244, 40, 49), (0, 169, 48)]),
    "nclx of linear light in an AVIF": (avif([WARM, GREY], 1, 8), [(229, 153, 132), (188, 188, 188)]),
    "nclx that says nothing": (avif([WARM, GREY], 2, 2), [WARM, GREY]),
    "nclx of P3 in a HEIC": (heic([WARM, GRASS, SKY], 12, 13), [(216, 70, 49), (0, 164, 54), (52, 81, 195)]),
}  # fmt: skip


@pytest.mark.parametrize("how", LIKE_CHROMIUM)
def test_colours_told_without_a_profile_come_out_as_a_browser_shows_them(how: str) -> None:
    data, wanted = LIKE_CHROMIUM[how]
    assert off(shown(data, len(wanted)), wanted) <= 5  # JPEG's own rounding, and lossy AVIF's


GREYS = [(value, value, value) for value in (40, 90, 128, 180, 240)]


@pytest.mark.parametrize(
    ("transfer", "wanted"), [(16, (9, 61, 132, 242, 255)), (18, (21, 66, 99, 166, 243))], ids=["PQ", "HLG"]
)
@pytest.mark.parametrize("form", ["png", "avif"])
def test_hdr_is_shown_in_the_ordinary_range_and_named(form: str, transfer: int, wanted: tuple[int, ...]) -> None:
    data = png(GREYS, cicp(9, transfer)) if form == "png" else avif(GREYS, 9, transfer)
    developed = Developed(data, AS_JPEG)
    assert developed.opened[0].note == HDR
    assert off(shown(data, len(GREYS)), [(value, value, value) for value in wanted]) <= 6


def test_hdr_told_by_a_profile_is_named_too() -> None:
    tag = b"cicp" + bytes(4) + bytes([9, 16, 0, 1])
    plain = rgb_profile(P3, Curve(2.2))
    count = struct.unpack_from(">I", plain, 128)[0]
    moved = 12  # one more entry in its table
    table = b"".join(
        struct.pack(">4sII", name, at + moved, size)
        for name, at, size in struct.iter_unpack(">4sII", plain[132 : 132 + 12 * count])
    )
    entry = struct.pack(">4sII", b"cicp", len(plain) + moved, len(tag))
    profile = plain[:128] + struct.pack(">I", count + 1) + table + entry + plain[132 + 12 * count :] + tag
    picture = Pixels.new("RGB", (SIDE, SIDE), GREY)
    assert Developed(saved(picture, "PNG", icc_profile=profile), AS_JPEG).opened[0].note == HDR


def test_a_profile_is_judged_by_what_it_says_and_not_by_its_name() -> None:
    """A linear one that calls itself sRGB."""
    liar = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    curve = liar.index(b"para", 200) + 12
    liar[curve : curve + 20] = struct.pack(">5i", *(round(value * 65536) for value in (1, 1, 0, 1, 0)))
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(liar))).startswith("sRGB")
    picture = Pixels.new("RGB", (SIDE, SIDE), GREY)
    assert off(shown(saved(picture, "PNG", icc_profile=bytes(liar)), 1), [(188, 188, 188)]) <= 3


PRINTED: dict[
    tuple[int, int, int, int], tuple[int, int, int]
] = {  # inks in per cent, and what coated paper shows of them
    (100, 0, 0, 0): (0, 174, 239),
    (0, 100, 0, 0): (236, 0, 140),
    (0, 0, 100, 0): (255, 242, 0),
    (0, 100, 100, 0): (237, 28, 36),
    (0, 0, 0, 100): (35, 31, 32),
    (0, 0, 0, 0): (255, 255, 255),
    (15, 91, 91, 4): (202, 60, 49),
    (77, 13, 100, 1): (60, 161, 72),
    (83, 75, 0, 0): (71, 86, 166),
    (51, 44, 44, 8): (129, 128, 128),
}


@pytest.mark.parametrize("form", ["JPEG", "JPEG with an RGB profile"])
@pytest.mark.parametrize("inks", PRINTED)
def test_cmyk_without_a_profile_looks_printed_and_not_neon(inks: tuple[int, int, int, int], form: str) -> None:
    picture = Pixels.new("CMYK", (SIDE, SIDE), tuple(round(ink * 2.55) for ink in inks))
    more = {"icc_profile": rgb_profile(P3, Curve(2.2))} if "profile" in form else {}
    assert off(shown(saved(picture, "JPEG", quality=100, **more), 1), [PRINTED[inks]]) <= 22


LOGO_SIDE = 200


def logo(colour: tuple[int, int, int]) -> bytes:
    picture = Pixels.new("RGBA", (LOGO_SIDE, LOGO_SIDE), (*colour, 0))
    picture.paste((*colour, 255), (50, 50, 150, 150))
    return saved(picture, "PNG")


@pytest.mark.parametrize("colour", [(255, 255, 255), (250, 244, 230), YELLOW, (0, 0, 0), RED, GREEN, BLUE])
def test_a_logo_is_seen_on_its_ground_in_every_format(colour: tuple[int, int, int]) -> None:
    developed = Developed(logo(colour), Recipe([Shape("whole", PLAN[2:])]))
    ground = developed.glimpses[0].colour
    assert developed.glimpses[0].placeholder == "", "nothing may shine through it"
    assert ground == ("#1b2430" if min(colour) > 200 else "#ffffff")
    for spec, _, data in developed.files:
        made = Pixels.open(io.BytesIO(data))
        if spec.format == "jpeg":
            edge, middle = np.asarray(made)[4, 4].astype(int), np.asarray(made)[100, 100].astype(int)
            assert np.abs(edge - np.array(list(bytes.fromhex(ground[1:])))).max() < 12
            assert np.abs(edge - middle).max() > 60
        else:
            alpha = made.getchannel("A")
            assert alpha.getpixel((4, 4)) == 0 and alpha.getpixel((100, 100)) == 255


def test_a_photo_with_an_idle_alpha_is_a_photo() -> None:
    developed = Developed(saved(Pixels.new("RGBA", (SIDE, SIDE), (*RED, 255)), "PNG"))
    assert developed.glimpses[0].placeholder
    assert {Pixels.open(io.BytesIO(data)).mode for _, _, data in developed.files} == {"RGB"}
