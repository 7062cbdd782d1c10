"""A coach's public page: its texts, photo and lessons; and lesson types, listed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid
from core.gym.form_merge import Values, last_changed_by, merge, merge_choices
from core.images.image_commands import require_publishable
from core.images.models import ImageKind
from core.images.permissions import check_may_change
from core.platform.actor import Actor
from core.platform.text_cleaning import at_most, can_be_seen, one_line, paragraphs
from core.schedule.hours import check_may_edit
from core.schedule.models import Coach, LessonType

NAME_LENGTH, TAGLINE_LENGTH, BIO_LENGTH = 80, 120, 2000
TEXTS = {"name": (one_line, NAME_LENGTH), "tagline": (one_line, TAGLINE_LENGTH), "bio": (paragraphs, BIO_LENGTH)}


def page_of(coach: Coach) -> dict[str, Any]:
    """The stored values of `set_page`'s form: her texts, and the ids of the active lessons that she teaches."""
    taught = sorted(lesson.id for lesson in coach.lessons if lesson.active)
    return {"name": coach.account.name, "tagline": coach.tagline, "bio": coach.bio, "lesson_ids": taught}


def set_page(
    session: Session,
    coach: Coach,
    *,
    name: str,
    tagline: str,
    bio: str,
    lesson_ids: Sequence[int],
    by: Actor,
    now: datetime,
    shown: Values | None = None,
) -> Coach:
    """
    Store a coach's public page and lessons, by three-way merge. Existing bookings stay, whatever she teaches.

    Args:
        shown: what the form had shown, as of core.gym.form_merge.

    Raises:
        Invalid: a text is too long, the name is empty, a lesson is unknown.
        NotAllowed: neither the coach herself nor an admin.
        ChangedMeanwhile: the form was saved elsewhere while it was open.
    """
    check_may_edit(session, coach, by)
    values = {"name": name, "tagline": tagline, "bio": bio}
    texts, wrong = {}, {}
    for field, (read, length) in TEXTS.items():
        try:
            texts[field] = at_most(read(values[field]), length)
        except ValueError as error:
            wrong[field] = str(error)
    if "name" in texts and not can_be_seen(texts["name"]):
        wrong["name"] = "Please fill this in."
    stored = page_of(coach)
    chosen = merge_choices(lesson_ids, stored["lesson_ids"], shown["lesson_ids"] if shown else None)
    lessons = [lesson for lesson in all_lessons(session) if lesson.id in chosen]
    if len(lessons) != len(chosen):
        wrong["lesson_ids"] = "We know no such lesson."
    if wrong:
        raise Invalid(wrong)
    last_by = last_changed_by(session, Verb.PAGE_CHANGED, "coach", coach.id)
    texts = merge(texts, stored, shown, read=dict, last_by=last_by)
    coach.account.name, coach.tagline, coach.bio = texts["name"], texts["tagline"], texts["bio"]
    coach.lessons = [*lessons, *(lesson for lesson in coach.lessons if not lesson.active)]
    audit.record(session, Verb.PAGE_CHANGED, "coach", coach.id, by=by, now=now)
    session.flush()
    return coach


def set_photo(session: Session, coach: Coach, image_id: int | None, *, by: Actor, now: datetime) -> Coach:
    """
    Set the photo on a coach's page; None removes it.

    Raises:
        NotFound: we know no such picture, or it is not hers.
        NotPossible: it is not made yet, not described, or was sent for another purpose.
        NotAllowed: neither the coach herself nor an admin.
    """
    check_may_edit(session, coach, by)
    if image_id is not None:
        image = require_publishable(session, image_id, ImageKind.PROFILE)
        if image_id != coach.photo_id:
            check_may_change(session, image, by)
    coach.photo_id = image_id
    audit.record(session, Verb.PAGE_CHANGED, "coach", coach.id, by=by, now=now)
    session.flush()
    session.expire(coach, ["photo"])
    return coach


def renew_feed(session: Session, coach: Coach, *, by: Actor, now: datetime) -> Coach:
    """Rotate the secret address of a coach's calendar feed; the old one is revoked. Raises NotAllowed."""
    check_may_edit(session, coach, by)
    coach.feed_version += 1
    audit.record(session, Verb.FEED_RENEWED, "coach", coach.id, by=by, now=now)
    session.flush()
    return coach


def all_lessons(session: Session) -> Sequence[LessonType]:
    """Active lesson types, shortest first."""
    return session.scalars(
        select(LessonType).where(LessonType.active).order_by(LessonType.minutes, LessonType.id)
    ).all()


def every_lesson(session: Session) -> Sequence[LessonType]:
    """All lesson types, inactive ones too, shortest first."""
    return session.scalars(select(LessonType).order_by(LessonType.minutes, LessonType.id)).all()
