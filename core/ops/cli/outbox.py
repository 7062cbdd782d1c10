"""Commands on the outbox: list, show, retry, resend, drop, hold, release; and a test mail."""

from datetime import datetime
from typing import Annotated

import typer

from core.bootstrap import services
from core.errors import SetupError
from core.gym.models import the_gym
from core.images import storage_ownership
from core.mail import outbox_admin
from core.mail.compose import compose, trial_mail
from core.mail.context_reader import read_context
from core.mail.transports import FolderTransport, MailFailure
from core.migrations import check_schema
from core.outbox import messages
from core.outbox.models import MessageState, OutboxMessage
from core.platform import clock
from core.platform.actor import COMMAND_LINE
from core.platform.number_parsing import MAX_ID
from core.platform.services import Services

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The mail queue.")
MessageId = Annotated[int, typer.Argument(min=1, max=MAX_ID, help="The number in `spirit outbox list`.")]


@app.command("list")
def list_mails(
    state: Annotated[str | None, typer.Option(help="Only queued, sending, sent, dropped or dead ones.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """The latest mails, newest first. Recipients are shown by `show` only."""
    with _ready().database.read() as session:
        for message in messages.list_messages(session, state=_state(state), limit=limit):
            print(_line(message))
        if the_gym(session).mail_held:
            print("Mail is held: nothing is sent until `spirit outbox release`.")


@app.command()
def show(message_id: MessageId) -> None:
    """One mail: its state, and its text as it would be written now, every secret link masked."""
    ready = _ready()
    with ready.database.read() as session:
        message = messages.get_message(session, message_id)
        context = read_context(session, message, zone=ready.settings.zone, now=clock.now())
        mail = compose(context, settings=ready.settings, signer=ready.signer, mask_links=True)
    print(_line(message))
    for name in ("To", "Subject", "Message-ID"):
        print(f"{name}: {mail[name]}")
    body = mail.get_body(("plain",))
    if body is not None:
        print("", body.get_content().rstrip(), sep="\n")


@app.command()
def retry(
    message_id: Annotated[int | None, typer.Argument(help="The number in `spirit outbox list`.")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Every mail that was given up.")] = False,
    since: Annotated[datetime | None, typer.Option(help="With --dead: given up from then on; the gym's time.")] = None,
) -> None:
    """Try a dead or waiting mail again, at once; with --dead all dead ones."""
    if (message_id is None) is not dead or (since is not None and not dead):
        raise typer.BadParameter("a mail's number, or --dead with or without --since")
    ready = _ready()
    if message_id is not None:
        ready.database.transact(lambda tx: outbox_admin.retry(tx.session, message_id, by=COMMAND_LINE, now=tx.now))
        print(f"Mail {message_id} is queued again.")
        return
    instant = since.replace(tzinfo=ready.settings.zone) if since is not None else None
    queued = ready.database.transact(
        lambda tx: outbox_admin.retry_dead(tx.session, instant, by=COMMAND_LINE, now=tx.now)
    )
    print(f"{len(queued)} {'mail is' if len(queued) == 1 else 'mails are'} queued again.")


@app.command()
def resend(message_id: MessageId) -> None:
    """Send a mail once more that was sent, to the address on record now; a dead or waiting one is tried at once."""
    again = _ready().database.transact(
        lambda tx: outbox_admin.resend(tx.session, message_id, by=COMMAND_LINE, now=tx.now)
    )
    print(f"Mail {again.id} is queued.")


@app.command()
def drop(
    message_id: MessageId,
    reason: Annotated[str, typer.Option(help="Why; kept with the mail.")] = outbox_admin.DROPPED_BY_HAND,
) -> None:
    """Never send this mail."""
    _ready().database.transact(
        lambda tx: outbox_admin.drop(tx.session, message_id, reason=reason, by=COMMAND_LINE, now=tx.now)
    )
    print(f"Mail {message_id} will not be sent.")


@app.command()
def hold() -> None:
    """Send nothing until `release`."""
    _ready().database.transact(lambda tx: outbox_admin.hold(tx.session, by=COMMAND_LINE, now=tx.now))
    print("Mail is held.")


@app.command()
def release() -> None:
    """End the hold, after a restore or by hand: mail and webhooks go out, files are removed again, and the mail server is tried anew."""
    ready = _ready()
    ready.database.transact(lambda tx: outbox_admin.release(tx.session, by=COMMAND_LINE, now=tx.now))
    with ready.database.read() as session:
        due = messages.count_due(session, now=clock.now())
    waiting = "none waits" if not due else f"{due} {'is' if due == 1 else 'are'} due at once, if still true"
    print(f"Mail goes out again; {waiting}. Files that nothing refers to are removed again.")
    if reason := storage_ownership.why_not_ours(ready, claim=False):
        print(f"But no file is removed: {reason}")


def send_test_email(address: Annotated[str, typer.Argument(help="Who gets it.")]) -> None:
    """Send one mail now, past the queue, and say what the mail server says to it."""
    ready = _ready()
    with ready.database.read() as session:
        gym = the_gym(session)
    try:
        mail = trial_mail(gym, address, settings=ready.settings, now=clock.now())
        ready.transport.send(mail, recipient=address)
    except MailFailure as failure:
        raise SetupError(f"It was not sent: {failure}. See SPIRIT_MAIL_URL and SPIRIT_MAIL_FROM.") from None
    except ValueError:
        raise SetupError(f"{address!r} is no mail address.") from None
    transport = ready.transport
    print(
        f"Written to {transport.folder}."
        if isinstance(transport, FolderTransport)
        else f"The mail server took it for {address}."
    )


def _ready() -> Services:
    check_schema(services().database)
    return services()


def _state(asked: str | None) -> MessageState | None:
    if asked is None:
        return None
    try:
        return MessageState(asked.upper())
    except ValueError:
        known = ", ".join(state.value.lower() for state in MessageState)
        raise SetupError(f"There is no state {asked!r}; there are {known}.") from None


def _line(message: OutboxMessage) -> str:
    """ "7  QUEUED  request  booking 12  due 2026-11-24 15:00:00Z  3 tries  421 try later"."""
    cause = f"booking {message.booking_id}" if message.booking_id is not None else "sign-in"
    tries = "1 try" if message.attempts == 1 else f"{message.attempts} tries"
    fate = f"{message.id:>6}  {message.state.value:<7}  {message.kind.value:<17}  {cause:<12}"
    return f"{fate}  due {message.due_at:%Y-%m-%d %H:%M:%S}Z  {tries}  {message.last_error or ''}".rstrip()
