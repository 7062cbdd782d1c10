"""What parents read about a coach, and which lessons she teaches."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Invalid
from core.schedule.hours import check_may_edit
from core.schedule.models import Coach, LessonType

NAME_LENGTH, TAGLINE_LENGTH, BIO_LENGTH = 80, 120, 2000


def set_page(
    session: Session,
    coach: Coach,
    *,
    name: str,
    tagline: str,
    bio: str,
    lesson_ids: Sequence[int],
    account_id: int,
    now: datetime,
) -> Coach:
    """
    Change her public page. What is booked already stays, whatever she teaches from now on.

    Raises:
        Invalid: a text is too long or has special characters, the name is empty, a lesson is unknown.
        NotAllowed: neither the coach herself nor an admin.
    """
    check_may_edit(session, coach, account_id)
    texts = {
        "name": _text(name, NAME_LENGTH, one_line=True),
        "tagline": _text(tagline, TAGLINE_LENGTH, one_line=True),
        "bio": _text(bio, BIO_LENGTH, one_line=False),
    }
    wrong = {field: sentence for field, (_, sentence) in texts.items() if sentence}
    if not texts["name"][0]:
        wrong["name"] = "Please fill this in."
    lessons = [lesson for lesson in all_lessons(session) if lesson.id in lesson_ids]
    if len(lessons) != len(set(lesson_ids)):
        wrong["lesson_ids"] = "We know no such lesson."
    if wrong:
        raise Invalid(wrong)
    coach.account.name, coach.tagline, coach.bio = (texts[field][0] for field in ("name", "tagline", "bio"))
    coach.lessons = lessons
    session.flush()
    return coach


def all_lessons(session: Session) -> Sequence[LessonType]:
    """Every lesson type in use, shortest first."""
    return session.scalars(
        select(LessonType).where(LessonType.active).order_by(LessonType.minutes, LessonType.id)
    ).all()


def every_lesson(session: Session) -> Sequence[LessonType]:
    """Those that are not offered any more as well."""
    return session.scalars(select(LessonType).order_by(LessonType.minutes, LessonType.id)).all()


def _text(value: str, most: int, *, one_line: bool) -> tuple[str, str]:
    """The text without margins, and what is wrong with it, if anything."""
    value = unicodedata.normalize("NFC", value).replace("\r\n", "\n").strip()
    allowed = "" if one_line else "\n"
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") and letter not in allowed for letter in value):
        return value, "Please leave out special characters." if not one_line else "Please write this on one line."
    return value, f"Please shorten this to {most} characters." if len(value) > most else ""
