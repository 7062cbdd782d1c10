"""
Color management: the color space that a file means, and its conversion to sRGB, as a browser shows it.

What counts, in this order: a PNG's cICP; the ICC profile, by what it says and whatever its name; the nclx of an AVIF or
HEIC; a PNG's sRGB, then gAMA with cHRM. Nothing of these: sRGB; for CMYK the press of core/images/cmyk_default_profile.py.
"""

import io
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageCms, ImageFilter

from core.images.cmyk_default_profile import standard_press
from core.images.headers import boxes, png_chunks
from core.images.icc_profiles import (
    SRGB,
    SRGB_CURVE,
    SRGB_TO_XYZ,
    Curve,
    Space,
    Vector,
    apply,
    inverse,
    product,
    rgb_profile,
)

HDR = "It is an HDR picture; it is shown in the ordinary range of light."
UNNOTICED_LEVELS = 1  # a profile that changes no colour by more than this is sRGB under another name
LATTICE = 65  # points an axis of the table for HDR, the most that Pillow takes: PQ is steep at its top
STEP = 15  # of the tone curves below
PQ_THOUSAND = 0.7518  # PQ's code for a thousand candelas, the most that photos are graded for
CICP_TAG = b"cicp"

PQ, HLG = 16, 18  # code points of ITU-T H.273
UNSPECIFIED = 2
SPACES: Mapping[int, Space] = {
    1: SRGB,
    4: Space((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: Space((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: Space((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: Space((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: Space((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Space((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: Space((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Space((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
VIDEO = Curve(2.4)  # as screens show it (BT.1886), not as cameras write it
CURVES: Mapping[int, Curve] = {
    1: VIDEO,
    4: Curve(2.2),
    5: Curve(2.8),
    6: VIDEO,
    7: Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0912),
    8: Curve(1.0),
    13: SRGB_CURVE,
    14: VIDEO,
    15: VIDEO,
}
# Which code in sRGB a grey of PQ or HLG is shown as, for every 15th of 255 codes: measured in Chromium on an ordinary screen.
TONES: Mapping[int, tuple[int, ...]] = {
    PQ: (0, 1, 4, 13, 26, 42, 61, 85, 114, 150, 193, 221, 242, 255, 255, 255, 255, 255),
    HLG: (0, 2, 13, 26, 39, 52, 66, 79, 92, 106, 122, 142, 166, 194, 214, 229, 243, 255),
}


@dataclass(frozen=True)
class Coding:
    """A colour space by the code points of H.273. video_as_srgb: browsers show the curve of SDR video so, but in a PNG."""

    primaries: int
    transfer: int
    video_as_srgb: bool = True

    @property
    def is_hdr(self) -> bool:
        return self.transfer in TONES

    @property
    def curve(self) -> Curve:
        found = CURVES.get(self.transfer, SRGB_CURVE)
        return SRGB_CURVE if found is VIDEO and self.video_as_srgb else found

    @property
    def space(self) -> Space:
        return SPACES.get(self.primaries, SRGB)


def in_srgb(picture: Image.Image, info: Mapping[str, object], data: bytes, form: str) -> tuple[Image.Image, str | None]:
    """
    The picture in sRGB, as RGB or RGBA.

    Args:
        picture: RGB, RGBA, L or CMYK. info: what Pillow read beside its pixels. data: the whole file.

    Returns:
        It, and what is worth a note; tags that cannot be read are as good as none.
    """
    coding = _coding(info, data, form)
    if coding is not None and coding.is_hdr:
        return _toned(picture, coding), HDR
    profile = _profile(picture, info, data, form, coding)
    if profile is not None:
        picture = _converted(picture, profile)
    return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB"), None


def _coding(info: Mapping[str, object], data: bytes, form: str) -> Coding | None:
    """By code points, where these come before the file's profile, or the profile itself names them."""
    if form == "png" and (coding := _cicp(data)) is not None:
        return coding
    if isinstance(profile := info.get("icc_profile"), bytes) and profile:
        return _cicp_of_profile(profile)
    return _nclx(data) if form in ("avif", "heic") else None


def _cicp(data: bytes) -> Coding | None:
    for name, content in png_chunks(data):
        if name == b"cICP" and len(content) == 4 and content[0] != UNSPECIFIED and content[1] != UNSPECIFIED:
            return Coding(content[0], content[1], video_as_srgb=False)
    return None


def _nclx(data: bytes) -> Coding | None:
    """Of the first image that says so: the one that is shown comes before its depths and gain maps."""
    for name, at, end in boxes(data):
        if name == b"colr" and data[at : at + 4] == b"nclx" and end - at >= 8:
            return Coding(*struct.unpack_from(">HH", data, at + 4))
    return None


def _cicp_of_profile(profile: bytes) -> Coding | None:
    """An HDR profile names its code points; littleCMS does not look at them."""
    for name, content in _tags(profile):
        if name == CICP_TAG and len(content) >= 12 and content[9] in TONES:
            return Coding(content[8], content[9])
    return None


def _tags(profile: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(profile) < 132:
        return
    (count,) = struct.unpack_from(">I", profile, 128)
    for index in range(min(count, (len(profile) - 132) // 12)):
        name, at, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        yield name, profile[at : at + size]


def _profile(
    picture: Image.Image, info: Mapping[str, object], data: bytes, form: str, coding: Coding | None
) -> bytes | None:
    """The file's own profile, or one written for what its tags say; None when that is sRGB."""
    own = info.get("icc_profile")
    try:
        if coding is not None:
            return rgb_profile(coding.space, coding.curve)
        if isinstance(own, bytes) and own and _fits(own, picture):
            return own
        if picture.mode == "CMYK":
            return standard_press()
        return _by_gamma(info) if form == "png" else None
    except (ValueError, ZeroDivisionError, OverflowError, struct.error):  # primaries on one line, and the like
        return None


def _by_gamma(info: Mapping[str, object]) -> bytes | None:
    """By a PNG's gAMA, and cHRM beside it; browsers do not look at cHRM alone."""
    gamma, points = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info or not isinstance(gamma, float) or not 0.01 < gamma < 10:
        return None
    if not (isinstance(points, tuple) and len(points) == 8):
        return None if abs(gamma - 0.45455) < 1e-4 else rgb_profile(SRGB, Curve(1 / gamma))
    white, red, green, blue = zip(points[::2], points[1::2], strict=True)
    return rgb_profile(Space(red, green, blue, white), Curve(1 / gamma))


def _fits(profile: bytes, picture: Image.Image) -> bool:
    """Whether it is about pixels of this kind: an RGB profile in a CMYK file is as good as none."""
    expected = {"CMYK": (b"CMYK",), "L": (b"GRAY",)}.get(picture.mode, (b"RGB ",))
    return profile[16:20] in expected


def _converted(picture: Image.Image, profile: bytes) -> Image.Image:
    """By this profile; one that littleCMS cannot read is as good as none."""
    if picture.mode == "L" and profile[16:20] != b"GRAY":
        picture = picture.convert("RGB")
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            "RGB" if picture.mode == "RGBA" else picture.mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if picture.mode.startswith("RGB") and _changes_nothing(transform):
            return picture
        return _with_alpha_of(picture, lambda opaque: _transformed(opaque, transform))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return (
            picture if picture.mode != "CMYK" or profile == standard_press() else _converted(picture, standard_press())
        )


def _with_alpha_of(picture: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Change the colours; what is transparent stays so."""
    if picture.mode != "RGBA":
        return change(picture)
    changed = change(picture.convert("RGB"))
    changed.putalpha(picture.getchannel("A"))
    return changed


def _transformed(picture: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    converted = ImageCms.applyTransform(picture, transform)
    assert converted is not None
    converted.info = {}
    return converted


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    before = _probe()
    after = ImageCms.applyTransform(before, transform)
    assert after is not None
    return all(
        abs(one - other) <= UNNOTICED_LEVELS for one, other in zip(before.tobytes(), after.tobytes(), strict=True)
    )


@cache
def _probe() -> Image.Image:
    """Colours from everywhere: six steps of each."""
    steps = range(0, 256, 51)
    return Image.frombytes(
        "RGB", (216, 1), bytes(value for r in steps for g in steps for b in steps for value in (r, g, b))
    )


def _toned(picture: Image.Image, coding: Coding) -> Image.Image:
    """HDR as an ordinary screen shows it: the brightest channel by the tone curve, the others in proportion."""
    to_srgb = product(inverse(SRGB_TO_XYZ), coding.space.to_xyz())
    light = cache(_pq_light if coding.transfer == PQ else _hlg_light)
    shown_light = cache(lambda code: SRGB_CURVE.light(_tone(coding.transfer, code)))

    def shown(red: float, green: float, blue: float) -> Vector:
        brightest = max(red, green, blue)
        if brightest <= 0:
            return 0.0, 0.0, 0.0
        gain = shown_light(brightest) / light(brightest)
        linear = apply(to_srgb, (light(red) * gain, light(green) * gain, light(blue) * gain))
        return _code(linear[0]), _code(linear[1]), _code(linear[2])

    table = ImageFilter.Color3DLUT.generate(LATTICE, shown)
    flat = picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")
    return _with_alpha_of(flat, lambda opaque: opaque.filter(table))


def _tone(transfer: int, code: float) -> float:
    at = code * 255 / STEP
    low = min(math.floor(at), len(TONES[transfer]) - 2)
    first, second = TONES[transfer][low : low + 2]
    return (first + (second - first) * (at - low)) / 255


def _pq_light(code: float) -> float:
    """SMPTE ST 2084, 0 to 1 for 10,000 candelas a square metre; what is brighter than a thousand is as bright as that."""
    root = float(min(code, PQ_THOUSAND) ** (1 / 78.84375))
    return float((max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)) or 1e-9


def _hlg_light(code: float) -> float:
    """ITU-R BT.2100, scene light, 0 to 1."""
    if code <= 0.5:
        return max(code * code / 3, 1e-9)
    return (math.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _code(light: float) -> float:
    """sRGB's code of linear light, both 0 to 1."""
    light = min(max(light, 0.0), 1.0)
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
