"""Parse and normalise e-mail addresses and phone numbers: tidied where it is plain what is meant, never guessed."""

import re

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumber, PhoneNumberFormat

from core.platform.countries import DEFAULT_COUNTRY
from core.platform.text_cleaning import one_line

MAX_EMAIL_LENGTH, MAX_PHONE_LENGTH = 254, 60  # RFC 5321's; a number with its words around it
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # as Japanese keyboards write @ and full stops
APOSTROPHES = {0x2018: 0x27, 0x2019: 0x27}  # phones turn the one in o'brien@ round
# What people and mail programs put around an address, and what no address has in it.
IN_ANGLES = re.compile(r"<\s*([^<>]*@[^<>]*?)\s*>")
AROUND_ADDRESS = " .,;:!?<>()[]{}\"'“”„«»…`"
NEVER_IN_ADDRESS = re.compile(r"[\s,;:<>()\[\]\\\"“”]")
AN_ADDRESS = "Please write an e-mail address such as sam@example.org"
ONE_ADDRESS = "Please write one e-mail address, such as sam@example.org"

# Phone numbers as they are dialled and printed.
ABROAD = re.compile(r"(?:00|011)(?=[\s(./-]*[1-9])")  # how most countries, and North America, begin a call abroad
A_LETTER = re.compile(r"[^\W\d_]")
TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")  # +44 (0)20 …: dialled at home only


def email_address(value: str) -> str:
    """Parse one e-mail address, its domain in small letters. Raises ValueError that names the wrong sign and its place."""
    value = one_line(value).translate(FULL_WIDTH | APOSTROPHES)
    if not value:
        raise ValueError("Please fill this in.")
    value = re.sub(r"\s*@\s*", "@", _without_wrapping(value))
    if len(value) > MAX_EMAIL_LENGTH:
        raise ValueError(f"{ONE_ADDRESS}, of at most {MAX_EMAIL_LENGTH} characters.")
    if odd := NEVER_IN_ADDRESS.search(value):
        raise ValueError(f"{ONE_ADDRESS}. {_where(value, odd.start())}")
    if value.count("@") > 1:
        raise ValueError(f"{AN_ADDRESS}. {_where(value, value.rindex('@'))}")
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError(f"{AN_ADDRESS}.") from None


def email_key(address: str) -> str:
    """The lookup key of an address: small letters as Python makes them, the same on every database and collation."""
    return address.lower()


def phone_number(value: str | None, country: str = DEFAULT_COUNTRY) -> str | None:
    """
    Parse a phone number into international form ("+1 415-555-0134 ext. 12"); None for an empty one.

    A number without a prefix is one of `country`. One that does not fit there is refused, with the prefix asked for:
    read as another country's it would ring somewhere else.

    Raises ValueError, with what to write instead.
    """
    value = one_line(value or "").removeprefix("tel:")
    if not value:
        return None
    number = _read(value, country) if len(value) <= MAX_PHONE_LENGTH else None
    if number is None:
        raise ValueError(_why_no_phone(value, country))
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def dialled(phone: str) -> str:
    """The path of a tel: URI (RFC 3966): a plus and digits, then ;ext= and the extension."""
    number, _, extension = phone.partition(" ext. ")
    digits = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return f"{digits};ext={extension}" if extension.isdigit() else digits


def _without_wrapping(value: str) -> str:
    """Strip what mail programs and sentences put around an address: a name, angle brackets, mailto:, a full stop."""
    wrapped = IN_ANGLES.findall(value)
    if len(wrapped) == 1 and value.count("@") == 1:
        value = wrapped[0]
    value = value.strip(AROUND_ADDRESS)
    if value[:7].lower() == "mailto:":
        value = value[7:].partition("?")[0]
    return value.strip(AROUND_ADDRESS)


def _where(value: str, place: int) -> str:
    sign, before = value[place], value[max(0, place - 24) : place]
    named = "a blank" if sign == " " else f"“{sign}”"
    return f"There is {named} after “{before}”." if before else f"It begins with {named}."


def _read(value: str, country: str) -> PhoneNumber | None:
    """The valid number that is written, as it stands, with + for 00 or 011, or without a trunk zero; None if there is none."""
    for written in (value, ABROAD.sub("+", value, count=1) if ABROAD.match(value) else value):
        for candidate in (written, TRUNK_ZERO.sub("", written)):
            if (number := _parsed(candidate, country)) is not None:
                return number
    return None


def _parsed(value: str, country: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _why_no_phone(value: str, country: str) -> str:
    example = phonenumbers.example_number(country)
    here = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL) if example else "(415) 555-0134"
    if not any(sign.isdigit() for sign in value):
        return f"Please write a phone number such as {here}, or leave this empty."
    if (word := A_LETTER.search(value)) is not None:
        return f"Please write the phone number alone, or leave this empty. {_where(value, word.start())}"
    if value.startswith(("+", "00", "＋")):
        return "There is no such phone number. Please look at each digit, or leave this empty."
    return (
        f"This is no phone number here, where they look like {here}. From another country, please begin with + and its "
        "prefix, such as +44 20 7946 0958; or leave this empty."
    )
