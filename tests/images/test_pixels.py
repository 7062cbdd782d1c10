"""Upright, in the right colours, and nothing in the file but pixels."""

import io
import struct
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pixels
from PIL import ImageCms, PngImagePlugin

from core.images import decoding, rendering
from core.images.decoding import PictureRefused
from core.images.headers import read_header
from core.images.recipes import PATIENT, PLAN, QUICK, SMALL, TUNE, Recipe, Shape, Spec, jpeg_tables, specs_of
from core.images.rendering import Made, Opened, Placeholder
from tests.images.photos import (
    BLUE,
    CANARY,
    GPS,
    GREEN,
    ORIENTATION,
    RED,
    UNTURN,
    YELLOW,
    chunk,
    detailed,
    jpeg,
    png_head,
    quarters,
    saved,
    sixteen_bits,
    stripes,
    turned,
)  # fmt: skip

ALL_FORMATS = Recipe([Shape("whole", PLAN[2:])], formats=("jpeg", "avif", "webp"))
WHOLE = Recipe([Shape("whole", PLAN)], formats=("jpeg",))


class Developed:
    """What came of a file, in this process: the limits of the child are another test's."""

    def __init__(
        self, data: bytes, recipe: Recipe = ALL_FORMATS, *, focal: tuple[int, int] = (50, 50), fine: bool = False
    ) -> None:
        header = read_header(data)
        assert header is not None
        specs = specs_of(recipe, pixels="x", focal=focal, encoders="", fine=fine)
        self.files: list[tuple[Spec, tuple[int, int], bytes]] = []
        self.opened: list[Opened] = []
        self.glimpses: list[Placeholder] = []
        rendering.develop(
            io.BytesIO(data),
            form=header.format,
            size=(header.width_px, header.height_px),
            specs=specs,
            needed=frozenset(spec.key for spec in specs),
            focal=focal,
            background=recipe.background,
            report=self.keep,
        )

    def keep(self, event: Opened | Made | Placeholder) -> None:
        if isinstance(event, Opened):
            self.opened.append(event)
        elif isinstance(event, Placeholder):
            self.glimpses.append(event)
        else:
            with event.file:
                self.files.append((event.spec, (event.width_px, event.height_px), event.file.read()))

    def pictures(self) -> list[tuple[str, Pixels.Image]]:
        return [(spec.format, Pixels.open(io.BytesIO(data)).convert("RGB")) for spec, _, data in self.files]


def near(picture: Pixels.Image, places: Sequence[tuple[float, float]], colours: Sequence[tuple[int, ...]]) -> bool:
    """Whether each place (as shares of width and height) has its colour, but for what compression does."""
    samples = np.asarray(picture).astype(int)
    found = [samples[int(y * picture.height), int(x * picture.width)] for x, y in places]
    return all(int(np.abs(one - np.array(two)).max()) < 16 for one, two in zip(found, colours, strict=True))


CORNERS = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
UPRIGHT = (RED, GREEN, BLUE, YELLOW)


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8, 99, 0])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_photo_held_any_way_comes_out_upright(form: str, orientation: int) -> None:
    if form == "AVIF" and orientation not in range(1, 9):
        return  # its encoder keeps no such tag
    developed = Developed(turned(orientation, form))
    assert (developed.opened[0].width_px, developed.opened[0].height_px) == (640, 480)
    for made_of, picture in developed.pictures():
        assert picture.width > picture.height and near(picture, CORNERS, UPRIGHT), (made_of, picture.size)


def test_a_photo_is_never_enlarged_and_no_size_comes_twice() -> None:
    sizes = [size for spec, size, _ in Developed(jpeg(1000, 750), WHOLE).files]
    assert sorted(sizes, reverse=True) == [(1000, 750), (800, 600), (400, 300)]
    assert [size for _, size, _ in Developed(jpeg(90, 60), WHOLE).files] == [(90, 60)]


def test_the_largest_is_bounded_on_both_sides() -> None:
    sizes = sorted(size for _, size, _ in Developed(jpeg(1500, 3000), WHOLE).files)
    assert sizes == [(400, 800), (800, 1600), (1000, 2000)]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 12_000), (2, 3)])
def test_extreme_shapes_have_a_pixel_at_least(size: tuple[int, int]) -> None:
    developed = Developed(saved(Pixels.new("RGB", size, RED), "PNG"))
    assert developed.files and all(min(made) >= 1 for _, made, _ in developed.files)
    square = Developed(saved(Pixels.new("RGB", size, RED), "PNG"), Recipe([Shape("square", SMALL, (1, 1))]))
    assert {width == height for _, (width, height), _ in square.files} == {True}


@pytest.mark.parametrize(("focal", "seen"), [((0, 50), RED), ((100, 50), BLUE), ((50, 50), GREEN)])
def test_what_matters_stays_in_the_cut(focal: tuple[int, int], seen: tuple[int, int, int]) -> None:
    picture = Pixels.new("RGB", (1800, 600), GREEN)
    picture.paste(RED, (0, 0, 600, 600))
    picture.paste(BLUE, (1200, 0, 1800, 600))
    recipe = Recipe([Shape("square", SMALL, (1, 1))])
    for _, cut in Developed(saved(picture, "JPEG", quality=95), recipe, focal=focal).pictures():
        assert cut.size[0] == cut.size[1] and near(cut, CORNERS, [seen] * 4)


MODES = {
    "grey": lambda: saved(quarters().convert("L"), "PNG"),
    "one bit": lambda: saved(Pixels.new("1", (64, 64), 1), "PNG"),
    "palette": lambda: saved(quarters().quantize(16), "PNG"),
    "palette with a hole": lambda: saved(quarters().quantize(16), "PNG", transparency=0),
    "grey with alpha": lambda: saved(quarters().convert("LA"), "PNG"),
    "colour with alpha": lambda: saved(quarters().convert("RGBA"), "WEBP"),
    "CMYK": lambda: saved(quarters().convert("CMYK"), "JPEG", quality=95),
    "GIF": lambda: saved(quarters().quantize(16), "GIF"),
    "grey JPEG": lambda: saved(quarters().convert("L"), "JPEG"),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_a_picture(mode: str) -> None:
    for _, picture in Developed(MODES[mode]()).pictures():
        assert picture.mode == "RGB"


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_sixteen_bits_of_grey_keep_their_tones(dtype: str) -> None:
    most = np.iinfo(dtype).max
    ramp = np.tile(np.linspace(0, most, 256), (64, 1)).astype(dtype)
    for _, picture in Developed(saved(Pixels.fromarray(ramp), "PNG")).pictures():
        tones = np.asarray(picture)[32, :, 0].astype(int)
        assert np.abs(tones - np.linspace(0, 255, 256)).max() < 8


def test_sixteen_bits_of_colour_keep_theirs() -> None:
    for _, picture in Developed(sixteen_bits()).pictures():
        assert near(picture, CORNERS, UPRIGHT)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF"])
def test_what_is_transparent_shows_the_recipes_colour_where_a_format_keeps_no_transparency(form: str) -> None:
    picture = Pixels.new("RGBA", (400, 400), (255, 0, 0, 0))
    picture.paste((*YELLOW, 255), (0, 0, 200, 400))
    recipe = Recipe([Shape("whole", PLAN[2:])], formats=("jpeg", "avif", "webp"), background="#2040c0")
    for spec, _, data in Developed(saved(picture, form, quality=95), recipe).files:
        made = Pixels.open(io.BytesIO(data))
        if spec.format == "jpeg":
            assert near(made, [(0.2, 0.5), (0.9, 0.5)], [YELLOW, (32, 64, 192)])
        else:
            assert near(made.convert("RGB"), [(0.2, 0.5)], [YELLOW])
            alpha = made.getchannel("A")
            assert alpha.getpixel((80, 200)) == 255 and alpha.getpixel((380, 200)) == 0


def test_the_first_frame_of_what_moves_is_shown_with_a_note() -> None:
    frames = [Pixels.new("RGB", (64, 64), colour) for colour in (RED, BLUE, GREEN)]
    for form in ("GIF", "WEBP", "PNG", "AVIF"):
        data = saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
        developed = Developed(data)
        assert developed.opened[0].note == "It moves; its first frame is shown."
        for _, picture in developed.pictures():
            assert near(picture, [(0.5, 0.5)], [RED])


def test_the_photo_of_a_phone_with_a_second_picture_in_it_is_a_jpeg() -> None:
    frames = [detailed(320, 240), detailed(80, 60)]
    data = saved(frames[0], "MPO", save_all=True, append_images=frames[1:])
    developed = Developed(data)
    assert developed.opened == [Opened(320, 240, None)]
    assert developed.files


# Colour ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def swapped_profile() -> bytes:
    """A profile of a screen whose red is sRGB's green, and whose green is its red."""
    plain = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = plain.index(b"rXYZ"), plain.index(b"gXYZ")
    plain[red : red + 4], plain[green : green + 4] = b"gXYZ", b"rXYZ"
    name = plain.index("sRGB".encode("utf-16-be"))
    plain[name : name + 8] = "Swap".encode("utf-16-be")
    return bytes(plain)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_colours_are_those_of_the_files_own_profile(form: str) -> None:
    picture = Pixels.new("RGB", (64, 64), (250, 20, 20))
    developed = Developed(saved(picture, form, icc_profile=swapped_profile(), quality=95))
    for made_of, made in developed.pictures():
        red, green, _ = made.getpixel((32, 32))  # type: ignore[misc]
        assert green > 200 and red < 80, made_of


@pytest.mark.parametrize("profile", [b"no profile", b"", bytes(500), swapped_profile()[:200]])
def test_a_broken_profile_is_as_good_as_none(profile: bytes) -> None:
    for _, made in Developed(saved(quarters(), "PNG", icc_profile=profile)).pictures():
        assert near(made, CORNERS, UPRIGHT)


def test_a_profile_of_another_kind_of_picture_is_as_good_as_none() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for _, made in Developed(saved(quarters(), "JPEG", icc_profile=lab, quality=95)).pictures():
        assert near(made, CORNERS, UPRIGHT)


# Metadata ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def whispering(form: str) -> bytes:
    """The photo of a family: where, when, by whom, in every place that a format has for it."""
    exif = Pixels.Exif()
    exif[0x010E] = exif[0x013B] = exif[0x8298] = CANARY.decode()
    exif[ORIENTATION] = 1
    exif.get_ifd(0x8825).update(GPS)
    exif.get_ifd(0x8769)[0x9286] = CANARY
    profile = bytearray(swapped_profile())
    copyright_ = profile.index("No copyright".encode("utf-16-be")[:8])
    profile[copyright_ : copyright_ + len(CANARY)] = CANARY
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", CANARY.decode())
    words.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    more: dict[str, dict[str, Any]] = {
        "JPEG": {"comment": CANARY, "xmp": CANARY},
        "PNG": {"pnginfo": words},
        "WEBP": {"xmp": CANARY},
        "AVIF": {"xmp": CANARY},
    }
    data = saved(quarters(), form, exif=exif, icc_profile=bytes(profile), quality=95, **more[form])
    if form == "JPEG":
        iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x14\x1c\x02\x78\x00\x12" + CANARY
        data = data[:2] + b"\xff\xed" + (len(iptc) + 2).to_bytes(2, "big") + iptc + data[2:]
    return data


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_but_pixels_leaves(form: str) -> None:
    data = whispering(form) + b"<script>" + CANARY
    assert data.count(CANARY) >= 4
    developed = Developed(data)
    assert {spec.format for spec, _, _ in developed.files} == {"jpeg", "avif", "webp"}
    for spec, _, made in developed.files:
        for trace in (CANARY, b"Exif\x00\x00", b"ICC_PROFILE", b"photoshop", b"<script>", b"http://ns.adobe", b"ICCP"):
            assert trace not in made, (spec.format, trace)
        opened = Pixels.open(io.BytesIO(made))
        assert not opened.getexif() and "icc_profile" not in opened.info and "comment" not in opened.info
    assert CANARY not in developed.glimpses[0].placeholder.encode()


def test_a_glimpse_is_small_and_stands_by_itself() -> None:
    placeholder = Developed(jpeg(2000, 1500), WHOLE).glimpses[0]
    assert placeholder.placeholder.startswith("data:image/webp;base64,") and len(placeholder.placeholder) < 500
    assert placeholder.colour == "#7d6d55" or placeholder.colour.startswith("#")


# Encoders ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_tables_in_a_jpeg_are_ours_by_width() -> None:
    data = jpeg(2000, 1500)
    tables = {}
    for spec, _, made in Developed(data, WHOLE).files:
        written = Pixels.open(io.BytesIO(made)).quantization  # type: ignore[attr-defined]
        assert (written[0], written[1]) == jpeg_tables(spec.width_px)
        tables[spec.width_px] = tuple(written[0])
    assert sorted(tables) == [400, 800, 1200, 2000] and len(set(tables.values())) == 4


def test_no_step_of_a_table_is_finer_than_that_of_a_lower_frequency() -> None:
    for size in (*PLAN, *SMALL):
        for table in jpeg_tables(size.width_px):
            rows = np.array(table).reshape(8, 8)
            assert (
                (np.diff(rows, axis=0) >= 0).all() and (rows == rows.T).all() and 1 <= rows.min() <= rows.max() <= 255
            )


def test_avif_is_made_quickly_first_and_with_patience_later(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, object]] = []
    save = Pixels.Image.save

    def noted(picture: Pixels.Image, file: Any, form: str, **how: Any) -> None:
        if form == "AVIF":
            asked.append((how["quality"], how["speed"], how.get("advanced")))
        save(picture, file, form, **how)

    data, avif = jpeg(2000, 1500), Recipe([Shape("whole", PLAN[1:])], formats=("avif",))
    monkeypatch.setattr(Pixels.Image, "save", noted)
    Developed(data, avif)
    assert sorted(asked) == sorted((size.avif, QUICK, None) for size in PLAN[1:])
    asked.clear()
    Developed(data, avif, fine=True)
    assert {quality for quality, _, _ in asked} == {size.patient for size in PLAN[1:]}
    assert all(speed <= PATIENT and advanced == {"tune": TUNE} for _, speed, advanced in asked)


@pytest.mark.parametrize(
    ("width", "decoded", "carefully"),
    [
        (4000, 2000, 4000),
        (4032, 4032, 4032),
        (4960, 4960, 4960),
        (5040, 2520, 2520),
        (8064, 4032, 4032),
        (1920, 1920, 1920),
    ],
)
def test_a_decoders_half_is_taken_where_it_is_the_size_or_leaves_enough(
    width: int, decoded: int, carefully: int
) -> None:
    """From a phone's 4032 pixels the half is 2016, and nothing stays sharp on the way from there to 2000."""
    data = saved(Pixels.new("RGB", (width, width // 4), GREEN), "JPEG")
    found = []
    for fine in (False, True):
        recipe = Recipe([Shape("whole", PLAN)], formats=("avif",))
        specs = specs_of(recipe, pixels="x", focal=(50, 50), encoders="", fine=fine)
        size = (width, width // 4)
        with decoding.decoded(io.BytesIO(data), form="jpeg", size=size, specs=specs) as (picture, full, _):
            found.append(picture.width)
            assert full == size
    assert found == [decoded, carefully]


def test_patience_begins_with_the_pixels() -> None:
    """A photo of twice the size is halved by its decoder, which is quick; who has time resizes it."""
    data = saved(stripes(1600, 800), "JPEG", quality=95)
    recipe = Recipe([Shape("whole", PLAN[2:])], formats=("jpeg", "avif"))
    header = read_header(data)
    assert header is not None
    specs = specs_of(recipe, pixels="x", focal=(50, 50), encoders="", fine=True)
    original = Pixels.open(io.BytesIO(data)).convert("RGB").resize((800, 400), Pixels.Resampling.LANCZOS)
    distance = {}
    for form in ("jpeg", "avif"):
        mine = [spec for spec in specs if spec.format == form]
        decoded = decoding.decoded(io.BytesIO(data), form="jpeg", size=(1600, 800), specs=mine)
        with ThreadPoolExecutor(1) as threads, decoded as (picture, full, _):
            first = next(rendering._sizes(picture, full, mine, (50, 50), threads)).pixels
        distance[form] = float(np.abs(np.asarray(first).astype(int) - np.asarray(original).astype(int)).mean())
    assert distance["avif"] < 0.1 < distance["jpeg"]


# Broken ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def garbled_exif() -> bytes:
    data = turned(6)
    at = data.index(b"Exif\x00\x00") + 10
    return data[:at] + b"\xff" * 12 + data[at + 12 :]


def test_a_broken_exif_is_no_error() -> None:
    assert Developed(garbled_exif()).files


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_file_cut_off_is_refused_with_a_sentence(form: str) -> None:
    whole = saved(detailed(900, 700), form)
    for share in (0.5, 0.9):
        with pytest.raises(PictureRefused, match="incomplete or damaged"):
            Developed(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("rows", [b"rubbish", b"", zlib.compress(b"too little"), b"\x78\x9c" + bytes(300)])
def test_a_png_without_its_pixels_is_no_black_picture(rows: bytes) -> None:
    """Pillow says so but once, and asking for its orientation was the first time."""
    with pytest.raises(PictureRefused, match="incomplete or damaged"):
        Developed(png_head(640, 480) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def test_a_picture_that_is_larger_than_its_header_said_is_refused() -> None:
    data = jpeg(64, 64)
    with pytest.raises(PictureRefused, match="says one size and holds another"):
        rendering.develop(
            io.BytesIO(data), form="jpeg", size=(32, 32), specs=[], needed=frozenset(), focal=(50, 50),
            background="#ffffff", report=lambda _: None,
        )  # fmt: skip


def test_an_iphones_own_photo_is_read_where_its_decoder_is_there() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Pixels.Exif()
    exif[0x010E] = CANARY.decode()
    developed = Developed(saved(quarters(), "HEIF", exif=exif, quality=95))
    assert (developed.opened[0].width_px, developed.opened[0].height_px) == (640, 480)
    for _, picture in developed.pictures():
        assert near(picture, CORNERS, UPRIGHT)
    assert all(CANARY not in data for _, _, data in developed.files)


@pytest.mark.parametrize("orientation", [2, 3, 4, 5, 6, 7, 8])
def test_an_iphones_own_photo_is_turned_once_though_it_says_so_twice(orientation: int) -> None:
    """As its box of properties and as its tag; its decoder minds the first, and we must not mind the second again."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Pixels.Exif()
    exif[ORIENTATION] = orientation
    lying = quarters().transpose(UNTURN[orientation])
    data = saved(lying, "HEIF", exif=exif.tobytes(), quality=95)
    assert (b"irot" in data or b"imir" in data) and struct.pack(">HHIH", ORIENTATION, 3, 1, orientation) in data
    developed = Developed(data)
    assert (developed.opened[0].width_px, developed.opened[0].height_px) == (640, 480)
    for _, picture in developed.pictures():
        assert near(picture, CORNERS, UPRIGHT)
