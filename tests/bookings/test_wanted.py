"""What a parent writes is read field by field: every field that cannot be read gets its own sentence."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.bookings.lesson_request import LessonRequest
from core.errors import Invalid

SAMS = {
    "coach_id": 1,
    "lesson_id": 2,
    "starts_at": "2026-11-24T16:00:00Z",
    "customer_name": "Sam Rivera",
    "customer_email": "sam@example.org",
    "customer_phone": "(415) 555-0134",
    "athlete_name": "Ida",
    "notes": "First time.",
    "idempotency_key": "a-key-of-sixteen",
}
PLEASE_FILL = "Please fill this in."
A_NUMBER = "This should be a whole number."
A_TIME = "This is not a time we can read; it should look like 2026-11-24T16:00:00Z."
ITS_ZONE = "The time needs its zone, such as 2026-11-24T16:00:00Z."
A_KEY = "A key has 16 to 200 plain characters."


def read(**changed: Any) -> LessonRequest:
    return LessonRequest.parse({**SAMS, **changed})


def refused(**changed: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        read(**changed)
    return refusal.value.fields


def test_a_whole_request_is_read() -> None:
    wanted = read()
    assert wanted.starts_at == datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert wanted.customer_phone == "+1 415-555-0134"
    assert (wanted.customer_name, wanted.athlete_name, wanted.notes) == ("Sam Rivera", "Ida", "First time.")


def test_ids_may_come_as_text_as_forms_send_them() -> None:
    wanted = read(coach_id="7", lesson_id="8")
    assert (wanted.coach_id, wanted.lesson_id) == (7, 8)


def test_what_may_be_left_out() -> None:
    needed = {key: SAMS[key] for key in SAMS if key not in ("customer_phone", "notes", "idempotency_key")}
    wanted = LessonRequest.parse(needed)
    assert (wanted.customer_phone, wanted.notes, wanted.idempotency_key) == (None, "", None)


def test_every_missing_field_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        LessonRequest.parse({})
    assert refusal.value.fields == dict.fromkeys(
        ["coach_id", "lesson_id", "starts_at", "customer_name", "customer_email", "athlete_name"], PLEASE_FILL
    )


def test_several_wrong_fields_are_named_together() -> None:
    assert refused(customer_name="", customer_email="nobody", notes="n" * 1001).keys() == {
        "customer_name",
        "customer_email",
        "notes",
    }


def test_an_unknown_field_is_refused() -> None:
    assert refused(status="APPROVED") == {"status": "We do not know this field."}


@pytest.mark.parametrize("field", ["customer_name", "athlete_name"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", PLEASE_FILL),
        ("   ", PLEASE_FILL),
        ("\u200b\u200d", PLEASE_FILL),
        ("\ufffc", PLEASE_FILL),
        ("\u3164", PLEASE_FILL),
        ("\u2800", PLEASE_FILL),
        ("\u0301", PLEASE_FILL),
        ("...", PLEASE_FILL),
        ("\ud800", PLEASE_FILL),
        ("n" * 81, "Please shorten this to 80 characters."),
        ("n" * 10_000, "Please shorten this to 80 characters."),
        (5, "This should be text."),
        (None, "This should be text."),
        ([], "This should be text."),
    ],
)
def test_a_name_that_cannot_be_read_says_why(field: str, name: Any, sentence: str) -> None:
    assert refused(**{field: name}) == {field: sentence}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("  Sam  ", "Sam"),
        ("Jose\u0301", "José"),
        ("n" * 80, "n" * 80),
        ("Nguyễn Thị Minh", "Nguyễn Thị Minh"),
        ("Ay\u200dşe", "Ayşe"),
        ("Sam\r\nBcc: all@example.org", "Sam Bcc: all@example.org"),
        ("Sam\u2028Rivera\t", "Sam Rivera"),
        ("Sam\x00", "Sam"),
        ("Sam \u202eareviR", "Sam areviR"),
        ("Mia \ufffc\U0001fa77", "Mia \U0001fa77"),
        ("<b>Sam</b> O'Neil & Söhne", "<b>Sam</b> O'Neil & Söhne"),
    ],
)
def test_a_name_is_kept_as_it_was_meant(name: str, kept: str) -> None:
    assert read(customer_name=name).customer_name == kept


@pytest.mark.parametrize(
    ("email", "kept"), [(" sam@example.org\ufffc", "sam@example.org"), ("", None), ("nobody", None)]
)
def test_an_address_is_tidied_or_asked_for_again(email: str, kept: str | None) -> None:
    if kept is None:
        assert refused(customer_email=email).keys() == {"customer_email"}
    else:
        assert read(customer_email=email).customer_email == kept


@pytest.mark.parametrize(
    ("phone", "kept"),
    [("", None), (None, None), ("  ", None), ("+49 30 901820", "+49 30 901820"), ("4155550134", "+1 415-555-0134")],
)
def test_a_phone_number_is_kept_in_international_form(phone: str | None, kept: str | None) -> None:
    assert read(customer_phone=phone).customer_phone == kept


def test_a_phone_number_without_a_prefix_is_one_of_the_gyms_country() -> None:
    wanted = LessonRequest.parse({**SAMS, "customer_phone": "020 7946 0958"}, country="GB")
    assert wanted.customer_phone == "+44 20 7946 0958"
    assert "+ and its prefix" in refused(customer_phone="020 7946 0958")["customer_phone"]


@pytest.mark.parametrize(
    ("notes", "sentence"),
    [
        ("n" * 1001, "Please shorten this to 1000 characters."),
        (7, "This should be text."),
    ],
)
def test_notes_that_cannot_be_kept_say_why(notes: Any, sentence: str) -> None:
    assert refused(notes=notes) == {"notes": sentence}


def test_notes_keep_their_lines() -> None:
    assert read(notes=" one\r\ntwo\rthree\x0bfour\n\n").notes == "one\ntwo\nthree\nfour"
    assert read(notes="Mon\tTue\x00\uf8ff!").notes == "Mon Tue !"


@pytest.mark.parametrize(
    ("starts_at", "sentence"),
    [
        ("", A_TIME),
        ("tomorrow", A_TIME),
        ("16:00", A_TIME),
        ("2026-13-24T16:00:00Z", A_TIME),
        ("2026-11-24T25:00:00Z", A_TIME),
        (1_795_968_000, A_TIME),
        ("1795968000", A_TIME),
        (None, A_TIME),
        ("2026-11-24T16:00:00", ITS_ZONE),
        ("2026-11-24", ITS_ZONE),
        (datetime(2026, 11, 24, 16), ITS_ZONE),  # noqa: DTZ001  # a naive time is the point
        ("9999-12-31T23:59:59-10:00", A_TIME),
        ("9999-12-31T23:59:59Z", A_TIME),
        ("0001-01-01T00:00:00+10:00", A_TIME),
        ("99999-01-01T00:00:00Z", A_TIME),
    ],
)
def test_a_start_that_cannot_be_read_says_why(starts_at: Any, sentence: str) -> None:
    assert refused(starts_at=starts_at) == {"starts_at": sentence}


def test_a_start_with_another_zone_is_the_same_instant() -> None:
    assert read(starts_at="2026-11-24T08:00:00-08:00").starts_at == datetime(2026, 11, 24, 16, tzinfo=UTC)


@pytest.mark.parametrize("field", ["coach_id", "lesson_id"])
@pytest.mark.parametrize("value", ["nora", "", "1.5", 1.5, None, "1; DROP TABLE booking"])
def test_an_id_that_is_not_a_whole_number_is_refused(field: str, value: Any) -> None:
    assert refused(**{field: value}) == {field: A_NUMBER}


@pytest.mark.parametrize("value", [2**63, -(2**63), 10**30, "9" * 5000])
def test_an_id_that_no_column_can_hold_is_refused(value: Any) -> None:
    assert refused(coach_id=value)["coach_id"] in ("We cannot read this.", A_NUMBER)


@pytest.mark.parametrize("key", ["", "a-key-of-fifteen"[:15], "k" * 201, "a key with a tab\t", "a-key-with-ümlaut"])
def test_a_key_that_could_be_guessed_or_not_kept_is_refused(key: str) -> None:
    assert refused(idempotency_key=key) == {"idempotency_key": A_KEY}


def test_the_fingerprint_is_of_what_was_asked_not_of_the_bytes() -> None:
    written_otherwise = read(
        starts_at="2026-11-24T08:00:00-08:00", customer_name=" Sam Rivera ", coach_id="1", idempotency_key="k" * 16
    )
    assert written_otherwise.fingerprint() == read().fingerprint()
    assert read(notes="").fingerprint() != read().fingerprint()
    assert read(coach_id=2).fingerprint() != read().fingerprint()
