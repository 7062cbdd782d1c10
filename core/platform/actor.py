"""
Value object: who gives a command (the staff account, if there is one), in which role, and through which channel.

A role says who somebody claims to be, for histories and sentences; it permits nothing. What a command allows is decided by
the account's row, which it reads in its own transaction.
"""

import enum
from dataclasses import dataclass

from core.errors import NotAllowed


class ActorRole(enum.StrEnum):
    """Who made a change. `COMMAND_LINE` changes no booking."""

    PARENT = "PARENT"
    COACH = "COACH"
    ADMIN = "ADMIN"
    CLOCK = "CLOCK"  # what happens by itself
    COMMAND_LINE = "COMMAND_LINE"


class Channel(enum.StrEnum):
    """How a command reached the gym. `COMMAND_LINE` changes no booking."""

    SITE = "SITE"
    MAIL = "MAIL"
    CONSOLE = "CONSOLE"
    API = "API"
    CLOCK = "CLOCK"
    COMMAND_LINE = "COMMAND_LINE"


@dataclass(frozen=True)
class Actor:
    """Who gives a command. account_id: None for a parent, the clock, the command line, and a coach without an account."""

    account_id: int | None
    role: ActorRole
    channel: Channel

    @property
    def staff_id(self) -> int:
        """The account, for commands that only members of staff give. Raises NotAllowed where there is none."""
        if self.account_id is None:
            raise NotAllowed("Only a member of staff can do this.")
        return self.account_id


PARENT_ON_SITE = Actor(None, ActorRole.PARENT, Channel.SITE)
THE_CLOCK = Actor(None, ActorRole.CLOCK, Channel.CLOCK)
# Whoever starts `spirit` has the whole machine.
COMMAND_LINE = Actor(None, ActorRole.COMMAND_LINE, Channel.COMMAND_LINE)
