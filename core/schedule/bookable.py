"""Whether a coach, or a lesson with her, can still be booked; so that no page and no mail leads to what is not offered."""

from core.schedule.models import Coach, LessonType


def is_shown(coach: Coach) -> bool:
    """Whether the site shows this coach; the same rule as in core.schedule.queries."""
    return coach.published and coach.account.disabled_at is None


def is_offered(coach: Coach, lesson: LessonType) -> bool:
    """Whether this lesson can be booked with her. Her lessons must be loaded, or her session open."""
    return is_shown(coach) and lesson.active and lesson.id in {taught.id for taught in coach.lessons}


def other_times(coach: Coach, lesson: LessonType) -> str:
    """The best path on the site for another time: this lesson's free times; else her other lessons; else all coaches."""
    if is_offered(coach, lesson):
        return f"/coaches/{coach.slug}/{lesson.slug}"
    teaches = is_shown(coach) and any(taught.active for taught in coach.lessons)
    return f"/coaches/{coach.slug}" if teaches else "/coaches"
