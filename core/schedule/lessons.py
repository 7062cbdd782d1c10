"""Lesson types: the form, and the command to create or change one. Existing bookings keep length, price and time."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid, NotFound
from core.gym.form_merge import Values, last_changed_by, merge
from core.gym.models import content_changed
from core.people.permissions import check_is_admin
from core.platform.actor import Actor
from core.platform.forms import Form, Line, PriceCents, Visible, matching
from core.schedule.models import FormerSlug, LessonType

Slug = Annotated[
    str,
    matching(r"[a-z0-9]+(?:-[a-z0-9]+)*", "Please use small letters, digits and hyphens, such as tumbling-60."),
]


class LessonFacts(Form):
    """The form of a lesson type; fields as on core.schedule.models.LessonType."""

    model_config = ConfigDict(str_strip_whitespace=True)

    slug: Annotated[Slug, Field(max_length=40, title="Address on the site")]
    name: Annotated[Visible, Field(max_length=80, title="Name")]
    description: Annotated[Line, Field(max_length=300, title="In a sentence")] = ""
    minutes: Annotated[int, Field(ge=10, le=240, title="Minutes")]
    price_cents: Annotated[PriceCents, Field(title="Price")]
    buffer_before_min: Annotated[int, Field(ge=0, le=120, title="Minutes kept free before")] = 0
    buffer_after_min: Annotated[int, Field(ge=0, le=120, title="Minutes kept free after")] = 0
    active: Annotated[bool, Field(title="Offered")] = True


def save_lesson(
    session: Session,
    lesson_id: int | None,
    facts: LessonFacts,
    *,
    by: Actor,
    now: datetime,
    shown: Values | None = None,
) -> LessonType:
    """
    Make a lesson type, or change one. A new one is taught by nobody yet.

    Args:
        shown: what the form had shown, as of core.gym.form_merge.

    Raises:
        NotAllowed: not an admin. NotFound: no such lesson.
        Invalid: its address is another lesson's.
        ChangedMeanwhile: the form was saved elsewhere while it was open.
    """
    check_is_admin(session, by)
    lesson = LessonType()
    if lesson_id is not None:
        lesson = _lock(session, lesson_id)
        facts = merge(
            facts.model_dump(),
            LessonFacts.of(lesson).model_dump(),
            shown,
            read=LessonFacts.parse,
            last_by=last_changed_by(session, Verb.LESSON_CHANGED, "lesson", lesson_id),
        )
    same_slug = session.scalars(select(LessonType).where(LessonType.slug == facts.slug)).one_or_none()
    if same_slug is not None and same_slug.id != lesson_id:
        raise Invalid({"slug": f"There is a lesson at {facts.slug} already."})
    former = lesson.slug
    for name, value in facts:
        setattr(lesson, name, value)
    session.add(lesson)
    session.flush()
    _keep_former_slug(session, lesson, former)
    audit.record(session, Verb.LESSON_CHANGED, "lesson", lesson.id, by=by, now=now)
    content_changed(session)
    return lesson


def _lock(session: Session, lesson_id: int) -> LessonType:
    lesson = session.get(LessonType, lesson_id, populate_existing=True, with_for_update=True)
    if lesson is None:
        raise NotFound("There is no such lesson.")
    return lesson


def _keep_former_slug(session: Session, lesson: LessonType, former: str | None) -> None:
    """Keep the former slug for redirects from old mails; a slug that is in use again leads to its present owner."""
    session.execute(
        delete(FormerSlug).where(FormerSlug.slug == lesson.slug).execution_options(synchronize_session=False)
    )
    if former is not None and former != lesson.slug:
        session.add(FormerSlug(slug=former, lesson_type_id=lesson.id))
        session.flush()
