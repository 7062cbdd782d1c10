"""Imports of every module with tables, so that the metadata is complete."""

from core.alerts.models import AlertChange, AlertClock, AlertStanding, Incident, RuleChoice
from core.audit import AuditEvent
from core.bookings.models import Booking, BookingEvent, Hold, ReplacedHandle
from core.bookings.notes import BookingNote
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.content.models import Campaign, Product
from core.gym.models import Gym
from core.gym.saved_views import SavedView
from core.images.models import Image, Rendition, RetiredOriginal
from core.outbox.models import OutboxMessage
from core.people.models import Account, ApiKey, SignInFailure, SignInLink, StaffSession
from core.platform.duty_rows import DutyClock
from core.platform.orm import Base
from core.rehearsals.models import Rehearsal
from core.schedule.models import Coach, DateOverride, FormerSlug, LessonType, WeeklyHours, coach_lesson

__all__ = [
    "Account",
    "AlertChange",
    "AlertClock",
    "AlertStanding",
    "ApiKey",
    "AuditEvent",
    "Base",
    "Booking",
    "BookingEvent",
    "BookingNote",
    "Campaign",
    "Coach",
    "DateOverride",
    "DutyClock",
    "FormerSlug",
    "Gym",
    "Hold",
    "Image",
    "Incident",
    "LessonType",
    "OutboxMessage",
    "Product",
    "Rehearsal",
    "Rendition",
    "ReplacedHandle",
    "RetiredOriginal",
    "RuleChoice",
    "SavedView",
    "SignInFailure",
    "SignInLink",
    "StaffSession",
    "UnconfirmedRequest",
    "WeeklyHours",
    "coach_lesson",
]
