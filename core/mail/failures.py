"""
Why a mail was not taken. The sentence names nobody: it is kept in the outbox and in the log.

    MailFailure
    ├── TemporaryFailure        worth another try: busy, slow, away, or dropped on the way
    ├── PermanentFailure        refused for good: this mail or its reader
    └── AuthenticationFailure   refused us: every other mail would fail as well
"""


class MailFailure(Exception):
    """The root: tried again later, if nothing more is known."""


class TemporaryFailure(MailFailure):
    pass


class PermanentFailure(MailFailure):
    pass


class AuthenticationFailure(MailFailure):
    pass
