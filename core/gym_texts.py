"""What the gym says of itself, and its policy for cancelling: changed by admins."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.edits import Values, last_changed_by, merge
from core.errors import Invalid
from core.gym import Gym, content_changed, lock_gym
from core.people.accounts import normalized
from core.people.staff import check_is_admin
from core.text import one_line, paragraphs, something


class GymTexts(BaseModel):
    """As on core.gym.Gym. late_cancel_hours: a parent's cancellation later than this is recorded as late."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(max_length=80), AfterValidator(something)]
    email: Annotated[str, Field(max_length=254)] = ""
    phone: Annotated[str, Field(max_length=40), AfterValidator(one_line)] = ""
    street: Annotated[str, Field(max_length=120), AfterValidator(one_line)] = ""
    late_cancel_hours: Annotated[int, Field(ge=0, le=336)] = 24
    cancellation_fee_text: Annotated[str, Field(max_length=300), AfterValidator(paragraphs)] = ""

    @classmethod
    def of(cls, gym: Gym) -> "GymTexts":
        """Those that families see now."""
        return cls.model_construct(**{name: getattr(gym, name) for name in cls.model_fields})

    @classmethod
    def parse(cls, values: dict[str, Any]) -> "GymTexts":
        """Raises Invalid, by field."""
        try:
            texts = cls.model_validate(values)
        except ValidationError as error:
            names = {str(problem["loc"][0]) for problem in error.errors()}
            raise Invalid({name: f"Please look at this again: {name.replace('_', ' ')}." for name in names}) from None
        if texts.email:
            address = normalized(texts.email)
            if not address.rpartition("@")[0].isascii():  # no mail's head could say it
                raise Invalid({"email": "Please use an address without accents before the @."})
            texts = texts.model_copy(update={"email": address})
        return texts


def set_gym(session: Session, texts: GymTexts, *, account_id: int, now: datetime, shown: Values | None = None) -> Gym:
    """
    Every page and every mail from now on.

    Args:
        shown: what the form had shown, as of core.edits.

    Raises NotAllowed, ChangedMeanwhile.
    """
    check_is_admin(session, account_id)
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
    audit.record(session, Verb.GYM_CHANGED, "gym", by=account_id, now=now)
    session.flush()
    content_changed(session)
    return gym
