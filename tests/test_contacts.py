"""Addresses and phone numbers as people write them: tidied where it is plain what is meant, else asked for, never guessed."""

import re

import pytest

from core.platform.contacts import dialled, email_address, email_key, phone_number


@pytest.mark.parametrize(
    "written",
    [
        "sam@example.org", " sam@example.org ", "sam@example.org\ufffc", "sam@example.org.", "sam@example.org,", "<sam@example.org>",
        "Sam <sam@example.org>", '"Rivera, Sam" <sam@example.org>', "mailto:sam@example.org", "MAILTO:sam@example.org?subject=Hi",
        "<mailto:sam@example.org>", "(sam@example.org)", "'sam@example.org'", "“sam@example.org”", "\u2068sam@example.org\u2069",
        "sam @ example.org", "sam@exam\u00adple.org", "ｓａｍ＠ｅｘａｍｐｌｅ．ｏｒｇ", "sam@EXAMPLE.org", "\ufeffsam@example.org\t", "sam@example.org;",
        "sam@example.org\n",
    ],
)  # fmt: skip
def test_what_is_around_an_address_is_taken_away(written: str) -> None:
    assert email_address(written) == "sam@example.org"


def test_a_phones_apostrophe_is_a_plain_one_in_an_address() -> None:
    assert email_address("o’brien@example.org") == "o'brien@example.org"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "Please fill this in."),
        ("\u200b", "Please fill this in."),
        ("nobody", "Please write an e-mail address such as sam@example.org."),
        ("sam@", "Please write an e-mail address such as sam@example.org."),
        ("@example.org", "Please write an e-mail address such as sam@example.org."),
        ("sam@example..org", "Please write an e-mail address such as sam@example.org."),
        ("a@b@example.org", "There is “@” after “a@b”."),
        ("sam@[127.0.0.1]", "There is “[” after “sam@”."),
        ("sam rivera@example.org", "There is a blank after “sam”."),
        ("sam@example.org,ida@example.org", "There is “,” after “sam@example.org”."),
        ("sam@example.org ida@example.org", "There is a blank after “sam@example.org”."),
        ("sam@example.org\nBcc: all@example.org", "There is a blank after “sam@example.org”."),
        ("Ann <a@example.org>, Bob <b@example.org>", "There is a blank after “Ann”."),
        ("s" * 10_000 + "@example.org", "of at most 254 characters"),
    ],
)
def test_what_is_not_one_address_is_refused_with_the_sign_and_its_place(written: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        email_address(written)


def test_addresses_are_compared_without_case_as_python_does_it() -> None:
    assert email_key("ÉMILIE@Example.org") == "émilie@example.org"


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("\u202d(415) 555-0134\u202c", "US", "+1 415-555-0134"),
        ("\u2068+1 (415) 555\u20110134\u2069", "US", "+1 415-555-0134"),
        ("+1\ufe0d-415-555-0134", "US", "+1 415-555-0134"),
        ("tel:+1-415-555-0134", "GB", "+1 415-555-0134"),
        ("(415) 555-0134 ext. 12", "US", "+1 415-555-0134 ext. 12"),
        ("415.555.0134 x12", "US", "+1 415-555-0134 ext. 12"),
        ("020 7946 0958", "GB", "+44 20 7946 0958"),
        ("06 12 34 56 78", "FR", "+33 6 12 34 56 78"),
        ("030 901820", "DE", "+49 30 901820"),
        ("06 6982", "IT", "+39 06 6982"),
        ("+44 (0)20 7946 0958", "US", "+44 20 7946 0958"),
        ("0044 20 7946 0958", "US", "+44 20 7946 0958"),
        ("0044 (0)20 7946 0958", "DE", "+44 20 7946 0958"),
        ("011 44 20 7946 0958", "US", "+44 20 7946 0958"),
        ("011 44 20 7946 0958", "FR", "+44 20 7946 0958"),
        ("00 1 415 555 0134", "GB", "+1 415-555-0134"),
        ("٠٢٠ ٧٩٤٦ ٠٩٥٨", "GB", "+44 20 7946 0958"),
        ("＋４４ ２０ ７９４６ ０９５８", "US", "+44 20 7946 0958"),
        ("", "US", None),
        ("\u200b", "US", None),
        (None, "US", None),
    ],
)
def test_a_number_is_read_as_it_is_written_in_the_gyms_country(
    written: str | None, country: str, kept: str | None
) -> None:
    assert phone_number(written, country) == kept


@pytest.mark.parametrize(
    ("written", "country", "sentence"),
    [
        ("06 12 34 56 78", "US", "begin with + and its prefix"),
        ("020 7946 0958", "US", "begin with + and its prefix"),
        ("415 555 0134", "GB", "begin with + and its prefix"),
        ("555-0134", "US", "begin with + and its prefix"),
        ("12", "US", "begin with + and its prefix"),
        ("1" * 61, "US", "begin with + and its prefix"),
        ("+1 0612345678", "US", "no such phone number"),
        ("+44 20 7946 09", "US", "no such phone number"),
        ("00612345678", "US", "no such phone number"),
        ("(415) 555-0134 or so, mornings", "US", "There is “o” after “(415) 555-0134 ”."),
        ("415 555 0134 or 415 555 0135", "US", "There is “o” after “415 555 0134 ”."),
        ("call me", "US", "Please write a phone number such as"),
    ],
)
def test_a_number_that_does_not_fit_is_refused_and_never_made_into_another(
    written: str, country: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        phone_number(written, country)


def test_an_extension_is_dialled_apart() -> None:
    assert dialled("+1 415-555-0134 ext. 12") == "+14155550134;ext=12"
    assert dialled("(415) 555-0100") == "4155550100"
