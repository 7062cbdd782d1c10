"""
Validation of uploads: size limit while the bytes come, header check before any decoder opens them.

What is refused here leaves nothing behind, and would be refused again: the sentence says what to do instead.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import PictureRejected, PictureTooLarge, PictureUnknown
from core.images.headers import Header, Unreadable, read_header

MAX_BYTES = 64 << 20  # a phone's 200 million pixels
MAX_PIXELS = {
    "jpeg": 220_000_000,
    "heic": 80_000_000,
    "avif": 80_000_000,
}  # the largest that phones and their panoramas make
MAX_PIXELS_PROGRESSIVE = 80_000_000  # of a JPEG whose coefficients are all held at once
MAX_PIXELS_OTHERWISE = 40_000_000
MAX_SIDE_PX = 30_000
MAX_SCANS = 100
MAX_FRAMES = 500
MAX_PROFILE_BYTES = 4 << 20

ACCEPTED = "JPEG, HEIC, PNG, WebP, AVIF and GIF"
TOO_LARGE = f"This file is larger than {MAX_BYTES >> 20} MB. Please send a smaller version of it."


@dataclass(frozen=True)
class Upload:
    """A validated file. hash: SHA-256 of its bytes; name: the sender's, for people to read only."""

    data: bytes
    name: str
    hash: str
    header: Header


def read(parts: Iterable[bytes], *, name: str) -> Upload:
    """
    A file that comes in parts, counted while it comes, and checked.

    Raises:
        PictureTooLarge, PictureUnknown, PictureRejected: with a sentence for who sent it.
    """
    whole = bytearray()
    for part in parts:
        whole += part
        if len(whole) > MAX_BYTES:
            raise PictureTooLarge(TOO_LARGE)
    return checked(bytes(whole), name=name)


def checked(data: bytes, *, name: str) -> Upload:
    """What the header says is within all limits. Nothing has been decoded, and the name and type it came with do not count."""
    if not data:
        raise PictureRejected("This file is empty. Please choose the photo again.")
    try:
        header = read_header(data)
    except Unreadable:
        raise PictureRejected("The file is incomplete or damaged. Please send it again.") from None
    if header is None:
        raise PictureUnknown(f"This is no picture that we can read. {ACCEPTED} are welcome.")
    _check(header)
    return Upload(data, _shown(name), hashlib.sha256(data).hexdigest(), header)


def _check(header: Header) -> None:
    size = f"This picture has {header.width_px:,} × {header.height_px:,} pixels"
    if max(header.width_px, header.height_px) > MAX_SIDE_PX:
        raise PictureRejected(
            f"{size}; we take up to {MAX_SIDE_PX:,} on a side. Please send a smaller version of it, or a part."
        )
    if header.pixels > (most := _max_pixels(header)):
        raise PictureRejected(
            f"{size}; we take up to {most // 1_000_000} million. Please send a smaller version of it."
        )
    if header.scans > MAX_SCANS:
        raise PictureRejected("This JPEG is built in far too many steps. Please save it once more and send that.")
    if header.frames > MAX_FRAMES:
        raise PictureRejected(f"This file has more than {MAX_FRAMES} frames. Please send a single picture.")
    if header.profile_bytes > MAX_PROFILE_BYTES:
        raise PictureRejected("The colour profile in this file is far too large. Please save it once more as sRGB.")


def _max_pixels(header: Header) -> int:
    if header.progressive:
        return MAX_PIXELS_PROGRESSIVE
    return MAX_PIXELS.get(header.format, MAX_PIXELS_OTHERWISE)


def _shown(name: str) -> str:
    """The last part of a name, as one short line."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:120].strip() or "photo"
