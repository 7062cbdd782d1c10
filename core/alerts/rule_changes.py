"""Overrides of alert rules by an admin, and custom rules: add, change, mute, reset, delete; the rules in force."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.alerts import incidents
from core.alerts.default_rules import BY_KEY, DEFAULT_RULES, starting_rule
from core.alerts.models import AlertStanding, RuleChoice
from core.alerts.quiet_hours import is_quiet, parse_quiet, spoken_quiet
from core.alerts.rule_validation import check_rule, parse_title
from core.alerts.rules import METRICS, OWN, Filter, NoData, Rule, Severity
from core.audit import Verb
from core.errors import Invalid, NotFound
from core.people.permissions import check_is_admin
from core.platform.actor import Actor
from core.platform.db import guard_named

MAX_MUTE = timedelta(days=31)  # longer, it should be turned off
MAX_OWN = 30  # each is measured every minute
TAKEN = "There is a rule of this name already. Please choose another one."
MINUTE = timedelta(minutes=1)
PAIRS = (
    {"fire_at", "recover_at"},
    {"window_min", "short_window_min"},
)  # kept together: the next version's half may not fit


@dataclass(frozen=True)
class RuleInForce:
    """A rule with an admin's overrides applied, as it is evaluated."""

    rule: Rule
    muted_until: datetime | None = None  # no notification before that instant

    def is_muted(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether notifications are suppressed at this instant, by a mute or by quiet hours of a gym in this zone."""
        if self.muted_until is not None and at < self.muted_until:
            return True
        return is_quiet(self.rule.quiet, at.astimezone(zone))


def rules_in_force(session: Session) -> list[RuleInForce]:
    """All rules with overrides applied: default ones in their order, then custom ones by title."""
    choices = {choice.rule_key: choice for choice in session.scalars(select(RuleChoice))}
    own = [_own(choice) for choice in choices.values() if choice.metric in METRICS]
    return [
        *(_chosen(rule, choices.get(rule.key)) for rule in DEFAULT_RULES),
        *sorted(own, key=lambda one: one.rule.title.casefold()),
    ]


def get_rule(session: Session, key: str) -> RuleInForce:
    """One rule with overrides applied. Raises NotFound."""
    choice = session.get(RuleChoice, key)
    if choice is not None and choice.metric in METRICS:
        return _own(choice)
    if key not in BY_KEY:
        raise NotFound("There is no such rule.")
    return _chosen(BY_KEY[key], choice)


def add_rule(session: Session, metric: str, changes: Mapping[str, Any], *, by: Actor, now: datetime) -> RuleInForce:
    """
    Add a custom rule about one metric of the catalogue.

    Args:
        changes: fields of the Rule that differ from the first default rule about this metric; its title is one of them.

    Raises:
        NotAllowed: not an admin. NotFound: no such metric. Invalid: the rule, or one too many.
    """
    check_is_admin(session, by)
    if metric not in METRICS:
        raise NotFound("There is nothing of this name to be measured.")
    own = [choice for choice in session.scalars(select(RuleChoice)) if choice.metric is not None]
    if len(own) >= MAX_OWN:
        raise Invalid({"title": f"There are {MAX_OWN} rules of your own already. Please delete one first."})
    rule = replace(starting_rule(metric), key=f"{OWN}{token_hex(4)}")
    choice = RuleChoice(rule_key=rule.key, metric=metric)
    return _keep(session, choice, replace(rule, **changes), Verb.ALERT_RULE_ADDED, by=by, now=now)


def change_rule(session: Session, key: str, changes: Mapping[str, Any], *, by: Actor, now: datetime) -> RuleInForce:
    """
    Change fields of a rule: all but its key and metric, and the title only of a custom one.

    Raises:
        NotAllowed: not an admin. NotFound: no such rule. Invalid: it cannot work.
    """
    check_is_admin(session, by)
    before = get_rule(session, key).rule
    rule = replace(before, **changes)
    kept = _keep(session, _choice(session, key), rule, Verb.ALERT_RULE_CHANGED, by=by, now=now)
    if rule.filter != before.filter:  # what is left out now would never be measured to its end
        incidents.end_all_of(session, key, by=by, now=now)
    return kept


def mute(session: Session, key: str, until: datetime | None, *, by: Actor, now: datetime) -> None:
    """
    Mute a rule until this instant, or unmute it (None). Incidents open and close all the same.

    Raises:
        NotAllowed: not an admin. NotFound: no such rule. Invalid: for longer than MAX_MUTE.
    """
    check_is_admin(session, by)
    if until is not None and until > now + MAX_MUTE:
        raise Invalid({"until": "A rule can be muted for a month at most; turn it off if nobody needs it."})
    get_rule(session, key)
    _choice(session, key).muted_until = until
    verb = Verb.ALERT_RULE_MUTED if until is not None else Verb.ALERT_RULE_UNMUTED
    audit.record(session, verb, f"alert rule {key}", by=by, now=now)
    session.flush()


def reset_rule(session: Session, key: str, *, by: Actor, now: datetime) -> None:
    """Reset a default rule: delete its overrides. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    if key not in BY_KEY:
        raise NotFound("Only a rule that came with the gym can be set back.")
    if (choice := session.get(RuleChoice, key)) is not None:
        session.delete(choice)
    audit.record(session, Verb.ALERT_RULE_CHANGED, f"alert rule {key}", by=by, now=now)
    session.flush()


def delete_rule(session: Session, key: str, *, by: Actor, now: datetime) -> None:
    """Delete a custom rule; open incidents of it end, past ones stay. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    choice = session.get(RuleChoice, key)
    if choice is None or choice.metric is None:
        raise NotFound("Only a rule that was added can be deleted. Turn this one off instead.")
    incidents.end_all_of(session, key, by=by, now=now)
    session.flush()
    session.execute(delete(AlertStanding).where(AlertStanding.rule_key == key))
    session.delete(choice)
    audit.record(session, Verb.ALERT_RULE_DELETED, f"alert rule {key}", by=by, now=now)
    session.flush()


def is_in_force(session: Session, chosen: RuleInForce) -> bool:
    """Whether a rule that was read earlier is still the same: not turned off, changed, muted or deleted meanwhile."""
    try:
        return chosen.rule.enabled and get_rule(session, chosen.rule.key) == chosen
    except NotFound:
        return False


def _keep(session: Session, choice: RuleChoice, rule: Rule, verb: Verb, *, by: Actor, now: datetime) -> RuleInForce:
    """Validate and store a rule: of a default one, only the fields that differ."""
    if rule.is_own:
        rule = replace(rule, title=parse_title(rule.title))
        _check_is_free(session, rule)
        choice.title = rule.title
    check_rule(rule)
    wanted, base = _columns(rule), {} if rule.is_own else _columns(BY_KEY[rule.key])
    different = {name for name, value in wanted.items() if name not in base or base[name] != value}
    for pair in PAIRS:
        different |= pair if different & pair else set()
    for name, value in wanted.items():
        setattr(choice, name, value if name in different else None)
    session.add(choice)
    audit.record(session, verb, f"alert rule {rule.key}", by=by, now=now)
    if not rule.enabled:
        incidents.end_all_of(session, rule.key, by=by, now=now)
    try:
        session.flush()
    except IntegrityError as error:
        if "title" in guard_named(error):  # another admin took the title at this very moment
            raise Invalid({"title": TAKEN}) from error
        raise
    return get_rule(session, rule.key)


def _check_is_free(session: Session, rule: Rule) -> None:
    others = {one.rule.title.casefold() for one in rules_in_force(session) if one.rule.key != rule.key}
    if rule.title.casefold() in others:
        raise Invalid({"title": TAKEN})


def _choice(session: Session, key: str) -> RuleChoice:
    choice = session.get(RuleChoice, key)
    if choice is None:
        choice = RuleChoice(rule_key=key)
        session.add(choice)
    return choice


def _own(choice: RuleChoice) -> RuleInForce:
    assert choice.metric is not None
    base = replace(starting_rule(choice.metric), key=choice.rule_key, title=choice.title or choice.rule_key)
    return _chosen(base, choice)


def _chosen(base: Rule, choice: RuleChoice | None) -> RuleInForce:
    if choice is None:
        return RuleInForce(base)
    columns = _columns(base)
    rule = _rule(
        base, {name: value if (value := getattr(choice, name)) is not None else columns[name] for name in columns}
    )
    if rule != replace(base, enabled=rule.enabled, repeat=rule.repeat, quiet=rule.quiet):
        rule = replace(rule, sentence="")  # it names the default limits
    return RuleInForce(rule, choice.muted_until)


def _columns(rule: Rule) -> dict[str, Any]:
    """A rule as columns of RuleChoice."""
    return {
        "enabled": rule.enabled,
        "severity": rule.severity.value,
        "kind": rule.filter.kind,
        "service": rule.filter.service,
        "route": rule.filter.route,
        "fire_at": rule.fire_at,
        "recover_at": rule.recover_at,
        "window_min": _minutes(rule.window),
        "short_window_min": _minutes(rule.short_window) if rule.short_window is not None else None,
        "after_min": _minutes(rule.after),
        "keep_firing_min": _minutes(rule.keep_firing),
        "min_samples": rule.min_samples,
        "no_data": rule.no_data.value,
        "no_data_after_min": _minutes(rule.no_data_after),
        "repeat_min": _minutes(rule.repeat) if rule.repeat is not None else 0,
        "quiet": spoken_quiet(rule.quiet),
    }


def _rule(base: Rule, kept: Mapping[str, Any]) -> Rule:
    short_window_min = kept["short_window_min"]
    return replace(
        base,
        enabled=kept["enabled"],
        severity=Severity(kept["severity"]),
        filter=Filter(kept["kind"], kept["service"], kept["route"]),
        fire_at=kept["fire_at"],
        recover_at=kept["recover_at"],
        window=kept["window_min"] * MINUTE,
        short_window=short_window_min * MINUTE if short_window_min is not None else None,
        after=kept["after_min"] * MINUTE,
        keep_firing=kept["keep_firing_min"] * MINUTE,
        min_samples=kept["min_samples"],
        no_data=NoData(kept["no_data"]),
        no_data_after=kept["no_data_after_min"] * MINUTE,
        repeat=kept["repeat_min"] * MINUTE or None,
        quiet=parse_quiet(kept["quiet"]),
    )


def _minutes(length: timedelta) -> int:
    return length // MINUTE
