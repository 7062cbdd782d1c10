"""Photos, made for the tests: what phones, cameras, scanners and mischief send."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 200, 60)
CANARY = b"canary-of-a-family"
GPS = {1: "N", 2: (37.0, 46.0, 30.0), 3: "W", 4: (122.0, 25.0, 9.0)}
ORIENTATION = 0x0112
UNTURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters(width: int = 640, height: int = 480) -> Image.Image:
    """Upright it is red, green above and blue, yellow below."""
    picture = Image.new("RGB", (width, height))
    for index, colour in enumerate((RED, GREEN, BLUE, YELLOW)):
        left, top = (index % 2) * (width // 2), (index // 2) * (height // 2)
        picture.paste(colour, (left, top, left + width // 2, top + height // 2))
    return picture


def detailed(width: int, height: int, seed: int = 1) -> Image.Image:
    """Soft shapes with grain, as a photo has them."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (max(2, height // 60), max(2, width // 60), 3), dtype="uint8"))
    soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype="int16")
    grain = random.normal(0, 6, (height, width, 1)).astype("int16")
    return Image.fromarray(np.clip(soft + grain, 0, 255).astype("uint8"))


def saved(picture: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def jpeg(width: int = 640, height: int = 480, **options: Any) -> bytes:
    return saved(quarters(width, height), "JPEG", **{"quality": 92, **options})


def stripes(width: int, height: int) -> Image.Image:
    """Fine ones of every slope, such as a mesh shirt has: what careless resizing blurs or makes wider."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    waves = np.sin(across * 0.9 + (down / 90) ** 1.5) + np.sin(across * 0.55 - down * 0.4)
    return Image.fromarray(np.repeat((128 + 45 * waves)[..., None], 3, axis=2).astype("uint8"))


def turned(orientation: int, form: str = "JPEG") -> bytes:
    """As a phone writes it that was held so: the pixels lie, and a tag says how they lie."""
    picture = quarters()
    if orientation in UNTURN:
        picture = picture.transpose(UNTURN[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return saved(picture, form, exif=exif, quality=92)


def png_head(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """The beginning of a PNG that says this, and has a byte of pixels."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def sixteen_bits() -> bytes:
    """`quarters` as a PNG of sixteen bits a colour, which Pillow itself cannot write."""
    samples = np.asarray(quarters(64, 64)).astype(">u2") * 257
    rows = b"".join(b"\x00" + row.tobytes() for row in samples)
    return png_head(64, 64, depth=16) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
