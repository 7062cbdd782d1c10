"""
SMTP refusal classification: whose fault an answer is, by phase, reply code (RFC 5321) and enhanced code (RFC 3463).

Only a fault of the reader's address ends a mail. Whatever else is refused is tried again for as long as the mail is
true: a limit is lifted, a mailbox is emptied, a setting is corrected.
"""

import re
import smtplib
from collections.abc import Collection
from dataclasses import dataclass

from core.outbox.delivery_failures import (
    AuthenticationFailure,
    MailFailure,
    PermanentFailure,
    PolicyFailure,
    ServerFailure,
    TemporaryFailure,
)

ENHANCED_CODE = re.compile(rb"[245]\.(\d{1,3}\.\d{1,3})\b")
RCPT, AFTER_MAIL = ("rcpt",), ("rcpt", "data")
SAYS: dict[type[MailFailure], str] = {
    PermanentFailure: "the mail server says that this address takes no mail",
    TemporaryFailure: "the mail server said no for now",
    PolicyFailure: "the mail server refused this mail, which is no fault of its reader",
    ServerFailure: "the mail server takes no mail of ours at the moment",
    AuthenticationFailure: "the mail server refused our sign-in",
}


@dataclass(frozen=True)
class Rule:
    """
    One line of the table; empty means any.

    codes: reply codes, or the first digit of them. details: a pattern for the enhanced code behind its first digit.
    """

    failure: type[MailFailure]
    why: str
    phases: Collection[str] = ()
    codes: Collection[int] = ()
    details: str | None = ""

    def covers(self, phase: str, code: int, detail: str | None) -> bool:
        """Whether this line decides. detail: "1.1" of 5.1.1; None where the server gave none."""
        if self.phases and phase not in self.phases:
            return False
        if self.codes and code not in self.codes and code // 100 not in self.codes:
            return False
        if self.details is None:
            return detail is None
        return not self.details or (detail is not None and re.fullmatch(self.details, detail) is not None)


RULES = (  # the first line that covers an answer decides
    Rule(AuthenticationFailure, "it wants a sign-in, a better one, or one with encryption", codes=(530, 534, 535, 538)),
    Rule(AuthenticationFailure, "a sign-in that is refused for good", phases=("login",), codes=(5,)),
    Rule(ServerFailure, "it is closing: for everybody", codes=(421,)),
    Rule(TemporaryFailure, "a full mailbox is emptied one day", AFTER_MAIL, (4, 5), r"2\.2"),
    Rule(ServerFailure, "it has no room, or too many mails of ours at a time", codes=(452,)),
    Rule(
        PolicyFailure,
        "too large: our mails are small, so a limit somewhere is wrong",
        AFTER_MAIL,
        (4, 5),
        r"[23]\.[34]",
    ),
    Rule(ServerFailure, "our own address is refused, and every mail has it", AFTER_MAIL, (4, 5), r"1\.[78]"),
    Rule(ServerFailure, "its system, or our sending limit (5.4.5)", AFTER_MAIL, (4, 5), r"3\.\d+|4\.5"),
    Rule(PermanentFailure, "no such address, or none any more", AFTER_MAIL, (5,), r"1\.\d+|2\.1"),
    Rule(PermanentFailure, "it cannot write to an address with such letters", AFTER_MAIL, (5,), r"6\.7"),
    Rule(PermanentFailure, "the plain words for an unknown mailbox", RCPT, (550, 553), None),
    Rule(PolicyFailure, "its rules: relaying, block lists, content, routes, forms", AFTER_MAIL, (5,)),
    Rule(TemporaryFailure, "greylisting, and all that is about this mail for now", AFTER_MAIL, (4,)),
    Rule(ServerFailure, "before a reader is named, every mail fares the same"),
)


def failure_of(phase: str, answer: smtplib.SMTPResponseException) -> MailFailure:
    """What an answer in this phase means. Of its text only the codes are recorded: the rest may name people."""
    text = answer.smtp_error if isinstance(answer.smtp_error, bytes) else str(answer.smtp_error).encode()
    enhanced = ENHANCED_CODE.match(text)
    detail = enhanced.group(1).decode() if enhanced else None
    said = f"{answer.smtp_code} {enhanced.group().decode()}" if enhanced else str(answer.smtp_code)
    rule = next(rule for rule in RULES if rule.covers(phase, answer.smtp_code, detail))
    return rule.failure(f"{SAYS[rule.failure]} ({phase}: {said})")
