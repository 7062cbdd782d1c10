"""
Default ICC profile of CMYK images without one: coated paper by SWOP, as most of them are meant for.

Sixteen mixtures of full inks are known by measurement; what lies between them is mixed from these by how much paper each
covers (Neugebauer's equations, in sRGB's steps, which lie near to what dots that spread give). Colours come out within
some twenty steps of what the printers' own profile gives, where plain arithmetic (one minus ink) is seventy off.
"""

from collections.abc import Sequence
from functools import cache

from core.images.icc_profiles import Vector, press_profile

GRID = 7  # the model bends little between two of seven steps
# What the eye sees of full inks on coated paper, as sRGB; which of cyan, magenta and yellow are printed.
INKS: dict[tuple[int, int, int], tuple[int, int, int]] = {
    (0, 0, 0): (255, 255, 255),
    (1, 0, 0): (0, 174, 239),
    (0, 1, 0): (236, 0, 140),
    (0, 0, 1): (255, 242, 0),
    (1, 1, 0): (46, 48, 146),
    (0, 1, 1): (237, 28, 36),
    (1, 0, 1): (0, 166, 80),
    (1, 1, 1): (54, 54, 57),
}
BLACK = (35, 31, 32)


@cache
def standard_press() -> bytes:
    """An ICC profile, about 15 kB; built once a process in some tens of milliseconds."""
    return press_profile(printed, grid=GRID)


def printed(inks: Sequence[float]) -> Vector:
    """What four amounts of ink (0 to 1) look like: sRGB, 0 to 1."""
    *colours, black = inks
    seen = [0.0, 0.0, 0.0]
    for which, corner in INKS.items():
        covered = 1.0
        for amount, is_printed in zip(colours, which, strict=True):
            covered *= amount if is_printed else 1 - amount
        for channel in range(3):
            under_black = BLACK[channel] * corner[channel] / 255
            seen[channel] += covered * ((1 - black) * corner[channel] + black * under_black) / 255
    return seen[0], seen[1], seen[2]
