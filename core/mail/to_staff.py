"""What the mails with a link to sign in say."""

from core.mail.context import Action, Facts, Letter
from core.mail.links import Links
from core.people.models import Account, Role
from core.platform.settings import Settings
from core.wording import spoken_instant


def sign_in(letter: Letter, links: Links, settings: Settings) -> Facts:
    """A one-time link for the staff."""
    account, link_id = _needed(letter)
    rows = [("For", account.email)]
    ends_at = letter.message.not_after
    if ends_at is not None:
        rows.append(("Works until", spoken_instant(ends_at, settings.zone)))
    return Facts(rows, [Action("Sign in", links.sign_in(link_id), primary=True)])


def invitation(letter: Letter, links: Links, settings: Settings) -> Facts:
    """Who invites to what, and the first way in."""
    account, link_id = _needed(letter)
    invited, ends_at = letter.invitation, letter.message.not_after
    if invited is None or ends_at is None:
        raise ValueError("an invitation needs who invites, and its end")
    until = spoken_instant(ends_at, settings.zone)
    as_what = "Admin" if account.role is Role.ADMIN else "Coach"
    if invited.teaches and account.role is Role.ADMIN:
        as_what = "Admin, and coach"
    return Facts(
        rows=[("From", invited.by), ("As", as_what), ("For", account.email), ("Works until", until)],
        actions=[Action("Come in", links.sign_in(link_id), primary=True)],
        words={
            "name": account.name,
            "by": invited.by,
            "is_admin": account.role is Role.ADMIN,
            "teaches": invited.teaches,
            "until": until,
            "console": links.console,
        },
    )


def _needed(letter: Letter) -> tuple[Account, int]:
    if letter.sign_in_link_id is None or letter.account is None:
        raise ValueError(f"a {letter.message.kind.value} mail needs its link and its account")
    return letter.account, letter.sign_in_link_id
