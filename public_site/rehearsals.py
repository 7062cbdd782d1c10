"""Approval link of a practice request (rehearsal): the same page as for a real one, marked, and with no family behind it."""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

import tasks
from core.bookings.decisions import Decision
from core.errors import Invalid, Unavailable
from core.gym.models import the_gym
from core.http.request import services_of
from core.rehearsals import practice
from public_site.approval_page import CHOICES, ApprovalView, page_of
from public_site.forms import read_form
from public_site.transact import now, read, transact


async def show(request: Request) -> Response:
    """GET /rehearsals/{token}: as approvals.show. Raises NotFound, RequestExpired."""
    view = await _view_of(request)
    return page_of(request, view, request.query_params.get("decision", ""))


async def answer(request: Request) -> Response:
    """POST /rehearsals/{token}: as approvals.answer. Raises NotFound, RequestExpired, AlreadyDecided."""
    values = await read_form(request)
    decision, reason = values.get("decision", ""), values.get("reason", "")
    view = await _view_of(request)
    if decision not in list(Decision):
        return page_of(request, view, decision, error=Invalid(CHOICES), reason=reason)
    rehearsal_id = _id(request)
    try:
        await transact(
            request,
            lambda tx: practice.answer(
                tx.session, tx.coach, rehearsal_id, Decision(decision), reason=reason, now=tx.now
            ),
            coach=view.booking.coach_id,
        )
    except (Invalid, Unavailable) as error:
        return page_of(request, view, decision, error=error, reason=reason)
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    return page_of(request, await _view_of(request), decision)


async def _view_of(request: Request) -> ApprovalView:
    return await read(request, _view, _id(request), services_of(request).settings.console_url, now())


def _view(session: Session, rehearsal_id: int, console_url: str, at: datetime) -> ApprovalView:
    rehearsal = practice.get_rehearsal(session, rehearsal_id, now=at)
    is_open = rehearsal.answered_at is None
    return ApprovalView(the_gym(session), rehearsal.as_booking(), is_open, console_url, is_practice=True)


def _id(request: Request) -> int:
    return services_of(request).signer.read_rehearsal(request.path_params["token"])
