"""What an admin wants different about a rule: its limits, on or off, how often it is said, when it is not said at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid, NotFound
from core.people.staff import check_is_admin
from core.telemetry.alerts import incidents
from core.telemetry.alerts.models import RuleChoice
from core.telemetry.alerts.rules import BY_KEY, DEFAULT_RULES, Rule, Unit

MOST_REPEAT = timedelta(days=7)
LONGEST_MUTE = timedelta(days=31)
DAY_MIN = 24 * 60
QUIET = re.compile(r"(\d{1,2}):(\d\d)\s*[–-]\s*(\d{1,2}):(\d\d)")


@dataclass(frozen=True)
class Chosen:
    """A rule as it is in force. muted_until: nothing is said before that instant."""

    rule: Rule
    muted_until: datetime | None = None

    def is_muted(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether nothing is said at this instant, at a gym in this zone."""
        if self.muted_until is not None and at < self.muted_until:
            return True
        return self.rule.quiet is not None and _within(self.rule.quiet, at.astimezone(zone))


def rules_in_force(session: Session) -> list[Chosen]:
    """Every rule, as it came or as it was changed."""
    changed = {choice.rule_key: choice for choice in session.scalars(select(RuleChoice))}
    return [_chosen(rule, changed.get(rule.key)) for rule in DEFAULT_RULES]


def get_rule(session: Session, key: str) -> Chosen:
    """Raises NotFound."""
    return _chosen(_rule(key), session.get(RuleChoice, key))


def change_rule(session: Session, key: str, values: Mapping[str, Any], *, account_id: int, now: datetime) -> Chosen:
    """
    Change some of: enabled, fire_at, recover_at, repeat_min, quiet (minutes of the day, or None).

    Raises:
        NotAllowed, NotFound, Invalid.
    """
    check_is_admin(session, account_id)
    rule = replace(_chosen(_rule(key), session.get(RuleChoice, key)).rule, **_parsed(values))
    _check(rule)
    choice = _choice(session, key)
    choice.enabled, choice.fire_at, choice.recover_at = rule.enabled, rule.fire_at, rule.recover_at
    choice.repeat_min = int(rule.repeat / timedelta(minutes=1)) if rule.repeat else 0
    choice.quiet_from_min, choice.quiet_to_min = rule.quiet or (None, None)
    audit.record(session, Verb.ALERT_RULE_CHANGED, f"alert rule {key}", by=account_id, now=now)
    if not rule.enabled:
        incidents.end_all_of(session, rule, account_id=account_id, now=now)
    session.flush()
    return _chosen(_rule(key), choice)


def mute(session: Session, key: str, until: datetime | None, *, account_id: int, now: datetime) -> None:
    """Say nothing before this instant; None: say it again. What happens is kept all the same. Raises NotAllowed, NotFound, Invalid."""
    check_is_admin(session, account_id)
    if until is not None and until > now + LONGEST_MUTE:
        raise Invalid({"until": "A rule can be muted for a month at most; turn it off if nobody needs it."})
    _rule(key)
    _choice(session, key).muted_until = until
    verb = Verb.ALERT_RULE_MUTED if until is not None else Verb.ALERT_RULE_UNMUTED
    audit.record(session, verb, f"alert rule {key}", by=account_id, now=now)
    session.flush()


def reset_rule(session: Session, key: str, *, account_id: int, now: datetime) -> None:
    """As it came. Raises NotAllowed, NotFound."""
    check_is_admin(session, account_id)
    _rule(key)
    if (choice := session.get(RuleChoice, key)) is not None:
        session.delete(choice)
    audit.record(session, Verb.ALERT_RULE_CHANGED, f"alert rule {key}", by=account_id, now=now)
    session.flush()


def parse_quiet(text: str) -> tuple[int, int] | None:
    """ "22:00–06:00" as minutes of the day; None for nothing. Raises Invalid."""
    if not text.strip():
        return None
    found = QUIET.fullmatch(text.strip())
    if found is None:
        raise Invalid({"quiet": "Quiet hours are written as 22:00–06:00."})
    begin_h, begin_min, end_h, end_min = map(int, found.groups())
    if max(begin_h, end_h) > 23 or max(begin_min, end_min) > 59 or (begin_h, begin_min) == (end_h, end_min):
        raise Invalid({"quiet": "Quiet hours begin and end at two times of the day, such as 22:00–06:00."})
    return begin_h * 60 + begin_min, end_h * 60 + end_min


def spoken_quiet(quiet: tuple[int, int] | None) -> str:
    """As it is written."""
    return "–".join(f"{minute // 60:02}:{minute % 60:02}" for minute in quiet) if quiet else ""


def _rule(key: str) -> Rule:
    if key not in BY_KEY:
        raise NotFound("There is no such rule.")
    return BY_KEY[key]


def _choice(session: Session, key: str) -> RuleChoice:
    choice = session.get(RuleChoice, key)
    if choice is None:
        choice = RuleChoice(rule_key=key)
        session.add(choice)
    return choice


def _chosen(rule: Rule, choice: RuleChoice | None) -> Chosen:
    if choice is None:
        return Chosen(rule)
    changed: dict[str, Any] = {
        name: value for name in ("enabled", "fire_at", "recover_at") if (value := getattr(choice, name)) is not None
    }
    if choice.repeat_min is not None:
        changed["repeat"] = timedelta(minutes=choice.repeat_min) if choice.repeat_min else None
    if choice.quiet_from_min is not None and choice.quiet_to_min is not None:
        changed["quiet"] = (choice.quiet_from_min, choice.quiet_to_min)
    return Chosen(replace(rule, **changed), choice.muted_until)


def _parsed(values: Mapping[str, Any]) -> dict[str, Any]:
    parsed = dict(values)
    if "repeat_min" in parsed:
        repeat = timedelta(minutes=int(parsed.pop("repeat_min")))
        if not timedelta() <= repeat <= MOST_REPEAT:
            raise Invalid({"repeat_min": "Say it again after a week at most, or not at all."})
        parsed["repeat"] = repeat or None
    return parsed


def _check(rule: Rule) -> None:
    metric = rule.measured
    if (
        rule.fire_at < 0
        or rule.recover_at < 0
        or (metric.unit is Unit.SHARE and max(rule.fire_at, rule.recover_at) > 1)
    ):
        raise Invalid(
            {"fire_at": "A limit lies between 0 and 100 %." if metric.unit is Unit.SHARE else "A limit is 0 or more."}
        )
    if not metric.bad_below and rule.recover_at > rule.fire_at:
        raise Invalid({"recover_at": "It ends below the limit at which it begins. Please lower the second limit."})
    if metric.bad_below and rule.recover_at < rule.fire_at:
        raise Invalid({"recover_at": "It ends above the limit at which it begins. Please raise the second limit."})
    if rule.quiet is not None and not all(0 <= minute < DAY_MIN for minute in rule.quiet):
        raise Invalid({"quiet": "Quiet hours begin and end at times of the day."})


def _within(quiet: tuple[int, int], at: datetime) -> bool:
    begins, ends = quiet
    minute = at.hour * 60 + at.minute
    return begins <= minute < ends if begins <= ends else minute >= begins or minute < ends
