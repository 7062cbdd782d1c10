"""
Background of transparent images: its choice, and alpha compositing for formats without transparency.

A white logo on a white page is a blank page, so each picture gets the ground on which less of it vanishes: the recipe's,
or dark ink. Pages put the same ground beneath a format that stays transparent, so that all formats look alike.
"""

from PIL import Image

from core.images.icc_profiles import SRGB_CURVE
from core.images.recipes import DARK_GROUND

KEEPS_ALPHA = ("avif", "webp")
MIN_CONTRAST = 1.6  # between a pixel and its ground; with less it is hardly seen
SAMPLE_PX = 64
OPAQUE = 128
WEIGHTS = (0.2126, 0.7152, 0.0722)  # of red, green and blue in what an eye takes for brightness


def without_idle_alpha(picture: Image.Image) -> Image.Image:
    """The image as RGB, where its alpha channel is opaque everywhere."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema()[0] == 255:
        return picture.convert("RGB")
    return picture


def ground_for(picture: Image.Image, usual: str) -> str:
    """The colour to show an RGBA picture on: the usual one, or dark ink where more of it can be seen."""
    small = picture.copy()
    small.thumbnail((SAMPLE_PX, SAMPLE_PX))
    pixels = small.tobytes()
    seen = [pixels[at : at + 3] for at in range(0, len(pixels), 4) if pixels[at + 3] >= OPAQUE]
    brightness = [_brightness(pixel) for pixel in seen]
    return min((usual, DARK_GROUND), key=lambda ground: _vanishing(brightness, _brightness(bytes.fromhex(ground[1:]))))


def laid_on(ground: str, picture: Image.Image) -> Image.Image:
    """Composite the image onto the background."""
    if picture.mode != "RGBA":
        return picture
    whole = Image.new("RGB", picture.size, ground)
    whole.paste(picture, mask=picture.getchannel("A"))
    return whole


def _vanishing(brightness: list[float], ground: float) -> int:
    return sum((max(pixel, ground) + 0.05) / (min(pixel, ground) + 0.05) < MIN_CONTRAST for pixel in brightness)


def _brightness(pixel: bytes) -> float:
    """WCAG's relative luminance, 0.0 to 1.0."""
    return sum(weight * SRGB_CURVE.light(value / 255) for weight, value in zip(WEIGHTS, pixel, strict=True))
