"""Queries of coaches and lesson types that the site offers."""

from collections.abc import Callable, Sequence

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from core.errors import AddressMoved, NoLongerOffered, NotFound
from core.gym.models import Gym, the_gym
from core.images.models import Image
from core.people.models import Account
from core.schedule.models import Coach, FormerSlug, LessonType

NO_SUCH_COACH = "We know no such coach."
NOT_AT_THE_MOMENT = "This coach gives no private lessons here at the moment. Others may have a time that suits you."


def published_coaches(session: Session, *, photos: bool = False) -> Sequence[Coach]:
    """Coaches that the site shows, by name, with account and lessons loaded. photos: with photos and renditions too."""
    query = _shown().order_by(Account.name)
    if photos:
        query = query.options(selectinload(Coach.photo).selectinload(Image.renditions))
    return session.scalars(query).all()


def get_coach(session: Session, slug: str) -> Coach:
    """A published coach by slug. Raises NotFound; NoLongerOffered for one that is not shown any more."""
    try:
        return _one(session, _BY_SLUG, slug=slug)
    except NotFound:
        if session.scalars(select(Coach.id).where(Coach.slug == slug)).one_or_none() is None:
            raise
        raise NoLongerOffered(NOT_AT_THE_MOMENT) from None


def get_offered(session: Session, slug: str, lesson_slug: str) -> tuple[Coach, LessonType, Gym]:
    """
    What an address on the site names: a published coach, a lesson that she teaches, and the gym; in one statement.

    Raises NotFound; NoLongerOffered and AddressMoved for what was there once: mails of years lead here.
    """
    found = session.execute(_OFFERED, {"slug": slug, "lesson_slug": lesson_slug}).one_or_none()
    if found is not None:
        coach, lesson, gym = found
        return coach, lesson, gym
    coach = get_coach(session, slug)
    try:
        return coach, get_lesson(coach, lesson_slug), the_gym(session)
    except NotFound as unknown:
        raise _what_became_of(session, coach, lesson_slug) or unknown from None


def get_coach_by_id(session: Session, coach_id: int) -> Coach:
    """A published coach by id. Raises NotFound."""
    return _one(session, _BY_ID, coach_id=coach_id)


def coach_of(session: Session, account: Account) -> Coach | None:
    """The coach of an account, published or not; None if it does not teach."""
    return session.scalars(select(Coach).where(Coach.account_id == account.id)).one_or_none()


def get_lesson(coach: Coach, slug: str) -> LessonType:
    """A lesson that she teaches, by slug. Raises NotFound."""
    return _taught(coach, lambda lesson: lesson.slug == slug)


def get_lesson_by_id(coach: Coach, lesson_id: int) -> LessonType:
    """A lesson that she teaches, by id. Raises NotFound."""
    return _taught(coach, lambda lesson: lesson.id == lesson_id)


def _shown() -> Select[Coach]:
    return (
        select(Coach)
        .join(Account, Account.id == Coach.account_id)
        .where(Coach.published, Account.disabled_at.is_(None))
        .options(selectinload(Coach.lessons))
    )


_BY_SLUG = _shown().where(Coach.slug == bindparam("slug"))
_BY_ID = _shown().where(Coach.id == bindparam("coach_id"))
_OFFERED = (
    select(Coach, LessonType, Gym)
    .join(Coach.account)
    .join(Coach.lessons)
    .join(Gym, Gym.id == 1)
    .where(Coach.slug == bindparam("slug"), LessonType.slug == bindparam("lesson_slug"))
    .where(Coach.published, LessonType.active, Account.disabled_at.is_(None))
    .options(contains_eager(Coach.account))
)


def _one(session: Session, query: Select[Coach], **values: str | int) -> Coach:
    coach = session.scalars(query, values).one_or_none()
    if coach is None:
        raise NotFound(NO_SUCH_COACH)
    return coach


def _what_became_of(session: Session, coach: Coach, lesson_slug: str) -> NotFound | None:
    """The error about a slug that this coach does not offer: moved, or no longer offered; None if there never was one."""
    moved_to = select(LessonType).join(FormerSlug, FormerSlug.lesson_type_id == LessonType.id)
    moved = session.scalars(moved_to.where(FormerSlug.slug == lesson_slug)).one_or_none()
    if moved is not None and moved.active and moved in coach.lessons:
        return AddressMoved(moved.slug)
    lesson = moved or session.scalars(select(LessonType).where(LessonType.slug == lesson_slug)).one_or_none()
    if lesson is None:
        return None
    others = any(taught.active for taught in coach.lessons)
    sentence = f"{coach.name} does not offer “{lesson.name}” any more."
    return NoLongerOffered(sentence, (coach.slug, coach.name) if others else None)


def _taught(coach: Coach, wanted: Callable[[LessonType], bool]) -> LessonType:
    for lesson in coach.lessons:
        if lesson.active and wanted(lesson):
            return lesson
    raise NotFound(f"{coach.name} does not teach this lesson.")
