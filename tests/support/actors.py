"""Who gives a command in a test."""

from core.platform.actor import Actor, ActorRole, Channel


def as_staff(account_id: int, channel: Channel = Channel.CONSOLE) -> Actor:
    """That account on a page. It claims to be a coach whoever it is: what is allowed, the account's row decides."""
    return Actor(account_id, ActorRole.COACH, channel)
