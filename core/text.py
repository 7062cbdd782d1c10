"""What people type, made fit to be shown in a line, a mail's head or a page."""

import unicodedata

NOT_ON_ONE_LINE = ("Cc", "Cs", "Zl", "Zp", "Co", "Cn")
TURNS_THE_LINE_ROUND = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def one_line(value: str) -> str:
    """Without margins, in composed letters. Raises ValueError for what breaks or turns the line."""
    value = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(letter) in NOT_ON_ONE_LINE or letter in TURNS_THE_LINE_ROUND for letter in value):
        raise ValueError("Please write this on one line, without special characters.")
    return value


def paragraphs(value: str) -> str:
    """Without margins, lines ended by \\n. Raises ValueError for control characters."""
    value = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").strip()
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") and letter != "\n" for letter in value):
        raise ValueError("Please leave out special characters.")
    return value


def can_be_seen(value: str) -> bool:
    """Whether there is a letter in it that leaves ink."""
    return not all(unicodedata.category(letter) in ("Cf", "Mn", "Zs") for letter in value)


def at_most(value: str, length: int) -> str:
    """Raises ValueError when it is longer."""
    if len(value) > length:
        raise ValueError(f"Please shorten this to {length} characters.")
    return value
