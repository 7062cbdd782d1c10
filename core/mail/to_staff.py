"""Facts of mails to an account about signing in: the one-time link and the invitation."""

from core.mail.facts import Action, Facts, common_facts_of, facts_of
from core.mail.links import Links
from core.mail.mail_context import MailContext
from core.outbox.kinds import Audience, MessageKind
from core.people.models import Account, Role
from core.wording import spoken_instant


@facts_of(MessageKind.SIGN_IN)
def sign_in(context: MailContext, links: Links) -> Facts:
    """A one-time link for the staff."""
    account, link_id = _needed(context)
    rows = [("For", account.email)]
    ends_at = context.message.not_after
    if ends_at is not None:
        rows.append(("Works until", spoken_instant(ends_at, context.gym_zone)))
    return Facts(rows, [Action("Sign in", links.sign_in(link_id), primary=True)])


@facts_of(MessageKind.INVITATION)
def invitation(context: MailContext, links: Links) -> Facts:
    """Who invites to what, and the first way in."""
    account, link_id = _needed(context)
    invited, ends_at = context.invitation, context.message.not_after
    if invited is None or ends_at is None:
        raise ValueError("an invitation needs who invites, and its end")
    until = spoken_instant(ends_at, context.gym_zone)
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


@common_facts_of(Audience.ADMIN)
@common_facts_of(Audience.STAFF)
def about_an_account(context: MailContext, links: Links) -> Facts:
    """The account's name, and the console."""
    name = context.account.name if context.account is not None else ""
    return Facts(rows=(), actions=[Action("Open the console", links.console, primary=True)], words={"name": name})


def _needed(context: MailContext) -> tuple[Account, int]:
    if context.sign_in_link_id is None or context.account is None:
        raise ValueError(f"a {context.message.kind.value} mail needs its link and its account")
    return context.account, context.sign_in_link_id
