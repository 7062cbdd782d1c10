"""Validation of an alert rule: each check raises Invalid with a sentence for its field."""

import math
from datetime import timedelta

from core.alerts.quiet_hours import check_quiet
from core.alerts.rules import DAY, KINDS, MINUTE, SERVICES, VISIT, WEEK, Filter, NoData, Rule, Unit
from core.errors import Invalid
from core.platform.text_cleaning import at_most, can_be_seen, one_line
from core.wording import spoken_length

MAX_TITLE_LENGTH, MAX_ROUTE_LENGTH = 60, 200  # a subject's line; our longest template has 60 letters
MAX_SAMPLES = 1_000_000  # more than a gym has in a week


def check_rule(rule: Rule) -> None:
    """Validate limits, windows, durations, filter and quiet hours of a rule. Raises Invalid."""
    for check in (_limits, _ends, _windows, _lengths, _filter):
        check(rule)
    check_quiet(rule.quiet)


def parse_title(text: str) -> str:
    """Validated title of a custom rule, on one line. Raises Invalid."""
    try:
        title = at_most(one_line(text), MAX_TITLE_LENGTH)
    except ValueError as error:
        raise Invalid({"title": str(error)}) from None
    if not can_be_seen(title):
        raise Invalid({"title": "Please give the rule a name."})
    return title


def _limits(rule: Rule) -> None:
    limits, unit = (rule.fire_at, rule.recover_at), rule.measured.unit
    highest = 1.0 if unit is Unit.SHARE else math.inf
    if not all(math.isfinite(limit) and 0 <= limit <= highest for limit in limits):
        raise Invalid(
            {"fire_at": "A limit lies between 0 and 100 %." if unit is Unit.SHARE else "A limit is 0 or more."}
        )
    if not rule.measured.bad_below and rule.fire_at == 0:
        raise Invalid({"fire_at": "With 0 it would always fire. Please raise the limit at which it begins."})


def _ends(rule: Rule) -> None:
    if rule.measured.bad_below:
        if rule.recover_at < rule.fire_at:
            raise Invalid({"recover_at": "It ends above the limit at which it begins. Please raise the second limit."})
        return
    if rule.recover_at > rule.fire_at:
        raise Invalid({"recover_at": "It ends below the limit at which it begins. Please lower the second limit."})
    if rule.recover_at == 0:
        raise Invalid({"recover_at": "Nothing is below 0, so it would never be over. Please raise the second limit."})


def _windows(rule: Rule) -> None:
    longest = min(rule.measured.longest, DAY) if rule.filter.route else rule.measured.longest
    if not MINUTE <= rule.window <= longest:
        why = " while one route alone is watched" if rule.filter.route else ""
        raise Invalid(
            {"window": f"This is counted over {spoken_length(longest)} at most{why}, and over a minute at least."}
        )
    if (rule.short_window is not None) != (rule.metric == "requests.burn_times"):
        raise Invalid(
            {"short_window": "A second window belongs to the burn rate of the error budget, and to nothing else."}
        )
    if rule.short_window is not None and not MINUTE <= rule.short_window < rule.window:
        raise Invalid({"short_window": "The second window is shorter than the first one."})


def _lengths(rule: Rule) -> None:
    _between(rule.after, timedelta(), DAY, "after", "It can be watched for a day at most before it begins.")
    _between(
        rule.keep_firing, timedelta(), DAY, "keep_firing", "It can be watched for a day at most before it is over."
    )
    _between(
        rule.no_data_after, MINUTE, DAY, "no_data_after", "Silence fires after a minute at least, and a day at most."
    )
    if rule.no_data is NoData.ALERT and rule.measured.one_by_one:
        raise Invalid(
            {
                "no_data": "Each page is measured while somebody asks for it, so silence cannot fire. Please choose another."
            }
        )
    if rule.repeat is not None:
        _between(rule.repeat, MINUTE, WEEK, "repeat", "Repeat the notification after a week at most, or not at all.")
    if not 0 <= rule.min_samples <= MAX_SAMPLES:
        raise Invalid({"min_samples": f"Ask for {MAX_SAMPLES:,} at most, or for 0."})
    if rule.min_samples and not rule.measured.samples:
        raise Invalid({"min_samples": "Here nothing is counted of which there could be too few. Please ask for 0."})


def _between(length: timedelta, least: timedelta, most: timedelta, field: str, otherwise: str) -> None:
    if not least <= length <= most:
        raise Invalid({field: otherwise})


def _filter(rule: Rule) -> None:
    wanted, usual = rule.filter, Filter()
    narrowed = [name for name in ("kind", "service", "route") if getattr(wanted, name) != getattr(usual, name)]
    if not set(narrowed) <= set(rule.measured.filters):
        raise Invalid({"filter": "This is measured for the whole gym; it cannot be narrowed in this way."})
    if wanted.kind == VISIT and wanted.service not in ("", "site"):
        raise Invalid({"filter": "Families ask the site alone. Please choose requests, whoever makes them."})
    if wanted.kind not in KINDS or wanted.service not in ("", *SERVICES):
        raise Invalid({"filter": "Please choose what it counts from the lists."})
    if one_line(wanted.route) != wanted.route or len(wanted.route) > MAX_ROUTE_LENGTH:
        raise Invalid({"filter": f"Please write the page on one line, in at most {MAX_ROUTE_LENGTH} letters."})
