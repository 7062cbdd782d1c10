"""What people type, paste and dictate is cleaned: what cannot be seen goes, white space is white space, the rest stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.platform.text_cleaning import at_most, can_be_seen, one_line, paragraphs, searchable, something

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
INVISIBLE = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\u061c\u2060\ufeff\ufffc\u00ad\u034f\u3164\ufe0d\ufe0e\x00\x1b\x7f\U000e0001\ufff9\ufffe"
BLANKS = "\t\u00a0\u2003\u202f\u3000\u1680\u2800\uf8ff\U000f0000"


@pytest.mark.parametrize("sign", INVISIBLE, ids=lambda sign: f"U+{ord(sign):04X}")
def test_what_cannot_be_seen_is_dropped(sign: str) -> None:
    assert one_line(f"{sign}Mi{sign}a{sign}") == "Mia"
    assert paragraphs(f"{sign}one\n{sign}two{sign}") == "one\ntwo"
    assert not can_be_seen(sign * 3)


@pytest.mark.parametrize("sign", BLANKS, ids=lambda sign: f"U+{ord(sign):04X}")
def test_white_space_of_any_kind_is_a_blank(sign: str) -> None:
    assert one_line(f"{sign}Mia{sign}{sign}Rivera{sign}") == "Mia Rivera"
    assert paragraphs(f"Mon{sign}Tue\nWed") == "Mon Tue\nWed"
    assert not can_be_seen(sign)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_line_ends_in_any_way(end: str) -> None:
    assert paragraphs(f"one{end}two") == "one\ntwo"
    assert one_line(f"one{end}two") == "one two"


@pytest.mark.parametrize(
    "kept",
    [
        "Mia \U0001fa77", "Mia \U0001fae9", "\U0001fadf", "\U0001f9d1\u200d\U0001f9b0", "\u2764\ufe0f", "1\ufe0f\u20e3",
        ENGLAND, "\U0001f1fa\U0001f1f8", "\U0001f44d\U0001f3fd", "\U0001fa77\u200d\U0001fae9",
        "می\u200cخواهم", "क्\u200dष", "ക്\u200d", "葛\U000e0100城", "\U0002ebf0", "李\U00031350", "נֹעָה", "Zoë O’Neil", "A", "王", "ﷺ",
    ],
)  # fmt: skip
def test_what_letters_and_emoji_are_made_of_is_kept(kept: str) -> None:
    kept = unicodedata.normalize("NFC", kept)
    assert one_line(kept) == paragraphs(kept) == kept
    assert can_be_seen(kept)


@pytest.mark.parametrize("name", ["", " ", "\ufffc", "\u0301", "\u200d\u200c", "\U000e0041", ".", "-", "…", "‘’"])
def test_a_name_needs_something_to_read(name: str) -> None:
    assert not can_be_seen(name)
    with pytest.raises(ValueError, match="fill this in"):
        something(name)


def test_an_accent_meets_its_letter_again() -> None:
    assert one_line("Jose\u200b\u0301") == "José"


def test_a_joiner_that_joins_nothing_is_dropped() -> None:
    assert one_line("A\u200dy\u200c \u200d\u200d!") == "Ay !"
    assert one_line("\U0001f469\u200d") == "\U0001f469"
    assert one_line("5\ufe0f lessons") == "5 lessons"


def test_a_search_is_in_small_letters_on_every_database() -> None:
    assert searchable(" ÉMILIE\u200b\x00 ") == "émilie"


def test_what_is_too_long_is_counted_after_cleaning() -> None:
    assert at_most(one_line("\u200b" * 500 + "Mia"), 3) == "Mia"


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_cleaning_twice_changes_nothing_and_leaves_one_line(value: str) -> None:
    for clean in (one_line, paragraphs):
        once = clean(value)
        assert clean(once) == once
        once.encode()  # half a letter could not be
        assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Co") for letter in once if letter != "\n")
    assert "\n" not in one_line(value)
