"""
Builder of ICC profiles: of an RGB space by its primaries and transfer curve, and of a printing press.

For files that say their colours by other means than a profile; littleCMS then brings both the same way to sRGB.
Source: ICC.1:2022, sections 8 to 10; the lut16 of version 2, whose Lab is counted in 256ths (section 10.10).
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Matrix = tuple[tuple[float, float, float], ...]
Vector = tuple[float, float, float]
Point = tuple[float, float]

D50: Vector = (0.9642, 1.0, 0.8249)  # the white of every profile's exchange space
BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
LAB_KNEE, LAB_SLOPE, LAB_OFFSET = (6 / 29) ** 3, (29 / 6) ** 2 / 3, 4 / 29
MIN_Y = 1e-6


@dataclass(frozen=True)
class Space:
    """Chromaticities (x, y) of red, green, blue and white."""

    red: Point
    green: Point
    blue: Point
    white: Point = (0.3127, 0.3290)

    def to_xyz(self) -> Matrix:
        """
        Matrix from linear RGB to XYZ, adapted to D50; columns red, green, blue.

        Raises:
            ValueError: the points span no colours.
        """
        white = _xyz(self.white)
        primaries = _columns([_xyz(self.red), _xyz(self.green), _xyz(self.blue)])
        shares = apply(inverse(primaries), white)
        return product(_adaptation(white), product(primaries, _diagonal(shares)))


@dataclass(frozen=True)
class Curve:
    """Transfer curve from code (0 to 1) to light (0 to 1): (a·x + b)^gamma above `knee`, slope·x below it."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    slope: float = 0.0
    knee: float = 0.0

    def light(self, code: float) -> float:
        return (self.a * code + self.b) ** self.gamma if code >= self.knee else self.slope * code


SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
SRGB = Space((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))


def rgb_profile(space: Space, curve: Curve) -> bytes:
    """ICC profile of an RGB space. Raises ValueError for a space that spans no colours."""
    matrix = space.to_xyz()
    shape = struct.pack(">4sIHH", b"para", 0, 3, 0)
    shape += b"".join(map(_fixed, (curve.gamma, curve.a, curve.b, curve.slope, curve.knee)))
    tags = [
        (name, _xyz_tag(column)) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), _columns(matrix), strict=True)
    ]
    return _profile(0x04200000, b"mntr", b"RGB ", b"XYZ ", [*tags, *((n, shape) for n in (b"rTRC", b"gTRC", b"bTRC"))])


def press_profile(colour_of: Callable[[Sequence[float]], Vector], *, grid: int) -> bytes:
    """
    ICC profile of a press with four inks, from the color of each mixture.

    Args:
        colour_of: four amounts of ink (0 to 1) to sRGB (0 to 1).
        grid: how many amounts of each ink are asked about; what lies between them is interpolated.
    """
    steps = [step / (grid - 1) for step in range(grid)]
    lattice = ((c, m, y, k) for c in steps for m in steps for y in steps for k in steps)
    table = b"".join(_lab16(colour_of(inks)) for inks in lattice)
    identity = struct.pack(">9i", *(65536 if row == column else 0 for row in range(3) for column in range(3)))
    straight = struct.pack(">2H", 0, 65535)
    lut = struct.pack(">4sIBBBB", b"mft2", 0, 4, 3, grid, 0) + identity + struct.pack(">2H", 2, 2)
    return _profile(0x02400000, b"prtr", b"CMYK", b"Lab ", [(b"A2B0", lut + straight * 4 + table + straight * 3)])


def inverse(matrix: Matrix) -> Matrix:
    """Inverse of a 3 × 3 matrix. Raises ValueError when there is none."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if abs(determinant) < 1e-9:
        raise ValueError("this matrix has no inverse")
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return tuple((x / determinant, y / determinant, z / determinant) for x, y, z in rows)


def product(left: Matrix, right: Matrix) -> Matrix:
    return _columns([apply(left, column) for column in _columns(right)])


def apply(matrix: Matrix, vector: Vector) -> Vector:
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def _columns(columns: Sequence[Vector]) -> Matrix:
    return tuple(zip(*columns, strict=True))


def _xyz(point: Point) -> Vector:
    x, y = point
    if y < MIN_Y:
        raise ValueError("no colour lies there")
    return x / y, 1.0, (1 - x - y) / y


def _adaptation(white: Vector) -> Matrix:
    """What looks white under this light looks white under D50 (Bradford)."""
    ours, theirs = apply(BRADFORD, D50), apply(BRADFORD, white)
    scaling = _diagonal((ours[0] / theirs[0], ours[1] / theirs[1], ours[2] / theirs[2]))
    return product(inverse(BRADFORD), product(scaling, BRADFORD))


def _diagonal(values: Vector) -> Matrix:
    return (values[0], 0.0, 0.0), (0.0, values[1], 0.0), (0.0, 0.0, values[2])


SRGB_TO_XYZ = SRGB.to_xyz()


def _lab16(colour: Vector) -> bytes:
    xyz = apply(SRGB_TO_XYZ, tuple(SRGB_CURVE.light(value) for value in colour))  # type: ignore[arg-type]
    fx, fy, fz = (_lab_curve(value / white) for value, white in zip(xyz, D50, strict=True))
    lab = 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
    return struct.pack(
        ">3H",
        round(min(max(lab[0], 0), 100) * 652.8),
        *(round((min(max(value, -128), 127) + 128) * 256) for value in lab[1:]),
    )


def _lab_curve(value: float) -> float:
    return float(value ** (1 / 3)) if value > LAB_KNEE else LAB_SLOPE * value + LAB_OFFSET


def _xyz_tag(vector: Sequence[float]) -> bytes:
    return struct.pack(">4sI", b"XYZ ", 0) + b"".join(map(_fixed, vector))


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _profile(version: int, kind: bytes, colours: bytes, exchange: bytes, tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The header of 128 bytes, the table of tags, the tags; each at a multiple of four."""
    tags = [(b"wtpt", _xyz_tag(D50)), *tags]
    at = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = at + len(body)
    head = struct.pack(">I4xI4s4s4s12x4s4x4x4x4x8xI", size, version, kind, colours, exchange, b"acsp", 0)
    return head + b"".join(map(_fixed, D50)) + bytes(128 - len(head) - 12) + table + body
