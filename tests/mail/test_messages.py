"""What each mail says: the same facts as text and as HTML."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from core.mail.compose import compose
from core.mail.mail_context import Invitation
from core.mail.smtp import as_sent
from core.outbox.models import MessageKind
from core.people.models import Role
from core.platform.actor import ActorRole, Channel
from tests.mail.reading import Read, read
from tests.support.mail_samples import (
    ABOUT_A_LESSON,
    APPROVED,
    BY_ADA,
    CANCELLED,
    DENIED,
    HANDLE,
    HOUR,
    LATE,
    NOW,
    SAMPLES,
    STARTS_AT,
    TO_PARENT,
    TO_STAFF,
    TOGETHER,
    WITH_CALENDAR,
    ada,
    booking,
    notice,
    sample,
    settings,
    signer,
)

WHEN = "Tuesday, November 24, 4:00–5:00 pm (Pacific)"
ANSWER_BY = "Monday, November 23, 3:00 pm (Pacific)"
LESSON = "Private tumbling, 60 minutes, $85"
OWN_PAGE = f"https://lessons.spirit.example/bookings/{HANDLE}"
FREE_TIMES = "https://lessons.spirit.example/coaches/nora/tumbling-60"
CONSOLE = "https://desk.spirit.example"
APPROVE, DENY = (
    f"https://lessons.spirit.example/approvals/{signer.decide(41, 7, 1)}?decision={answer}"
    for answer in ("approve", "deny")
)
ALL = list(MessageKind)


def says(mail: Read, *facts: str) -> None:
    """Both parts say these facts."""
    for fact in facts:
        assert fact in " ".join(mail.text.split()), f"the text does not say {fact!r}"
        assert fact in mail.words, f"the HTML does not say {fact!r}"


def leads_to(mail: Read, *addresses: str) -> None:
    """Both parts lead there: a line of its own in the text; a link with its address written out in the HTML."""
    for address in addresses:
        assert address in mail.text.split()
        assert address in mail.addresses
        assert address in mail.words


# Each mail, and what it is for


def test_a_request_gives_the_coach_all_she_needs_to_decide() -> None:
    mail = read(SAMPLES[MessageKind.REQUEST])
    assert mail.subject == f"Sam Rivera asks for {WHEN}"
    assert mail.preheader.startswith(f"Ida, Private tumbling. Answer by {ANSWER_BY}.")
    says(
        mail, "Sam Rivera asks for a lesson with you", WHEN, LESSON, "Ida", "+1 415-555-0134", "Waiting for your answer"
    )
    says(mail, f"You have until {ANSWER_BY} to answer.", "What Sam Rivera wrote:", "She is a little shy at first.")
    says(mail, "Nothing is decided until you press a button there")
    says(mail, "A reply to this mail goes to Sam Rivera, and decides nothing.")
    leads_to(mail, APPROVE, DENY, CONSOLE)


def test_a_request_without_phone_and_notes_has_no_empty_rows() -> None:
    mail = read(sample(MessageKind.REQUEST, customer_phone=None, notes=""))
    for part in (mail.text, mail.words):
        assert "Phone" not in part
        assert "wrote" not in part
        assert "None" not in part


def test_a_reminder_says_how_much_time_is_left() -> None:
    mail = read(SAMPLES[MessageKind.REMINDER])
    assert mail.subject == f"Still waiting: Sam Rivera asked for {WHEN}"
    assert mail.preheader.startswith(f"Ida, Private tumbling. 2 hours left, until {ANSWER_BY}.")
    says(mail, "Sam Rivera is still waiting for your answer", "Expires in 2 hours", WHEN, LESSON, "Ida")
    says(mail, f"2 hours left: the request expires on {ANSWER_BY}.")
    leads_to(mail, APPROVE, DENY, CONSOLE)


def test_a_reminder_that_left_late_counts_from_when_it_left() -> None:
    mail = read(sample(MessageKind.REMINDER, at=STARTS_AT - 25 * HOUR - timedelta(minutes=20)))
    says(mail, "Expires in 20 minutes", "20 minutes left")


def test_a_lesson_booked_directly_needs_no_answer() -> None:
    mail = read(SAMPLES[MessageKind.BOOKED_DIRECTLY])
    assert mail.subject == f"Booked: Sam Rivera, {WHEN}"
    says(
        mail,
        "Sam Rivera booked a lesson with you",
        "There is nothing to answer",
        WHEN,
        LESSON,
        "Ida",
        "+1 415-555-0134",
    )
    leads_to(mail, CONSOLE)
    assert "approvals" not in mail.text + mail.html


def test_a_coach_hears_what_an_admin_decided_and_why() -> None:
    mail = read(SAMPLES[MessageKind.DECIDED_BY_ADMIN])
    assert mail.subject == f"Approved for you by Ada Brandt: {WHEN}"
    says(
        mail, "Ada Brandt approved a request for you", WHEN, "Saturday, November 21, 11:00 am (Pacific), by Ada Brandt"
    )
    says(mail, "What Ada Brandt wrote:", "Nora is at a wedding and asked me to say yes to this one.")
    says(mail, "The lesson takes place, and the confirmation goes to the family by mail.", "please talk to Ada Brandt")
    leads_to(mail, CONSOLE)


def test_a_coach_hears_that_an_admin_denied_a_request() -> None:
    denied = {
        **DENIED,
        **BY_ADA,
        "changed_by_account": ada(),
        "override_reason": "The floor is closed.",
        "approved_at": None,
    }
    mail = read(sample(MessageKind.DECIDED_BY_ADMIN, **denied))
    assert mail.subject == f"Denied for you by Ada Brandt: {WHEN}"
    says(
        mail,
        "Ada Brandt denied a request for you",
        "The floor is closed.",
        "The time is free again, and the family gets a mail that says so.",
    )
    assert "takes place" not in mail.text + mail.words + mail.preheader


def test_a_coach_hears_that_a_family_cancelled_late() -> None:
    mail = read(SAMPLES[MessageKind.LESSON_CANCELLED])
    assert mail.subject == f"Cancelled: Sam Rivera, {WHEN}"
    assert mail.preheader.startswith("Sam Rivera cancelled the lesson, late. The time is free again.")
    says(mail, "Sam Rivera cancelled a lesson with you", "Cancelled late", "Less than 24 hours before the lesson")
    says(
        mail,
        WHEN,
        "Tuesday, November 24, 11:00 am (Pacific), by Sam Rivera",
        "Ida has a fever.",
        "We recorded that this was late.",
    )


def test_a_cancellation_in_time_is_not_called_late() -> None:
    mail = read(sample(MessageKind.LESSON_CANCELLED, cancelled_late=False))
    assert "late" not in (mail.text + mail.words + mail.preheader).lower()


def test_a_coach_hears_that_a_family_withdrew_a_request() -> None:
    mail = read(sample(MessageKind.LESSON_CANCELLED, approved_at=None, cancelled_late=False))
    says(mail, "Sam Rivera cancelled a request to you", "There is nothing left to answer, and the time is free again.")


def test_a_coach_hears_that_an_admin_cancelled_her_lesson() -> None:
    by_admin = {**BY_ADA, "changed_by_account": ada(), "cancelled_late": False, "cancel_reason": "The floor is closed."}
    mail = read(sample(MessageKind.LESSON_CANCELLED, **by_admin))
    says(mail, "Ada Brandt cancelled a lesson with you", "What Ada Brandt wrote:", "The floor is closed.")


def test_a_coach_hears_that_a_request_expired() -> None:
    mail = read(SAMPLES[MessageKind.REQUEST_EXPIRED])
    assert mail.subject == f"Expired: Sam Rivera asked for {WHEN}"
    says(mail, "The request from Sam Rivera expired", WHEN, LESSON, ANSWER_BY, "The family gets a mail that says sorry")
    assert "approvals" not in mail.text + mail.html


def test_a_parent_hears_what_happens_next_and_by_when() -> None:
    mail = read(SAMPLES[MessageKind.REQUEST_RECEIVED])
    assert mail.subject == f"We asked Nora Lindqvist: {WHEN}"
    assert mail.preheader.startswith(
        f"Nora Lindqvist has until {ANSWER_BY} to answer. We will write to you either way."
    )
    says(mail, "We asked Nora Lindqvist", WHEN, LESSON, "Ida", "Waiting for an answer")
    says(mail, f"Nora Lindqvist has until {ANSWER_BY} to answer. We will write to you either way")
    says(mail, "The lesson is not booked yet.")
    leads_to(mail, OWN_PAGE)


def test_a_parent_hears_that_the_lesson_is_confirmed() -> None:
    mail = read(SAMPLES[MessageKind.CONFIRMED])
    assert mail.subject == f"Confirmed: Private tumbling with Nora Lindqvist, {WHEN}"
    assert mail.preheader.startswith(f"Confirmed: Ida, {WHEN}.")
    says(
        mail, "Nora Lindqvist said yes", "Confirmed", WHEN, LESSON, "Ida", "Spirit Athletics, 48 Harbor Street, Oakland"
    )
    says(mail, "you can cancel freely until Monday, November 23, 4:00 pm (Pacific). After that it counts as late.")
    says(mail, "A late cancellation costs half the lesson.")
    leads_to(mail, OWN_PAGE)


def test_a_lesson_confirmed_within_the_last_day_promises_no_free_cancellation() -> None:
    mail = read(sample(MessageKind.CONFIRMED, at=STARTS_AT - 5 * HOUR))
    says(mail, "Less than 24 hours before, it counts as late.")
    assert "freely" not in mail.text + mail.words


@pytest.mark.parametrize(
    "changes", [{"expires_at": None, "changed_by": ActorRole.PARENT}, {**BY_ADA, "changed_by_account": ada()}]
)
def test_nora_said_yes_only_if_she_did(changes: dict[str, Any]) -> None:
    mail = read(sample(MessageKind.CONFIRMED, **changes))
    says(mail, "Your lesson is booked")
    assert "said yes" not in mail.text + mail.words


def test_a_parent_reads_the_reason_of_a_denial_and_the_way_to_other_times() -> None:
    mail = read(SAMPLES[MessageKind.DENIED])
    assert mail.subject == f"Declined: Private tumbling with Nora Lindqvist, {WHEN}"
    says(mail, "Nora Lindqvist had to say no", "Declined", WHEN, LESSON, "Ida", "nothing is booked")
    says(mail, "What Nora Lindqvist wrote:", "I am at a meet that afternoon. Wednesday after five would be lovely.")
    leads_to(mail, FREE_TIMES, OWN_PAGE)


def test_a_denial_by_an_admin_speaks_for_the_gym() -> None:
    mail = read(sample(MessageKind.DENIED, **BY_ADA, changed_by_account=ada()))
    says(mail, "Spirit Athletics had to say no", "What Spirit Athletics wrote:")
    assert "Ada" not in mail.text + mail.html


def test_a_denial_without_a_reason_quotes_nobody() -> None:
    mail = read(sample(MessageKind.DENIED, denial_reason=None))
    assert "wrote" not in mail.text + mail.words


def test_an_expired_request_says_sorry_and_offers_the_next_free_times() -> None:
    mail = read(SAMPLES[MessageKind.EXPIRED])
    assert mail.subject == f"Expired: Private tumbling with Nora Lindqvist, {WHEN}"
    says(
        mail,
        "We are sorry: nobody answered in time",
        WHEN,
        LESSON,
        ANSWER_BY,
        "That was us, not you. Nothing is booked.",
    )
    says(mail, "These times are free next:", "Wednesday, November 25, 10:00–11:00 am (Pacific)", "call (415) 555-0100")
    starts = ("2026-11-25T18:00:00Z", "2026-11-25T22:00:00Z", "2026-11-27T00:30:00Z")
    leads_to(mail, *(f"{FREE_TIMES}/request?start={start}" for start in starts), FREE_TIMES, OWN_PAGE)


def test_an_expired_request_without_free_times_shows_the_way_to_the_others() -> None:
    mail = read(sample(MessageKind.EXPIRED, next_slots=[]))
    says(mail, "Another time may well fit:")
    assert "/request?start=" not in mail.text + mail.html
    leads_to(mail, FREE_TIMES)


def test_a_parent_hears_that_the_coach_cancelled_and_why() -> None:
    mail = read(SAMPLES[MessageKind.CANCELLED])
    assert mail.subject == f"Cancelled: Private tumbling with Nora Lindqvist, {WHEN}"
    assert mail.preheader.startswith(f"Cancelled: Ida, {WHEN}.")
    says(
        mail,
        "Nora Lindqvist had to cancel your lesson",
        WHEN,
        "I sprained my ankle this morning",
        "We are sorry for the change.",
    )
    leads_to(mail, FREE_TIMES, OWN_PAGE)


def test_a_parent_who_cancelled_late_reads_what_that_costs() -> None:
    by_family = {
        **CANCELLED,
        **LATE,
        "changed_by": ActorRole.PARENT,
        "channel": Channel.SITE,
        "changed_by_account": None,
    }
    mail = read(sample(MessageKind.CANCELLED, **by_family, cancel_reason=None))
    says(mail, "You cancelled your lesson", "It was cancelled late. A late cancellation costs half the lesson.")
    says(mail, "Less than 24 hours before the lesson", "If that was not you, please tell us.")


def test_a_parent_who_withdrew_a_request_reads_that_nothing_is_booked() -> None:
    withdrawn: dict[str, Any] = {
        "approved_at": None,
        "changed_by": ActorRole.PARENT,
        "changed_by_account": None,
        "cancel_reason": None,
    }
    mail = read(sample(MessageKind.CANCELLED, **withdrawn))
    assert mail.subject == f"Cancelled: Private tumbling with Nora Lindqvist, {WHEN}"
    says(mail, "You cancelled your request", "nothing is booked")
    assert "costs" not in mail.text


def test_a_cancellation_by_an_admin_speaks_for_the_gym() -> None:
    mail = read(sample(MessageKind.CANCELLED, **BY_ADA, changed_by_account=ada()))
    says(mail, "We had to cancel your lesson", "What Spirit Athletics wrote:")


def test_a_sign_in_link_says_until_when_it_works() -> None:
    mail = read(SAMPLES[MessageKind.SIGN_IN])
    assert mail.subject == "Your sign-in link for Spirit Athletics"
    says(
        mail, "Sign in to the console", "nora@spirit.example", "Saturday, November 21, 10:10 am (Pacific)", "works once"
    )
    leads_to(mail, f"{CONSOLE}/sign-in/{signer.sign_in(5)}")


def test_an_invitation_says_who_invites_to_what_and_for_how_long() -> None:
    mail = read(SAMPLES[MessageKind.INVITATION])
    assert mail.subject == "Ada Brandt invites you to Spirit Athletics"
    until = "Saturday, November 28, 10:00 am (Pacific)"
    says(mail, "Hello Nora Lindqvist!", "From", "Ada Brandt", "Coach", f"works once, until {until}", "That is a week")
    says(mail, "Parents can book private lessons with you.", "If you do not know Ada Brandt")
    leads_to(mail, f"{CONSOLE}/sign-in/{signer.sign_in(5)}", CONSOLE)


def test_an_admin_who_does_not_teach_reads_what_an_admin_does() -> None:
    context = sample(MessageKind.INVITATION)
    assert context.account is not None
    context.account.role = Role.ADMIN
    mail = read(replace(context, invitation=Invitation("Ada Brandt", teaches=False)))
    says(mail, "Admin", "As an admin you look after the gym")
    assert "book private lessons" not in mail.text
    says(read(replace(context, invitation=Invitation("Ada Brandt", teaches=True))), "Admin, and coach")


# Practice


def test_a_practice_request_looks_like_a_real_one_and_is_marked_everywhere() -> None:
    mail = read(SAMPLES[MessageKind.REHEARSAL])
    assert mail.subject == f"Practice: Robin Example (practice) asks for {WHEN}"
    says(mail, "Practice: nothing of this is real", WHEN, LESSON, "Kim (practice)", "No family has written this")
    for decision in ("approve", "deny"):
        leads_to(mail, f"https://lessons.spirit.example/rehearsals/{signer.rehearsal(9)}?decision={decision}")
    assert "approvals" not in mail.html and mail.mail["References"] == "<practice-9-coach@spirit.example>"


def test_its_outcome_tells_what_a_family_would_have_read() -> None:
    mail = read(SAMPLES[MessageKind.REHEARSAL_ANSWERED])
    assert mail.subject == f"Practice: you denied {WHEN}"
    says(mail, "You said no, and it worked", "Nora Lindqvist had to say no", "I am at a meet that afternoon.")
    assert mail.mail["To"] == "nora@spirit.example"


# Several things at once


def test_what_is_above_a_days_most_comes_together_each_with_its_own_way_to_answer() -> None:
    mail = read(SAMPLES[MessageKind.ROLL_UP])
    assert mail.subject == "2 more requests wait for your answer"
    says(
        mail,
        "First answer by",
        ANSWER_BY,
        WHEN,
        "Private tumbling for Ida, asked by Sam Rivera.",
        f"Answer by {ANSWER_BY}.",
    )
    for number in (41, 42):
        answer = f"https://lessons.spirit.example/approvals/{signer.decide(number, 7, 1)}?decision=approve"
        assert answer in mail.text.split() and answer in mail.addresses
    assert read(sample(MessageKind.ROLL_UP, waiting=1)).subject == "1 more request waits for your answer"


def test_a_morning_has_who_waits_and_the_lessons_of_the_day() -> None:
    mail = read(SAMPLES[MessageKind.DAILY_SUMMARY])
    assert mail.subject == "Saturday, November 21: 2 lessons, 2 families wait"
    says(mail, "Waiting for your answer", WHEN, "Today’s lessons", "Saturday, November 21, 11:00 am–12:00 pm (Pacific)")
    says(mail, "Private tumbling for Ida (Sam Rivera, +1 415-555-0134)", "The console shows it as it is now.")


def test_a_quiet_morning_has_no_empty_lists() -> None:
    mail = read(sample(MessageKind.DAILY_SUMMARY, waiting=0, lessons=1))
    assert mail.subject == "Saturday, November 21: 1 lesson, nobody waits"
    assert "Waiting for your answer" not in mail.words and "approvals" not in mail.html
    assert "Today’s lessons" not in read(sample(MessageKind.DAILY_SUMMARY, lessons=0)).words


@pytest.mark.parametrize("kind", TOGETHER)
def test_a_long_list_ends_with_how_many_more_and_stays_small(kind: MessageKind) -> None:
    mail = read(sample(kind, waiting=57, lessons=45, customer_name="W" * 80, athlete_name="W" * 80))
    says(mail, "And 37 more, in the console.")
    assert len(mail.mail.as_bytes()) < 100_000


@pytest.mark.parametrize(("kind", "number"), [(MessageKind.DAILY_SUMMARY, 1), (MessageKind.ROLL_UP, 2)])
def test_it_can_be_stopped_by_a_mail_program_and_by_hand(kind: MessageKind, number: int) -> None:
    mail = read(SAMPLES[kind])
    address = f"https://lessons.spirit.example/unsubscribe/{signer.stop_mail(7, number)}"
    assert mail.mail["List-Unsubscribe"] == f"<{address}>"
    assert mail.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    raw = as_sent(compose(SAMPLES[kind], settings=settings, signer=signer))
    assert f"List-Unsubscribe: <{address}>\r\n".encode() in raw, "folded or encoded, no mail program would read it"
    assert address in mail.text.split() and address in mail.addresses


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in TOGETHER])
def test_no_other_mail_can_be_stopped_from_a_list(kind: MessageKind) -> None:
    assert read(SAMPLES[kind]).mail["List-Unsubscribe"] is None


# All of them


@pytest.mark.parametrize("kind", ABOUT_A_LESSON)
def test_every_row_of_facts_is_in_both_parts(kind: MessageKind) -> None:
    mail = read(SAMPLES[kind])
    rows = re.findall(r"^([A-Z][a-z ]+): (.+)$", mail.text, re.MULTILINE)
    assert {"When", "Lesson", "Athlete"} <= {label for label, _ in rows}
    for label, value in rows:
        assert f"{label} {value}" in mail.words or f"{label}: {value}" in mail.words


@pytest.mark.parametrize("kind", ALL)
def test_every_time_names_its_zone(kind: MessageKind) -> None:
    mail = read(SAMPLES[kind])
    for part in (mail.subject, mail.preheader, mail.text, mail.words):
        said = re.findall(r"\d{1,2}:\d\d", re.sub(r"https?://\S+", "", part))
        with_zone = re.findall(r"(?:(\d{1,2}:\d\d)(?: [ap]m)?–)?(\d{1,2}:\d\d) [ap]m \(Pacific\)", part)
        assert len(said) == sum(1 for pair in with_zone for time in pair if time)


@pytest.mark.parametrize("kind", ALL)
def test_the_two_parts_lead_to_the_same_places(kind: MessageKind) -> None:
    mail = read(SAMPLES[kind])
    assert set(re.findall(r"https?://\S+", mail.text)) == set(mail.addresses)


def test_a_mail_that_asks_for_a_click_leads_to_its_page_and_keeps_the_familys_secret() -> None:
    mail = read(SAMPLES[MessageKind.CONFIRM_REQUEST])
    leads_to(mail, f"https://lessons.spirit.example/requests/{signer.confirm(3, 1)}")
    assert HANDLE not in mail.mail.as_string() and mail.mail["References"] is None


@pytest.mark.parametrize("kind", [kind for kind in TO_PARENT if kind is not MessageKind.CONFIRM_REQUEST])
def test_every_mail_to_a_parent_carries_the_familys_page(kind: MessageKind) -> None:
    leads_to(read(SAMPLES[kind]), OWN_PAGE)


@pytest.mark.parametrize("kind", TO_STAFF)
def test_no_mail_to_the_staff_shows_the_familys_secret(kind: MessageKind) -> None:
    assert HANDLE not in read(SAMPLES[kind]).mail.as_string()


@pytest.mark.parametrize("kind", ALL)
def test_a_preview_has_every_secret_masked(kind: MessageKind) -> None:
    composed = compose(SAMPLES[kind], settings=settings, signer=signer, mask_links=True)
    mail = read(SAMPLES[kind], mask_links=True)
    everything = mail.text + mail.html + composed.as_string()
    secrets = (HANDLE, signer.decide(41, 7, 1), signer.sign_in(5), signer.stop_mail(7, 1), signer.stop_mail(7, 2))
    for secret in secrets:
        assert secret not in everything
    assert "…" in mail.text or kind in TO_STAFF


@pytest.mark.parametrize("kind", ALL)
def test_headers_say_who_writes_to_whom_and_that_a_machine_did(kind: MessageKind) -> None:
    mail = read(SAMPLES[kind]).mail
    context = SAMPLES[kind]
    assert mail["From"] == "Spirit Athletics <bookings@spirit.example>"
    assert mail["To"] == context.message.recipient
    to_coach = kind in ABOUT_A_LESSON and kind in TO_STAFF
    desk, family = "Spirit Athletics <hello@spirit.example>", "Sam Rivera <sam.rivera@example.org>"
    assert mail["Reply-To"] == (family if to_coach else desk)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Message-ID"] == f"<{context.message.message_id}@spirit.example>"
    assert parsedate_to_datetime(mail["Date"]) == context.generated_at


@pytest.mark.parametrize("name", ["Sam Rivera", "Zoë Łuczak-Nguyễn " * 4, "李小龙" * 26, "W" * 80, "🤸" * 80])
def test_a_subject_survives_the_way_letter_by_letter(name: str) -> None:
    mail = read(sample(MessageKind.REQUEST, customer_name=name.strip()))
    assert mail.subject == f"{name.strip()} asks for {WHEN}"
    raw = mail.mail.as_bytes().split(b"Subject: ")[1].split(b"MIME-Version")[0]
    assert max(len(line) for line in raw.splitlines()) <= 78


@pytest.mark.parametrize(
    "name", ["Zoë Łuczak-Nguyễn " * 4, "李小龙" * 26, '"Sam", <Rivera>; x@evil.example', "🤸" * 80]
)
def test_a_coachs_reply_reaches_the_family_whatever_its_name(name: str) -> None:
    raw = read(sample(MessageKind.REQUEST, customer_name=name.strip())).mail.as_bytes()
    (reply_to,) = email.message_from_bytes(raw, policy=email.policy.default)["Reply-To"].addresses
    assert reply_to.addr_spec == "sam.rivera@example.org"
    assert "".join(reply_to.display_name.split()) == "".join(name.split())  # Python adds a space where it folds a line


@pytest.mark.parametrize("changes", [{"customer_email": "zoë@example.org"}, {"anonymised_at": STARTS_AT}])
def test_an_address_that_could_stop_the_coachs_mail_or_is_gone_is_not_in_it(changes: dict[str, Any]) -> None:
    mail = read(sample(MessageKind.REQUEST, **changes))
    assert mail.mail["Reply-To"] == "Spirit Athletics <hello@spirit.example>"
    says(mail, "A reply to this mail decides nothing.")


def test_a_gym_without_a_mailbox_asks_for_no_replies() -> None:
    context = SAMPLES[MessageKind.CONFIRMED]
    mailbox, context.gym.email = context.gym.email, ""
    try:
        assert read(context).mail["Reply-To"] is None
    finally:
        context.gym.email = mailbox


def test_mails_about_one_booking_are_one_thread_for_each_reader() -> None:
    threads: dict[MessageKind, Any] = {kind: read(SAMPLES[kind]).mail["References"] for kind in ABOUT_A_LESSON}
    assert threads.pop(MessageKind.CONFIRM_REQUEST) is None  # it is no booking yet
    assert {threads[kind] for kind in TO_PARENT if kind in threads} == {"<booking-41-family@spirit.example>"}
    assert {threads[kind] for kind in ABOUT_A_LESSON if kind in TO_STAFF} == {"<booking-41-coach@spirit.example>"}
    assert all(read(SAMPLES[kind]).mail["In-Reply-To"] == thread for kind, thread in threads.items())
    assert read(SAMPLES[MessageKind.SIGN_IN]).mail["References"] is None


def test_the_same_letter_makes_the_same_mail() -> None:
    for kind in set(ALL) - set(WITH_CALENDAR):  # a part's boundary is random, so compare what is said
        assert read(SAMPLES[kind]).text == read(SAMPLES[kind]).text
        assert read(SAMPLES[kind]).html == read(SAMPLES[kind]).html


@pytest.mark.parametrize("kind", ALL)
def test_no_word_that_blames_or_frightens(kind: MessageKind) -> None:
    said = (
        (read(SAMPLES[kind]).text + read(SAMPLES[kind]).subject).lower().replace("error rate", "")
    )  # admins' own word
    for word in ("error", "invalid", "successfully", "please note", "failed", "dear"):
        assert word not in said


def test_a_lesson_elsewhere_is_said_in_its_coachs_zone() -> None:
    berlin = sample(MessageKind.REQUEST)
    berlin.about.coach.timezone = "Europe/Berlin"
    says(read(berlin), "Wednesday, November 25, 1:00–2:00 am (Central European)")


def test_a_domain_with_an_umlaut_is_addressed_as_servers_write_it() -> None:
    mail = read(sample(MessageKind.REQUEST_RECEIVED, customer_email="sam@bücher.example")).mail
    assert mail["To"] == "sam@xn--bcher-kva.example"


def test_a_mail_about_a_booking_cannot_be_written_without_one() -> None:
    request = sample(MessageKind.REQUEST)
    lost = replace(request, booking=None)
    with pytest.raises(ValueError, match="a request mail needs its booking"):
        compose(lost, settings=settings, signer=signer)


def test_the_samples_are_of_every_kind() -> None:
    assert set(SAMPLES) == set(MessageKind)
    assert booking().status_at(SAMPLES[MessageKind.REQUEST].generated_at).value == "PENDING"
    assert APPROVED["approved_at"] is not None


def test_an_alert_says_what_since_when_and_what_to_do() -> None:
    mail = read(SAMPLES[MessageKind.ALERT])
    assert mail.subject == "Critical: Many requests fail (6.2 %)"
    assert mail.preheader.startswith("6.2 %; the limit is 5 % or more.")
    says(mail, "Critical", "Many requests fail", "6.2 %", "5 % or more", "31 of 500 requests", "families cannot book")
    says(mail, "Saturday, November 21, 9:45 am (Pacific)", "acknowledge it on that page")
    leads_to(mail, f"{CONSOLE}/alerts")


def test_an_alert_that_is_over_says_how_bad_it_was_and_how_long() -> None:
    mail = read(replace(SAMPLES[MessageKind.ALERT], notice=notice(over=True)))
    assert mail.subject == "Resolved: Many requests fail, after 15 minutes"
    says(mail, "Resolved", "6.2 %", "0.4 %", "Saturday, November 21, 10:00 am (Pacific)", "so it is resolved")


def test_an_alert_of_silence_names_no_number() -> None:
    mail = read(replace(SAMPLES[MessageKind.ALERT], notice=notice(after="no data", value=None)))
    assert mail.subject == "Critical: Many requests fail, nothing to measure"
    says(mail, "nothing to measure")


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        ({"denied_at": NOW}, "your request was declined on"),
        ({"expired_at": NOW}, "your request expired without an answer on"),
    ],
)
def test_a_correcting_mail_names_what_it_corrects(earlier: dict[str, Any], said: str) -> None:
    after_all = {
        **earlier,
        **BY_ADA,
        "changed_by_account": ada(),
        "after_all_reason": "Nora has time.",
        "late_cancel_hours": 0,
    }
    family = read(sample(MessageKind.CONFIRMED, **after_all))
    assert family.subject == f"Confirmed after all: Private tumbling with Nora Lindqvist, {WHEN}"
    says(family, "This corrects what you heard before", said, "Saturday, November 21, 10:00 am", "Nora has time.")
    says(family, "cancel it free of charge until it begins")
    assert "counts as late" not in family.text
    coach = read(sample(MessageKind.DECIDED_BY_ADMIN, **after_all))
    assert coach.subject == f"Approved after all for you by Ada Brandt: {WHEN}"
    says(coach, "This corrects what was so before", "Nora has time.")
    assert "wedding" not in coach.text, "an admin's earlier words were about something else"
