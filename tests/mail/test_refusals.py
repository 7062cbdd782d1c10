"""Whose fault a refusal is: the whole matrix of phase, reply code and enhanced code, and the reasons of its table."""

import smtplib

import pytest

from core.mail.smtp_refusals import RULES, SAYS, failure_of
from core.outbox.delivery_failures import (
    AuthenticationFailure,
    MailFailure,
    PermanentFailure,
    PolicyFailure,
    ServerFailure,
    TemporaryFailure,
)

READER, MAIL, POLICY, SERVER, SIGN_IN = (
    PermanentFailure,
    TemporaryFailure,
    PolicyFailure,
    ServerFailure,
    AuthenticationFailure,
)
EARLY = ("greeting", "hello", "starttls", "login", "mail")
MATRIX: dict[str, tuple[type[MailFailure], type[MailFailure], type[MailFailure]]] = {
    # answer: (at MAIL FROM, at RCPT TO, after the text)
    "550": (SERVER, READER, POLICY),
    "553": (SERVER, READER, POLICY),
    "551": (SERVER, POLICY, POLICY),
    "552": (SERVER, POLICY, POLICY),
    "554": (SERVER, POLICY, POLICY),
    "501": (SERVER, POLICY, POLICY),
    "503": (SERVER, POLICY, POLICY),
    "550 5.1.0": (SERVER, READER, READER),
    "550 5.1.1": (SERVER, READER, READER),
    "501 5.1.3": (SERVER, READER, READER),
    "551 5.1.6": (SERVER, READER, READER),
    "550 5.1.10": (SERVER, READER, READER),
    "553 5.1.7": (SERVER, SERVER, SERVER),  # the sender's address
    "550 5.1.8": (SERVER, SERVER, SERVER),
    "550 5.2.1": (SERVER, READER, READER),
    "552 5.2.2": (SERVER, MAIL, MAIL),  # a full mailbox
    "452 4.2.2": (SERVER, MAIL, MAIL),
    "552 5.2.3": (SERVER, POLICY, POLICY),  # too large
    "552 5.3.4": (SERVER, POLICY, POLICY),
    "550 5.3.0": (SERVER, SERVER, SERVER),
    "554 5.3.2": (SERVER, SERVER, SERVER),
    "452 4.3.1": (SERVER, SERVER, SERVER),
    "451 4.3.0": (SERVER, SERVER, SERVER),
    "550 5.4.1": (SERVER, POLICY, POLICY),
    "550 5.4.4": (SERVER, POLICY, POLICY),
    "550 5.4.5": (SERVER, SERVER, SERVER),  # the daily sending limit
    "451 4.4.5": (SERVER, SERVER, SERVER),
    "550 5.5.1": (SERVER, POLICY, POLICY),
    "554 5.6.0": (SERVER, POLICY, POLICY),
    "550 5.6.7": (SERVER, READER, READER),
    "550 5.7.1": (SERVER, POLICY, POLICY),
    "554 5.7.1": (SERVER, POLICY, POLICY),
    "550 5.7.26": (SERVER, POLICY, POLICY),
    "530 5.7.0": (SIGN_IN, SIGN_IN, SIGN_IN),
    "535 5.7.8": (SIGN_IN, SIGN_IN, SIGN_IN),
    "421": (SERVER, SERVER, SERVER),
    "421 4.7.0": (SERVER, SERVER, SERVER),
    "452": (SERVER, SERVER, SERVER),
    "452 4.5.3": (SERVER, SERVER, SERVER),
    "450": (SERVER, MAIL, MAIL),
    "451": (SERVER, MAIL, MAIL),
    "450 4.1.1": (SERVER, MAIL, MAIL),
    "450 4.2.0": (SERVER, MAIL, MAIL),
    "451 4.7.1": (SERVER, MAIL, MAIL),  # greylisting
}


def verdict(phase: str, answer: str) -> MailFailure:
    code, _, enhanced = answer.partition(" ")
    text = f"{enhanced} sam@example.org is not known here".encode()
    return failure_of(phase, smtplib.SMTPResponseException(int(code), text))


@pytest.mark.parametrize("answer", MATRIX)
def test_whose_fault_an_answer_is(answer: str) -> None:
    found = tuple(type(verdict(phase, answer)) for phase in ("mail", "rcpt", "data"))
    assert found == MATRIX[answer]


@pytest.mark.parametrize("phase", EARLY)
@pytest.mark.parametrize("answer", MATRIX)
def test_before_a_reader_is_named_no_answer_ends_a_mail(phase: str, answer: str) -> None:
    assert isinstance(verdict(phase, answer), ServerFailure | AuthenticationFailure)


def test_a_sign_in_is_refused_for_good_or_for_now() -> None:
    assert type(verdict("login", "535")) is type(verdict("login", "500")) is SIGN_IN
    assert type(verdict("login", "454 4.7.0")) is SERVER


@pytest.mark.parametrize("answer", MATRIX)
def test_what_is_kept_of_an_answer_are_its_codes(answer: str) -> None:
    sentence = str(verdict("rcpt", answer))
    assert sentence.endswith(f"(rcpt: {answer})") and "@" not in sentence


def test_every_line_of_the_table_has_a_reason_and_a_sentence_and_decides_something() -> None:
    assert all(rule.why and rule.failure in SAYS for rule in RULES)
    decided = {
        next(number for number, rule in enumerate(RULES) if rule.covers(phase, int(answer[:3]), answer[6:] or None))
        for answer in MATRIX
        for phase in ("login", "mail", "rcpt", "data")
    }
    assert decided == set(range(len(RULES)))
