"""Where mails lead, and what must not become a link."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.mail.links import Links, unlinked
from core.platform.signed_tokens import DecideToken
from tests.support.mail_samples import HANDLE, booking, settings, signer

links, masked = Links(settings, signer), Links(settings, signer, masked=True)


def test_approve_and_deny_are_one_token_that_names_this_request() -> None:
    approve, deny = links.answer(booking(), "approve"), links.answer(booking(), "deny")
    token = approve.removeprefix("https://lessons.spirit.example/approvals/").removesuffix("?decision=approve")
    assert signer.read_decide(token) == DecideToken(booking_id=41, coach_id=7, slot_version=1)
    assert deny == f"https://lessons.spirit.example/approvals/{token}?decision=deny"


def test_a_moved_lesson_has_another_token() -> None:
    assert links.answer(booking(slot_version=2), "deny") != links.answer(booking(), "deny")


def test_the_other_addresses_are_the_published_ones() -> None:
    in_berlin = datetime(2026, 11, 25, 11, 0, tzinfo=timezone(timedelta(hours=1)))
    assert links.booking(booking()) == f"https://lessons.spirit.example/bookings/{HANDLE}"
    assert links.free_times(booking()) == "https://lessons.spirit.example/coaches/nora/tumbling-60"
    assert links.request_form(booking(), in_berlin) == (
        "https://lessons.spirit.example/coaches/nora/tumbling-60/request?start=2026-11-25T10:00:00Z"
    )
    assert links.console == "https://desk.spirit.example"


def test_a_sign_in_link_leads_to_the_console() -> None:
    token = links.sign_in(5).removeprefix("https://desk.spirit.example/sign-in/")
    assert signer.read_sign_in(token) == 5


def test_a_masked_link_shows_its_place_and_not_its_secret() -> None:
    assert masked.answer(booking(), "approve") == "https://lessons.spirit.example/approvals/…?decision=approve"
    assert masked.booking(booking()) == "https://lessons.spirit.example/bookings/…"
    assert masked.sign_in(5) == "https://desk.spirit.example/sign-in/…"
    start = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    assert masked.request_form(booking(), start) == links.request_form(booking(), start)


@pytest.mark.parametrize(
    ("typed", "broken"),
    [
        ("https://evil.example/x", "https:|//evil|.example/x"),
        ("www.evil.example", "www|.evil|.example"),
        ("see evil.example now", "see evil|.example now"),
        ("sam@evil.example", "sam|@evil|.example"),
        ("evil。example", "evil|。example"),
    ],
)
def test_an_address_in_a_name_is_broken_by_a_space_that_nobody_sees(typed: str, broken: str) -> None:
    assert unlinked(typed) == broken.replace("|", "\u200b")


@pytest.mark.parametrize("name", ["Sam Rivera", "J.R. Smith", "St. John-Smythe", "O'Neill, Jr.", "Zoë", "李 小龙"])
def test_a_name_that_is_only_a_name_stays_as_it_was_typed(name: str) -> None:
    assert unlinked(name) == name
