"""
Unicode text normalisation, of what people type, paste and dictate, for a line, a mail's head or a page.

Nothing is refused for a sign that nobody can see: what is invisible is dropped, every kind of white space becomes an
ordinary one, letters are composed (NFC). Signs that this Python's Unicode does not know yet, such as new emoji, pass.
"""

import unicodedata

LINE_ENDS = "\n\x0b\x0c\x85\u2028\u2029"
ZWNJ, ZWJ = "\u200c", "\u200d"
KEYCAP, EMOJI_STYLE = "\u20e3", "\ufe0f"
BLACK_FLAG = "\U0001f3f4"  # England's, Scotland's and Wales's flags are this one, with invisible letters behind it
BLANK_PATTERN = "\u2800"  # a letter of Braille without a dot
FIRST_JOINING_SCRIPT = 0x0590  # no letter below has a form that a joiner changes
VIRAMA = 9  # the combining class of the sign that joins two consonants, where a joiner may also end a word

# What leaves no ink, from Unicode's Default_Ignorable_Code_Point, with what stands for an object or an error.
INVISIBLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xD800, 0xDFFF), (0xFDD0, 0xFDEF),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFC), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)  # fmt: skip
_INVISIBLE = frozenset(code for first, last in INVISIBLE for code in range(first, last + 1))
TAGS = range(0xE0020, 0xE0080)
IDEOGRAPHIC_SELECTORS = range(0xE0100, 0xE01F0)  # which of several forms of a letter a Japanese name is written with


def one_line(value: str) -> str:
    """Normalised text on one line: visible letters, single blanks between words, no margins."""
    return " ".join(_visible(value.translate(dict.fromkeys(map(ord, LINE_ENDS), " "))).split())


def paragraphs(value: str) -> str:
    """Normalised text with its lines: visible letters, lines ended by \\n, no margins."""
    value = value.replace("\r\n", "\n").replace("\r", "\n").translate(dict.fromkeys(map(ord, LINE_ENDS), "\n"))
    return "\n".join(line.rstrip() for line in _visible(value).split("\n")).strip()


def can_be_seen(value: str) -> bool:
    """Whether a text has a visible sign: a letter, a digit or a picture, and not marks and blanks alone."""
    return any(unicodedata.category(letter)[0] in "LNS" or _is_new(letter) for letter in one_line(value))


def something(value: str) -> str:
    """A validator of required text: one normalised line with a visible sign. Raises ValueError."""
    value = one_line(value)
    if not can_be_seen(value):
        raise ValueError("Please fill this in.")
    return value


def at_most(value: str, length: int) -> str:
    """A validator of length, in characters. Raises ValueError when it is longer."""
    if len(value) > length:
        raise ValueError(f"Please shorten this to {length} characters.")
    return value


def searchable(value: str) -> str:
    """Case-folded search text: one line in small letters, as Python makes them on every database."""
    return one_line(value).lower()


def _visible(value: str) -> str:
    """The text in NFC without invisible signs, every white space but a line's end as a blank."""
    visible: list[str] = []
    letters = unicodedata.normalize("NFC", value)
    for place, letter in enumerate(letters):
        if _is_blank(letter):
            visible.append(letter if letter == "\n" else " ")
        elif _leaves_ink(letter) or _changes_neighbours(letter, visible, letters[place + 1 : place + 2]):
            visible.append(letter)
    return unicodedata.normalize("NFC", "".join(visible))  # what stood between a letter and its accent is gone


def _is_blank(letter: str) -> bool:
    """White space of any kind. A private letter is a box on everybody else's screen."""
    return letter.isspace() or letter == BLANK_PATTERN or unicodedata.category(letter) == "Co"


def _leaves_ink(letter: str) -> bool:
    code = ord(letter)
    no_letter = unicodedata.category(letter) == "Cc" or code & 0xFFFE == 0xFFFE
    return not no_letter and code not in _INVISIBLE


def _changes_neighbours(letter: str, before: list[str], after: str) -> bool:
    """Whether this invisible sign is part of an emoji, or of a letter of a script that needs it."""
    if not before:
        return False
    if letter in (ZWJ, ZWNJ):
        return _joins(before[-1], after)
    if letter == EMOJI_STYLE:
        return _is_picture(before[-1]) or after == KEYCAP
    if ord(letter) in IDEOGRAPHIC_SELECTORS:
        return unicodedata.category(before[-1]) == "Lo"
    return ord(letter) in TAGS and (before[-1] == BLACK_FLAG or ord(before[-1]) in TAGS)


def _joins(before: str, after: str) -> bool:
    if unicodedata.combining(before) == VIRAMA:
        return True
    return all(
        side and ord(side) >= FIRST_JOINING_SCRIPT and (unicodedata.category(side)[0] in "LMS" or _is_new(side))
        for side in (before, after)
    )


def _is_picture(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "S" or _is_new(letter) or letter in "©®‼⁉〰〽㊗㊙"


def _is_new(letter: str) -> bool:
    """A letter or an emoji that this Python's Unicode does not know yet."""
    return unicodedata.category(letter) == "Cn"
