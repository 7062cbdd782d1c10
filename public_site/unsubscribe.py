"""
One-click unsubscribe of a coach from one kind of mail (RFC 8058): GET shows a button and changes nothing, POST stops it.

Mail programs post without a page and from any origin: the signed token in the address is the proof.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from core.errors import NotFound
from core.gym.models import Gym, the_gym
from core.http.request import services_of
from core.people.accounts import check_usable
from core.schedule.models import Coach
from core.schedule.preferences import Digest, stop_mail
from public_site.templating import render
from public_site.transact import read, transact

NAMES = {Digest.DAILY_SUMMARY: "the daily summary", Digest.ROLL_UP: "the hourly mails about many requests"}


@dataclass(frozen=True)
class StopView:
    """The data of the page."""

    gym: Gym
    is_on: bool  # she still gets this mail
    mail: str
    console_url: str


async def show(request: Request) -> Response:
    """GET /unsubscribe/{token}: the button. Raises NotFound."""
    coach_id, digest = _token(request)
    return await _page(request, coach_id, digest)


async def stop(request: Request) -> Response:
    """POST /unsubscribe/{token}: turn this mail off; idempotent. Raises NotFound."""
    coach_id, digest = _token(request)
    await transact(request, lambda tx: _stop(tx.session, tx.coach, digest, now=tx.now), coach=coach_id)
    return await _page(request, coach_id, digest)


def _stop(session: Session, coach: Coach, digest: Digest, *, now: datetime) -> None:
    check_usable(coach.account)
    stop_mail(session, coach, digest, now=now)


async def _page(request: Request, coach_id: int, digest: Digest) -> Response:
    view = await read(request, _view, coach_id, digest, services_of(request).settings.console_url)
    return render(request, "unsubscribe.html", {"gym": view.gym, "view": view})


def _view(session: Session, coach_id: int, digest: Digest, console_url: str) -> StopView:
    coach = session.get(Coach, coach_id)
    if coach is None:
        raise NotFound
    check_usable(coach.account)
    return StopView(the_gym(session), getattr(coach, digest.preference), NAMES[digest], console_url)


def _token(request: Request) -> tuple[int, Digest]:
    """The coach and the kind of mail. Raises NotFound for a token that is not ours, or of a kind that no longer exists."""
    coach_id, number = services_of(request).signer.read_stop_mail(request.path_params["token"])
    if number not in list(Digest):
        raise NotFound
    return coach_id, Digest(number)
