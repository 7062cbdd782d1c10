"""The gym's texts and terms of cancelling as a form, changed by admins."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.gym.form_merge import Values, last_changed_by, merge
from core.gym.models import Gym, content_changed, lock_gym
from core.people.permissions import check_is_admin
from core.platform.actor import Actor
from core.platform.contacts import email_address, email_key
from core.platform.forms import Form, Line, Visible
from core.platform.text_cleaning import paragraphs


def _email(value: str) -> str:
    """Validate an empty text, or an ASCII address that a mail's Reply-To can carry. Raises ValueError."""
    if not value:
        return ""
    address = email_key(email_address(value))
    if not address.rpartition("@")[0].isascii():
        raise ValueError("Please use an address without accents before the @.")
    return address


class GymTexts(Form):
    """The form of the gym's texts; fields as on core.gym.models.Gym."""

    model_config = ConfigDict(str_strip_whitespace=True)

    name: Annotated[Visible, Field(max_length=80, title="Name")]
    email: Annotated[str, AfterValidator(_email), Field(title="E-mail address that families write to")] = ""
    phone: Annotated[Line, Field(max_length=40, title="Phone")] = ""
    street: Annotated[Line, Field(max_length=120, title="Address")] = ""
    late_cancel_hours: Annotated[int, Field(ge=0, le=336, title="Cancelling is free until … hours before")] = 24
    cancellation_fee_text: Annotated[
        str, AfterValidator(paragraphs), Field(max_length=300, title="What a late cancellation means")
    ] = ""


def set_gym(session: Session, texts: GymTexts, *, by: Actor, now: datetime, shown: Values | None = None) -> Gym:
    """
    Store the gym's texts, by three-way merge; cached public pages are invalidated.

    Args:
        shown: what the form had shown, as of core.gym.form_merge.

    Raises NotAllowed, ChangedMeanwhile.
    """
    check_is_admin(session, by)
    gym = lock_gym(session)
    texts = merge(
        texts.model_dump(),
        GymTexts.of(gym).model_dump(),
        shown,
        read=GymTexts.parse,
        last_by=last_changed_by(session, Verb.GYM_CHANGED, "gym"),
    )
    for name, value in texts:
        setattr(gym, name, value)
    audit.record(session, Verb.GYM_CHANGED, "gym", by=by, now=now)
    session.flush()
    content_changed(session)
    return gym
