"""Every table, imported so that the metadata is whole."""

from core.audit import AuditEvent
from core.bookings.models import Booking, BookingEvent, Hold, ReplacedHandle
from core.bookings.notes import BookingNote
from core.bookings.unconfirmed import UnconfirmedRequest
from core.content.models import Campaign, Product
from core.duties import DutyClock
from core.gym import Gym
from core.images.models import Image, Rendition, RetiredOriginal
from core.mail.models import OutboxMessage
from core.orm import Base
from core.people.models import Account, ApiKey, SignInFailure, SignInLink, StaffSession
from core.rehearsals.models import Rehearsal
from core.saved_views import SavedView
from core.schedule.models import Coach, DateOverride, FormerSlug, LessonType, WeeklyHours, coach_lesson
from core.telemetry.alerts.models import AlertChange, AlertClock, AlertStanding, Incident, RuleChoice

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
