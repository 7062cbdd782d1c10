"""
The exception hierarchy. Each is named for the fact; its message says what happened and what to do next.

No rule knows a status code: core.http.problem_json maps each class to one.

    SpiritError
    ├── NotFound                  no such thing, or not yours: the same answer
    │   ├── NoLongerOffered       a coach or a lesson that families could book once
    │   └── AddressMoved          a lesson type that has another address by now (with which)
    ├── Refused                   the request was understood; the state of things forbids it
    │   ├── SlotUnavailable       taken, past, off the step, inside the notice … (with the next free ones)
    │   ├── AlreadyDecided        somebody was faster (with how, when, by whom)
    │   ├── NotAsShown            a form showed something else (with what differs); it can be agreed to
    │   ├── ChangedMeanwhile      somebody else saved this form while it was open (with both values)
    │   ├── NeedsAgreement        the coach's hours or lessons have changed since (with which); it can be agreed to
    │   ├── BookingCancelled
    │   ├── TooLate               the lesson has begun
    │   ├── NotPossible           any other change that the booking's life does not have
    │   ├── PictureInUse          pages show it (with which)
    │   ├── PictureTwice          this file is another picture already
    │   ├── StorageFull           the gym's room for pictures is used up
    │   └── IdempotencyMismatch   the same key came with another request
    ├── Gone
    │   ├── RequestExpired
    │   ├── LinkReplaced          an older mail's link
    │   └── LinkExpired           a sign-in link that is used or too old
    ├── Invalid                   values that cannot be read, each named by its field
    ├── PictureRejected           a file that cannot be shown, for good; says what to send instead
    │   ├── PictureTooLarge
    │   └── PictureUnknown        no picture, or in a format that we do not take
    ├── TooMany                   more than is allowed for now (with when to try again)
    ├── NotAllowed                signed in, but not for this
    ├── SignInRefused             wrong address or password, or no session
    ├── Unavailable               nothing was stored; try again (database busy or away)
    │   ├── OutcomeUnknown        it may have been stored: look first
    │   └── DiskFull              and nothing can be until somebody makes room
    └── SetupError                one line for the person who installs it
        ├── SettingInvalid
        ├── SchemaOutdated        run `spirit migrate`
        ├── SchemaNewer           the database is newer than this program
        ├── StoreNewer            the monitoring data is; the gym goes on without recording
        └── GuardMissing          a trigger or constraint that we rely on is not there
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar


class SpiritError(Exception):
    """The root of all errors that a front shows to people."""

    code: ClassVar[str] = "error"  # stable: programs rely on it


class NotFound(SpiritError):
    code = "not_found"

    def __init__(self, message: str = "There is nothing at this address.") -> None:
        super().__init__(message)


class NoLongerOffered(NotFound):
    """A coach or a lesson that could be booked once. `coach`: slug and name, if she still teaches something else, or None."""

    code = "no_longer_offered"

    def __init__(self, message: str, coach: tuple[str, str] | None = None) -> None:
        super().__init__(message)
        self.coach = coach


class AddressMoved(NotFound):
    """A lesson type under a former slug. `lesson_slug`: its slug today."""

    code = "address_moved"

    def __init__(self, lesson_slug: str) -> None:
        super().__init__(f"This lesson has another address by now: {lesson_slug}.")
        self.lesson_slug = lesson_slug


class Refused(SpiritError):
    code = "refused"


class SlotUnavailable(Refused):
    """
    A start that cannot be booked.

    `reason`: which, as a stable word (core.schedule.refusal_reasons).
    `next_slots`: the next free starts of the same coach and lesson, aware UTC, earliest first.
    """

    code = "slot_unavailable"

    def __init__(self, message: str, next_slots: Sequence[datetime] = (), *, reason: str = "taken") -> None:
        super().__init__(message)
        self.next_slots, self.reason = tuple(next_slots), reason

    @property
    def title(self) -> str:
        """The heading of the page about it: somebody was faster, or it could never be booked."""
        return "That time is gone" if self.reason in ("taken", "past") else "That time cannot be booked"


class AlreadyDecided(Refused):
    """A request that has its decision. `how`: the booking's status; `at`: since when, aware UTC; `by`: a name; `channel`: mail, console, API."""

    code = "already_decided"

    def __init__(self, message: str, *, how: str, at: datetime, by: str, channel: str) -> None:
        super().__init__(message)
        self.how, self.at, self.by, self.channel = how, at, by, channel


class NotAsShown(Refused):
    """A stale form. `changes`: field → sentence, for each thing that has changed since; `next_step`: what to do about it."""

    code = "not_as_shown"

    def __init__(self, changes: Mapping[str, str], next_step: str) -> None:
        super().__init__(" ".join([*changes.values(), next_step]))
        self.changes = dict(changes)


class ChangedMeanwhile(Refused):
    """
    A conflict of optimistic concurrency: somebody else saved the form while it was open.

    `conflicts`: field → (stored, wanted); `last_by`: a name; `why`: the reason, where the fields do not go together.
    """

    code = "changed_meanwhile"

    def __init__(self, conflicts: Mapping[str, tuple[object, object]], *, last_by: str | None, why: str = "") -> None:
        by = f" (last by {last_by})" if last_by else ""
        nothing = f"This was changed{by} while you had it open, so nothing was saved yet."
        super().__init__(f"{nothing} {why}".strip())
        self.conflicts, self.last_by = dict(conflicts), last_by


class NeedsAgreement(Refused):
    """A warning that must be confirmed. `concerns`: name → sentence for each; whoever confirms sends the names back."""

    code = "needs_agreement"

    def __init__(self, concerns: Mapping[str, str]) -> None:
        super().__init__(" ".join([*concerns.values(), "Nothing was changed; you can approve it all the same."]))
        self.concerns = dict(concerns)


class BookingCancelled(Refused):
    """A booking that was cancelled. `at`: aware UTC; `by`: a name; `channel`: as on the booking. None where unknown."""

    code = "booking_cancelled"

    def __init__(
        self, message: str, *, at: datetime | None = None, by: str | None = None, channel: str | None = None
    ) -> None:
        super().__init__(message)
        self.at, self.by, self.channel = at, by, channel


class TooLate(Refused):
    code = "too_late"


class NotPossible(Refused):
    code = "not_possible"


class IdempotencyMismatch(Refused):
    code = "idempotency_mismatch"


class PictureInUse(Refused):
    """A photo that pages show, and that cannot be deleted. `uses`: those pages."""

    code = "picture_in_use"

    def __init__(self, uses: Sequence[str]) -> None:
        super().__init__(f"This picture is shown on {', '.join(uses)}. Please choose another there first.")
        self.uses = tuple(uses)


class PictureTwice(Refused):
    code = "picture_twice"


class StorageFull(Refused):
    code = "storage_full"


class PictureRejected(SpiritError):
    code = "picture_rejected"


class PictureTooLarge(PictureRejected):
    code = "too_large"


class PictureUnknown(PictureRejected):
    code = "content_type"


class Gone(SpiritError):
    code = "gone"


class RequestExpired(Gone):
    """A request that nobody answered in time. `at`, `by`, `channel`: as of BookingCancelled; the clock alone expires one."""

    code = "request_expired"

    def __init__(
        self, message: str, *, at: datetime | None = None, by: str | None = None, channel: str | None = None
    ) -> None:
        super().__init__(message)
        self.at, self.by, self.channel = at, by, channel


class LinkReplaced(Gone):
    code = "link_replaced"


class LinkExpired(Gone):
    code = "link_expired"


class Invalid(SpiritError):
    """A failed validation. `fields`: field name → sentence."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class TooMany(SpiritError):
    """A rate limit was met. `retry_after_s`: whole seconds until it is worth another try."""

    code = "too_many"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotAllowed(SpiritError):
    code = "role"


class SignInRefused(SpiritError):
    code = "sign_in"


class Unavailable(SpiritError):
    """A failure that may pass; nothing was stored, but for OutcomeUnknown. `retry_after_s`: whole seconds."""

    code = "unavailable"

    def __init__(
        self, message: str = "We could not save this just now. Nothing was stored; please try again in a moment."
    ) -> None:
        super().__init__(message)
        self.retry_after_s = 10


class OutcomeUnknown(Unavailable):
    """The connection was lost over COMMIT. What is idempotent can be tried again; a person looks first."""

    code = "outcome_unknown"

    def __init__(
        self, message: str = "We are not sure whether this was saved. Please look first, before you do it again."
    ) -> None:
        super().__init__(message)


class DiskFull(Unavailable):
    """The disk is full; nothing was stored, and nothing can be until somebody makes room."""

    def __init__(self) -> None:
        super().__init__(
            "The disk of this machine is full, so nothing was stored. Whoever looks after it has to make room; "
            "please try again afterwards."
        )


class SetupError(SpiritError):
    code = "setup"


class SettingInvalid(SetupError):
    code = "setting_invalid"


class SchemaOutdated(SetupError):
    code = "schema_outdated"


class SchemaNewer(SetupError):
    code = "schema_newer"


class StoreNewer(SetupError):
    code = "store_newer"


class GuardMissing(SetupError):
    code = "guard_missing"
