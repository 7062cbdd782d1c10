"""
Exceptions of the transports: why a mail was not taken. The sentence names nobody, for it stays in the outbox and the log.

    MailFailure
    ├── TemporaryFailure        this mail, for now: greylisting, a full mailbox, a line that broke off
    │   ├── PolicyFailure       the server refuses what we write, by its rules; its reader can do nothing about it
    │   └── ServerFailure       the server is away, slow, or refuses us: every other mail would fare the same
    ├── AuthenticationFailure   the server refuses our sign-in: every other mail would fare the same
    └── PermanentFailure        the reader's address takes no mail: no later try would reach it
"""


class MailFailure(Exception):
    """The root: tried again later, if nothing more is known."""


class TemporaryFailure(MailFailure):
    pass


class PolicyFailure(TemporaryFailure):
    pass


class ServerFailure(TemporaryFailure):
    pass


class PermanentFailure(MailFailure):
    pass


class AuthenticationFailure(MailFailure):
    pass
