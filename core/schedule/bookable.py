"""What can still be booked of a coach and a lesson, so that no page and no mail leads to something that is gone."""

from core.schedule.models import Coach, LessonType


def is_shown(coach: Coach) -> bool:
    """Whether parents see her, as core.schedule.queries finds her."""
    return coach.published and coach.account.disabled_at is None


def is_offered(coach: Coach, lesson: LessonType) -> bool:
    """Whether this lesson can be booked with her. Her lessons must be loaded, or her session open."""
    return is_shown(coach) and lesson.active and lesson.id in {taught.id for taught in coach.lessons}


def other_times(coach: Coach, lesson: LessonType) -> str:
    """The path on the site that leads on: free times of both; else her other lessons; else the other coaches."""
    if is_offered(coach, lesson):
        return f"/coaches/{coach.slug}/{lesson.slug}"
    teaches = is_shown(coach) and any(taught.active for taught in coach.lessons)
    return f"/coaches/{coach.slug}" if teaches else "/coaches"
