"""The coach's approval link from the mail: GET shows the request with both answers and changes nothing; POST decides."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

import tasks
from core.bookings import queries
from core.bookings.approval_warnings import Concern, concerns
from core.bookings.decisions import Decision, by_link, check_answerable, decide
from core.bookings.mail_status import family_status, said_to_staff
from core.bookings.models import Booking
from core.bookings.sentences import actor_name
from core.errors import Invalid, NeedsAgreement, NotFound, SpiritError, Unavailable
from core.gym.models import Gym, the_gym
from core.http import problem_json
from core.http.request import services_of
from core.people.accounts import check_usable
from core.platform.actor import Channel
from core.platform.signed_tokens import DecideToken
from public_site.forms import read_form
from public_site.templating import render
from public_site.transact import now, read, read_after, transact

ANSWERED = "Your answer was saved. This page cannot be shown just now; please open it again in a moment."
CHOICES = {"decision": "Please choose: approve or deny."}


@dataclass(frozen=True)
class ApprovalView:
    """The data of the coach's page."""

    gym: Gym
    booking: Booking
    is_open: bool  # it still waits for an answer
    console_url: str
    is_practice: bool = False  # a rehearsal, which no family has requested
    mail_to_family: str = ""  # its delivery status, one sentence
    concerns: Mapping[Concern, str] = field(default_factory=dict)  # warnings against approving


async def show(request: Request) -> Response:
    """GET /approvals/{token}: the request with both answers; `?decision=` preselects one. Changes nothing."""
    token = _token(request)
    preselected = request.query_params.get("decision", "")
    view = await read(request, _view, token, services_of(request).settings.console_url, now())
    return page_of(request, view, preselected)


async def answer(request: Request) -> Response:
    """POST /approvals/{token}: decide, then show what became of it."""
    token = _token(request)
    values = await read_form(request)
    decision, reason = values.get("decision", ""), values.get("reason", "")
    try:
        await decide_by_link(request, token, decision, reason, despite=values.get("despite", "").split())
    except (Invalid, NeedsAgreement, Unavailable) as error:
        view = await read_after(error, request, _view, token, services_of(request).settings.console_url, now())
        return page_of(request, view, decision, error=error, reason=reason)
    view = await read_after(
        Unavailable(ANSWERED), request, _view, token, services_of(request).settings.console_url, now()
    )
    return page_of(request, view, decision)


async def decide_by_link(
    request: Request,
    token: DecideToken,
    decision: str,
    reason: str | None,
    channel: Channel = Channel.MAIL,
    *,
    despite: Collection[str] = (),
) -> Booking:
    """Decide a request by the coach's token, for page and API. Raises Invalid for another decision; what `decide` raises."""
    if decision not in list(Decision):
        raise Invalid(CHOICES)
    booking = await transact(
        request,
        lambda tx: decide(
            tx.session,
            tx.coach,
            token.booking_id,
            Decision(decision),
            by=by_link(tx.coach, channel),
            reason=reason,
            slot_version=token.slot_version,
            despite=despite,
            now=tx.now,
        ),
        coach=token.coach_id,
    )
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    return booking


def _view(session: Session, token: DecideToken, console_url: str, at: datetime) -> ApprovalView:
    """The page's data. Raises NotFound, and for what can no longer be answered LinkReplaced, BookingCancelled, RequestExpired."""
    booking = queries.get_booking(session, token.booking_id)
    if booking.coach_id != token.coach_id:
        raise NotFound
    check_usable(booking.coach.account)
    is_open = check_answerable(session, booking, None, slot_version=token.slot_version, now=at)
    warnings = concerns(session, [booking])[booking.id] if is_open else {}
    mail = "" if is_open else said_to_staff(family_status(session, booking, now=at), booking)
    return ApprovalView(the_gym(session), booking, is_open, console_url, mail_to_family=mail, concerns=warnings)


def _token(request: Request) -> DecideToken:
    return services_of(request).signer.read_decide(request.path_params["token"])


def page_of(
    request: Request, view: ApprovalView, decision: str, *, error: SpiritError | None = None, reason: str = ""
) -> Response:
    """Render the page: the request with both answers, or its outcome; with an error's status where there is one."""
    context = {
        "gym": view.gym,
        "view": view,
        "booking": view.booking,
        "zone": view.booking.coach.zone,
        "deny_first": decision == Decision.DENY,
        "by": actor_name(view.booking),
        "error": error,
        "reason": reason,
    }
    status, headers = (problem_json.status_of(error), problem_json.headers_of(error)) if error else (200, {})
    return render(request, "approval.html", context, status=status, headers=headers)
