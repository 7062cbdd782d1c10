"""
The demo gym's photos, drawn when it is loaded: four coaches, a morning in the hall, three things from the shop.

Nothing here was photographed, and nothing is kept but this file. Points and lengths are hundredths of the picture's
width, from its upper left corner.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from PIL import Image, ImageChops, ImageDraw, ImageFilter

FINER = 2  # drawn at twice the size, so that edges are smooth
GRAIN = 5
Colour = tuple[int, int, int]
Point = tuple[float, float]

DUSK, CHALK, WOOD, RED, NAVY = (58, 74, 98), (244, 238, 228), (196, 152, 104), (180, 54, 31), (23, 50, 77)


@dataclass(frozen=True)
class Face:
    """What tells one coach from another. hair: its colour; style: "long", "short", "bun" or "curls"."""

    skin: Colour
    hair: Colour
    style: str
    shirt: Colour
    wall: Colour
    beard: bool = False


FACES = {
    "nora": Face((236, 190, 160), (196, 142, 82), "long", RED, (150, 176, 184)),
    "omar": Face((198, 146, 108), (38, 30, 28), "short", NAVY, (214, 186, 142), beard=True),
    "lena": Face((240, 204, 172), (34, 28, 32), "bun", (47, 127, 134), (206, 178, 176)),
    "max": Face((122, 82, 58), (28, 22, 20), "curls", (178, 122, 0), (138, 158, 128)),
}


class Sheet:
    """A picture that is being drawn, in hundredths of its width."""

    def __init__(self, width_px: int, height_px: int, top: Colour, bottom: Colour) -> None:
        self.size = (width_px, height_px)
        self.unit = width_px * FINER / 100
        shade = Image.linear_gradient("L").resize((width_px * FINER, height_px * FINER))
        below, above = (Image.new("RGB", shade.size, colour) for colour in (bottom, top))
        self.picture = Image.composite(below, above, shade)
        self.pen = ImageDraw.Draw(self.picture)

    def oval(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        self.pen.ellipse(self._scaled((x - wide, y - high), (x + wide, y + high)), colour)

    def box(self, x: float, y: float, wide: float, high: float, colour: Colour, round_by: float = 0) -> None:
        corners = self._scaled((x, y), (x + wide, y + high))
        self.pen.rounded_rectangle(corners, round_by * self.unit, colour)

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        self.pen.polygon(self._scaled(*points), colour)

    def limb(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A line with round joints and ends."""
        self.pen.line(self._scaled(*points), colour, round(width * self.unit), joint="curve")
        for x, y in points:
            self.oval(x, y, width / 2, width / 2, colour)

    def arc(
        self, x: float, y: float, wide: float, high: float, degrees: tuple[int, int], ink: tuple[Colour, float]
    ) -> None:
        corners = self._scaled((x - wide, y - high), (x + wide, y + high))
        self.pen.arc(corners, *degrees, ink[0], round(ink[1] * self.unit))

    def soften(self, radius: float) -> None:
        """All that was drawn so far lies out of focus."""
        small = self.picture.reduce(4).filter(ImageFilter.GaussianBlur(radius * self.unit / 4))
        self.picture = small.resize(self.picture.size, Image.Resampling.BILINEAR)
        self.pen = ImageDraw.Draw(self.picture)

    def finished(self) -> bytes:
        """The drawing as a JPEG, with light from the upper left and a little grain, as a phone would save it."""
        picture = self.picture.reduce(FINER)
        width, height = self.size
        darkness = Image.radial_gradient("L").resize((width * 2, height * 2))
        darkness = darkness.crop((width * 3 // 5, height * 3 // 5, width * 8 // 5, height * 8 // 5))
        dim = ImageChops.multiply(picture, Image.new("RGB", self.size, (196, 190, 196)))
        picture = Image.composite(dim, picture, darkness)
        grain = Image.effect_noise(self.size, GRAIN)
        picture = Image.merge("RGB", [ImageChops.add(band, grain, 1, -128) for band in picture.split()])
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=90)
        return file.getvalue()

    def _scaled(self, *points: Point) -> list[Point]:
        return [(x * self.unit, y * self.unit) for x, y in points]


def portrait(face: Face) -> bytes:
    """Head and shoulders, in front of a hall out of focus."""
    sheet = Sheet(800, 1000, _lighter(face.wall, 1.12), _lighter(face.wall, 0.72))
    for index, x in enumerate((6, 30, 70, 94)):
        sheet.oval(x, 18 + 9 * (index % 2), 9, 12, _lighter(face.wall, 1.3))
    sheet.box(-5, 92, 110, 40, WOOD)
    sheet.soften(3.2)
    _hair_behind(sheet, face)
    shade = _lighter(face.skin, 0.84)
    sheet.oval(50, 136, 40, 44, face.shirt)
    sheet.limb([(18, 124), (50, 108), (82, 124)], 22, face.shirt)
    sheet.limb([(50, 72), (50, 94)], 17, shade)
    sheet.oval(50, 97, 12, 6, shade)
    for x in (27, 73):
        sheet.oval(x, 56, 3.6, 5.5, shade)
    sheet.oval(50, 53, 23, 29, face.skin)
    _features(sheet, face)
    _hair_before(sheet, face)
    return sheet.finished()


def _features(sheet: Sheet, face: Face) -> None:
    dark, shade = _lighter(face.hair, 0.8), _lighter(face.skin, 0.8)
    if face.beard:
        sheet.pen.chord(sheet._scaled((28, 40), (72, 83)), 8, 172, face.hair)
        sheet.oval(50, 62, 17, 8, face.skin)
    for x in (41, 59):
        sheet.oval(x, 51, 3.4, 2.5, (250, 248, 244))
        sheet.oval(x, 51.2, 1.9, 2.2, (52, 38, 32))
        sheet.oval(x + 0.7, 50.5, 0.6, 0.6, (255, 255, 255))
        sheet.arc(x, 48.6, 5.2, 4.4, (205, 335), (dark, 1.1))
        sheet.oval(x + (x - 50) * 0.55, 61, 4, 2.6, _mixed(face.skin, (216, 110, 96), 0.28))
    sheet.arc(50, 56.5, 3.2, 3.6, (20, 160), (shade, 1.0))
    sheet.pen.chord(sheet._scaled((41, 58), (59, 74)), 12, 168, (140, 52, 50))
    sheet.pen.chord(sheet._scaled((42.5, 60.5), (57.5, 70)), 4, 176, (252, 250, 246))


def _hair_behind(sheet: Sheet, face: Face) -> None:
    if face.style == "long":
        sheet.oval(50, 50, 29, 31, face.hair)
        sheet.box(21, 50, 58, 50, face.hair, 14)
    elif face.style == "bun":
        sheet.oval(50, 16, 11, 10, face.hair)
        sheet.oval(50, 46, 25.5, 27, face.hair)
    elif face.style == "curls":
        for step in range(15):
            angle = pi + pi * step / 14
            sheet.oval(50 + 23 * cos(angle), 46 + 24 * sin(angle), 7.5, 7.5, face.hair)


def _hair_before(sheet: Sheet, face: Face) -> None:
    """A cap that leaves the forehead free."""
    if face.style == "curls":
        for step in range(9):
            sheet.oval(31 + 4.75 * step, 31 - 4.5 * sin(pi * step / 8), 5.4, 5.2, face.hair)
        return
    sheet.pen.chord(sheet._scaled((26, 21), (74, 67)), 186, 354, face.hair)
    if face.style == "long":
        sheet.shape([(50, 24), (24, 42), (27, 60), (33, 42)], face.hair)
        sheet.shape([(46, 24), (76, 40), (74, 62), (66, 42)], face.hair)
    if face.style == "short":
        sheet.box(26.5, 36, 4.5, 18, face.hair, 2)
        sheet.box(69, 36, 4.5, 18, face.hair, 2)


def morning_in_the_hall() -> bytes:
    """A handstand in front of tall windows, early; somebody watches."""
    sheet = Sheet(1600, 1120, (92, 84, 104), (52, 52, 66))
    for x in (6, 27, 48, 69, 90):
        sheet.box(x, 5, 14, 31, (255, 214, 158), 1)
        sheet.box(x + 6.7, 5, 0.8, 31, (120, 96, 92))
        sheet.box(x, 17, 14, 0.7, (120, 96, 92))
    sheet.oval(34.5, 24, 4.6, 4.6, (255, 246, 220))
    sheet.soften(0.55)
    sheet.shape([(0, 44), (100, 44), (100, 70), (0, 70)], (122, 82, 56))
    for x in (8, 29, 50, 71, 92):
        sheet.shape(
            [(x, 44), (x + 12, 44), (x + 2 + (x - 62) * 0.4, 70), (x - 16 + (x - 62) * 0.4, 70)], (176, 122, 80)
        )
    sheet.soften(0.35)
    sheet.shape([(14, 54), (86, 54), (96, 66), (4, 66)], (42, 74, 104))
    sheet.shape([(4, 66), (96, 66), (96, 68), (4, 68)], (28, 52, 78))
    _handstand(sheet, (26, 22, 30))
    _watching(sheet, (26, 22, 30))
    return sheet.finished()


def _handstand(sheet: Sheet, ink: Colour) -> None:
    sheet.limb([(46, 57), (47.2, 49), (48, 43)], 2.0, ink)
    sheet.limb([(51.5, 57.6), (50.4, 49.5), (49, 43)], 2.0, ink)
    sheet.oval(48.8, 48, 2.1, 2.5, ink)
    sheet.limb([(48.5, 42.5), (48.9, 35), (49.2, 31)], 4.6, ink)
    sheet.limb([(49.2, 30.5), (45.5, 23), (40.5, 17.5)], 2.9, ink)
    sheet.limb([(49.6, 30.5), (54.6, 23.4), (60.5, 19.6)], 2.9, ink)
    sheet.limb([(40.5, 17.5), (38.8, 16.6)], 1.5, ink)
    sheet.limb([(60.5, 19.6), (62.4, 19.2)], 1.5, ink)


def _watching(sheet: Sheet, ink: Colour) -> None:
    sheet.limb([(74, 58), (74.6, 50), (75.2, 43)], 2.7, ink)
    sheet.limb([(78.6, 58), (77.4, 50), (76, 43)], 2.7, ink)
    sheet.limb([(75.6, 42), (75.2, 35)], 5.4, ink)
    sheet.oval(74.8, 28.6, 2.3, 2.8, ink)
    sheet.limb([(74, 33.6), (70.4, 37.2), (74.6, 39.6)], 1.8, ink)
    sheet.limb([(77, 33.6), (79.6, 38), (75, 39)], 1.8, ink)


def shirt() -> bytes:
    sheet = _table((226, 214, 196))
    sleeves = [(34, 24), (12, 38), (20, 52), (31, 45)]
    sheet.shape(sleeves, _lighter(NAVY, 1.1))
    sheet.shape([(100 - x, y) for x, y in sleeves], _lighter(NAVY, 1.1))
    sheet.shape([(34, 24), (66, 24), (70, 40), (69, 82), (31, 82), (30, 40)], NAVY)
    sheet.oval(50, 24, 9, 5.5, _lighter(NAVY, 0.7))
    sheet.shape([(47, 42), (56, 42), (52, 62), (43, 62)], RED)
    return sheet.finished()


def bottle() -> bytes:
    sheet = _table((186, 204, 202))
    sheet.box(44, 12, 12, 12, (70, 78, 84), 3)
    sheet.box(38, 22, 24, 62, (208, 216, 216), 9)
    sheet.box(38, 40, 24, 26, RED)
    sheet.box(41, 26, 3, 54, (240, 244, 244), 1.5)
    sheet.shape([(49, 45), (54, 45), (51, 61), (46, 61)], CHALK)
    return sheet.finished()


def chalk() -> bytes:
    sheet = _table(DUSK)
    sheet.oval(50, 78, 34, 6, _lighter(DUSK, 1.35))
    sheet.soften(0.8)
    for x, y, tone in ((26, 52, 0.94), (52, 50, 0.98), (38, 34, 1.0)):
        sheet.shape([(x, y), (x + 22, y - 4), (x + 28, y + 3), (x + 6, y + 8)], _lighter(CHALK, tone * 1.05))
        sheet.shape([(x, y), (x + 6, y + 8), (x + 6, y + 25), (x, y + 17)], _lighter(CHALK, tone * 0.78))
        sheet.shape([(x + 6, y + 8), (x + 28, y + 3), (x + 28, y + 20), (x + 6, y + 25)], _lighter(CHALK, tone * 0.92))
    return sheet.finished()


def _table(ground: Colour) -> Sheet:
    """A thing's shadow on a plain ground."""
    sheet = Sheet(800, 800, _lighter(ground, 1.08), _lighter(ground, 0.86))
    sheet.oval(52, 84, 30, 7, _lighter(ground, 0.6))
    sheet.soften(3)
    return sheet


def _lighter(colour: Colour, by: float) -> Colour:
    red, green, blue = (min(255, round(part * by)) for part in colour)
    return red, green, blue


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
