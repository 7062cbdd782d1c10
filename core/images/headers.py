"""
Parser of image headers (JPEG, PNG, GIF, WebP, AVIF, HEIC), written by hand, before any decoder sees the bytes.

Only what a limit needs is read: the format by its first bytes, width and height, how many frames and scans, how large
its colour profile is, how much memory its pixels will want.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

AVIF_BRANDS = (b"avif", b"avis")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
EOI, SOS = 0xD9, 0xDA
MAX_JUNK_BYTES = 1024  # between a JPEG's beginning and its first segment: some cameras leave a few bytes there
MARKER = re.compile(
    rb"\xff[^\x00\xff\xd0-\xd7]"
)  # in a scan: FF 00 is a byte of it, FF FF is filling, D0 to D7 restart it
BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}
NO_FRAME = {0xC4, 0xC8, 0xCC}  # tables among the numbers of frames


class Unreadable(Exception):
    """Known magic bytes, but an invalid or truncated header."""


@dataclass(frozen=True)
class Header:
    """Header of an image file. scans: of a JPEG; progressive: its whole coefficients are held at once."""

    format: str
    width_px: int
    height_px: int
    frames: int = 1
    scans: int = 0
    profile_bytes: int = 0
    progressive: bool = False

    @property
    def pixels(self) -> int:
        return self.width_px * self.height_px


def format_of(data: bytes) -> str | None:
    """Format by magic bytes: jpeg, png, gif, webp, avif, heic; None for anything else."""
    if data.startswith(b"\xff\xd8") and data.find(b"\xff", 2, 2 + MAX_JUNK_BYTES) > 0:
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return _brand_of(data) if data[4:8] == b"ftyp" else None


def read_header(data: bytes) -> Header | None:
    """
    Parse the header of a whole file; None when its format is none that we accept.

    Raises:
        Unreadable: it is broken or cut off before the end of its header.
    """
    form = format_of(data)
    if form is None:
        return None
    try:
        header = READERS[form](data)
    except (struct.error, IndexError) as error:
        raise Unreadable from error
    if header.width_px < 1 or header.height_px < 1:
        raise Unreadable
    return header


def _jpeg(data: bytes) -> Header:
    """Up to the end of the first picture: what lies behind it (a film, a second picture) is not decoded, and not counted."""
    size, progressive, profile, scans = None, False, 0, 0
    for marker, at, length in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in NO_FRAME and size is None:
            height, width = struct.unpack_from(">HH", data, at + 1)
            size, progressive = (width, height), marker in (0xC2, 0xC6, 0xCA, 0xCE)
        elif marker == 0xE2 and data[at : at + 12] == b"ICC_PROFILE\x00":
            profile += length - 14
        elif marker == SOS:
            scans += 1
    if size is None:
        raise Unreadable
    return Header("jpeg", *size, scans=scans, profile_bytes=profile, progressive=progressive)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """
    Marker, where its content begins, and how long it is, up to the end of the picture or of the file.

    As libjpeg does, whatever is no marker between two segments is passed over; so are the pixels of a scan.
    """
    at, in_scan = 2, False
    while (at := _next_marker(data, at, in_scan=in_scan)) >= 0:
        marker, at = data[at], at + 1
        if marker == EOI:
            return
        if marker in BARE_MARKERS:
            continue
        if in_scan and at + 2 > len(data):
            return  # cut off in the middle of a marker: whether enough pixels are there, the decoder says
        (length,) = struct.unpack_from(">H", data, at)
        if length < 2:
            raise Unreadable
        yield marker, at + 2, length
        in_scan = marker == SOS or in_scan
        at += length


def _next_marker(data: bytes, at: int, *, in_scan: bool) -> int:
    """Where the next marker's number stands; -1 at the end of the file."""
    if in_scan:
        found = MARKER.search(data, at)
        return found.end() - 1 if found else -1
    at = data.find(b"\xff", at)
    while 0 <= at < len(data) and data[at] == 0xFF:
        at += 1
    return at if at < len(data) else -1


def _png(data: bytes) -> Header:
    frames, profile, size = 1, 0, (0, 0)
    for name, content in png_chunks(data):
        if name == b"IHDR":
            size = struct.unpack_from(">II", content)
        elif name == b"acTL":
            (frames,) = struct.unpack_from(">I", content)
        elif name == b"iCCP":
            profile = len(content)
        elif name == b"IDAT":
            return Header("png", *size, frames=frames, profile_bytes=profile)
    raise Unreadable  # a decoder would show a black picture


def png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Chunks of a PNG up to the first IDAT included: (name, content)."""
    at, whole = 8, memoryview(data)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, whole[at + 8 : at + 8 + length]
        if name == b"IDAT":
            return
        at += length + 12


def _gif(data: bytes) -> Header:
    """Its canvas, or the first frame where that is larger: the later frames are not decoded."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at, frames = 13 + _colour_table(flags), 0
    while at < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C:
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, at + 1)
            if frames == 0:
                width, height = max(width, left + wide), max(height, top + high)
            frames += 1
            at = _after_blocks(data, at + 11 + _colour_table(flags))
        elif data[at] == 0x21:
            at = _after_blocks(data, at + 2)
        else:
            break
    return Header("gif", width, height, frames=frames)


def _colour_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _webp(data: bytes) -> Header:
    size, frames, profile = None, 0, 0
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"VP8X":
            size = (_uint24(data, at + 12) + 1, _uint24(data, at + 15) + 1)
        elif name == b"ICCP":
            profile = length
        elif name == b"ANMF":
            frames += 1
        elif name == b"VP8 " and size is None:
            width, height = struct.unpack_from("<HH", data, at + 14)
            size = (width & 0x3FFF, height & 0x3FFF)
        elif name == b"VP8L" and size is None:
            (bits,) = struct.unpack_from("<I", data, at + 9)
            size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        at += 8 + length + (length & 1)
    if size is None:
        raise Unreadable
    return Header("webp", *size, frames=max(1, frames), profile_bytes=profile)


def _uint24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def _avif(data: bytes) -> Header:
    return _boxed(data, "avif")


def _heic(data: bytes) -> Header:
    return _boxed(data, "heic")


def _boxed(data: bytes, form: str) -> Header:
    """The largest of all sizes that are declared, whichever item or track each belongs to."""
    sizes: list[tuple[int, int]] = []
    profile = 0
    for name, at, end in boxes(data):
        if name == b"ispe":
            sizes.append(struct.unpack_from(">II", data, at + 4))
        elif name == b"tkhd":
            width, height = struct.unpack_from(">II", data, end - 8)
            sizes.append((width >> 16, height >> 16))
        elif name == b"colr" and data[at : at + 4] in (b"prof", b"rICC"):
            profile = max(profile, end - at - 4)
    if not sizes:
        raise Unreadable
    frames = 2 if data[8:12] in (b"avis", b"msf1", b"hevc", b"hevx") else 1
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return Header(form, width, height, frames=frames, profile_bytes=profile)


CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0}
MAX_BOXES = 10_000


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """
    Boxes of an ISO base media file, containers flattened: (name, start and end of the content).

    Raises:
        Unreadable: a box ends before it begins, or there is no end of them.
    """
    todo, seen = [(0, len(data))], 0
    while todo:
        at, end = todo.pop()
        while at + 8 <= end:
            seen += 1
            if seen > MAX_BOXES:
                raise Unreadable
            length, name = struct.unpack_from(">I4s", data, at)
            head = 8
            if length == 1:
                (length,) = struct.unpack_from(">Q", data, at + 8)
                head = 16
            length = length or end - at
            if length < head:
                raise Unreadable
            stop = min(at + length, end)
            yield name, at + head, stop
            if name in CONTAINERS:
                todo.append((at + head + CONTAINERS[name], stop))
            at = stop


def _brand_of(data: bytes) -> str | None:
    """The brands that a file of boxes says it keeps to: AVIF before HEIC, for both may name mif1."""
    length = min(struct.unpack_from(">I", data)[0], 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
    if brands.intersection(AVIF_BRANDS):
        return "avif"
    return "heic" if brands.intersection(HEIC_BRANDS) else None


READERS: dict[str, Callable[[bytes], Header]] = {
    "jpeg": _jpeg,
    "png": _png,
    "gif": _gif,
    "webp": _webp,
    "avif": _avif,
    "heic": _heic,
}
