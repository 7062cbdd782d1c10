"""The rules: each with its number beside its limit, and, opened, what an admin may change about it."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from console.inert import inert
from console.said import act, say_error
from console.session import Staff, services, still
from core import clock
from core.errors import Invalid
from core.telemetry.alerts import choices, words
from core.telemetry.alerts.choices import Chosen
from core.telemetry.alerts.machine import State
from core.telemetry.alerts.models import AlertStanding
from core.telemetry.alerts.rules import BY_KEY, Rule, Unit
from core.words import spoken_instant, spoken_length

HOUR = timedelta(hours=1)
MUTES = {"an hour": HOUR, "eight hours": 8 * HOUR, "a day": 24 * HOUR, "a week": 168 * HOUR}
IN_WORDS = {
    Unit.SHARE: ("in percent", 100.0),
    Unit.MILLISECONDS: ("in milliseconds", 1.0),
    Unit.SECONDS: ("in seconds", 1.0),
    Unit.COUNT: ("", 1.0),
    Unit.TIMES: ("times", 1.0),
}


def show(chosen: Sequence[Chosen], standings: Sequence[AlertStanding], staff: Staff) -> None:
    st.header("Rules", anchor=False)
    for one in chosen:
        rows = [row for row in standings if row.rule_key == one.rule.key]
        with st.expander(inert(_label(one, rows))):
            st.markdown(inert(one.rule.sentence))
            _numbers(one.rule, rows)
            _limits(one.rule, staff)
            _mute(one, staff)


def worst_of(rule: Rule, rows: Sequence[AlertStanding]) -> AlertStanding | None:
    """Of a rule that watches several things, the one that does worst."""
    measured = [row for row in rows if row.value is not None]
    pick = min if rule.measured.bad_below else max
    return pick(measured, key=lambda row: row.value or 0.0, default=rows[0] if rows else None)


def _label(one: Chosen, rows: Sequence[AlertStanding]) -> str:
    rule, row = one.rule, worst_of(one.rule, rows)
    value = "not measured yet" if row is None else row.problem or words.said(row.value, rule.measured.unit)
    parts = [f"{rule.title}: {value}, limit {words.limit(rule)}"]
    if not rule.enabled:
        return f"{rule.title}: off"
    worst_state = next((row.state for row in rows if row.state != State.NORMAL), None)
    if worst_state is not None:
        parts.append(worst_state)
    if one.is_muted(clock.now(), services().settings.zone):
        parts.append("muted")
    return ", ".join(parts)


def _numbers(rule: Rule, rows: Sequence[AlertStanding]) -> None:
    unit, zone = rule.measured.unit, services().settings.zone
    lines = [
        f"{row.instance or rule.measured.says}: {row.problem or words.said(row.value, unit)}"
        + (f" ({row.detail})" if row.detail else "")
        for row in sorted(rows, key=lambda row: -(row.value or 0.0))[:5]
    ]
    if rows:
        lines.append(f"Measured {spoken_instant(max(row.measured_at for row in rows), zone)}")
    over = "" if rule.measured.at_once else f", over {spoken_length(rule.window)}"
    few = f", from {rule.min_samples} {rule.measured.samples} on" if rule.min_samples else ""
    waits = f" It fires after {spoken_length(rule.after)}," if rule.after else " It fires at once,"
    ends = f" and is over after {spoken_length(rule.keep_firing)} beyond {words.said(rule.recover_at, unit)}."
    lines.append(f"Counted: {rule.measured.says}{over}{few}.{waits}{ends}")
    st.text("\n".join(line[:1].upper() + line[1:] for line in lines))


def _limits(rule: Rule, staff: Staff) -> None:
    unit, times = IN_WORDS[rule.measured.unit]
    key = rule.key
    with st.form(f"rule-{key}", border=False):
        st.checkbox("On", rule.enabled, key=f"on-{key}")
        left, right = st.columns(2)
        left.number_input(f"Begins at {unit}".strip(), 0.0, value=rule.fire_at * times, key=f"fire-{key}")
        right.number_input(f"Is over beyond {unit}".strip(), 0.0, value=rule.recover_at * times, key=f"recover-{key}")
        repeat = int(rule.repeat / HOUR) if rule.repeat else 0
        left, right = st.columns(2)  # on a phone they stand one below the other, in this order
        left.number_input("Said again after … hours (0: once)", 0, 168, repeat, key=f"repeat-{key}")
        right.text_input(
            "Quiet hours, every day", choices.spoken_quiet(rule.quiet), key=f"quiet-{key}", placeholder="22:00–06:00"
        )
        st.form_submit_button("Keep", type="primary", on_click=_keep, args=(rule, times, staff))


def _mute(one: Chosen, staff: Staff) -> None:
    rule, now = one.rule, clock.now()
    left, right = st.columns(2, vertical_alignment="bottom")
    if one.muted_until is not None and now < one.muted_until:
        until = spoken_instant(one.muted_until, services().settings.zone)
        left.text(f"Muted until {until}. What happens is kept all the same.")
        said = f"{rule.title} is said again."
        right.button("Say it again", key=f"unmute-{rule.key}", width="stretch", on_click=_unmute,
                     args=(rule, staff, said))  # fmt: skip
    else:
        left.selectbox("Mute for", list(MUTES), key=f"mute-for-{rule.key}")
        right.button("Mute", key=f"mute-{rule.key}", width="stretch", on_click=_mute_it, args=(rule, staff))
    if rule != BY_KEY[rule.key]:
        said = f"{rule.title} is as it came."
        st.button("As it came", key=f"reset-{rule.key}", on_click=_reset, args=(rule, staff, said))


def _keep(rule: Rule, times: float, staff: Staff) -> None:
    typed = {name: st.session_state[f"{name}-{rule.key}"] for name in ("on", "fire", "recover", "repeat", "quiet")}
    try:
        values = {
            "enabled": typed["on"],
            "fire_at": typed["fire"] / times,
            "recover_at": typed["recover"] / times,
            "repeat_min": typed["repeat"] * 60,
            "quiet": choices.parse_quiet(typed["quiet"]),
        }
    except Invalid as error:
        say_error(error)
        return
    _do(choices.change_rule, rule, staff, f"{rule.title} is kept.", values)


def _mute_it(rule: Rule, staff: Staff) -> None:
    length = st.session_state[f"mute-for-{rule.key}"]
    _do(choices.mute, rule, staff, f"{rule.title} is muted for {length}.", clock.now() + MUTES[length])


def _unmute(rule: Rule, staff: Staff, said: str) -> None:
    _do(choices.mute, rule, staff, said, None)


def _reset(rule: Rule, staff: Staff, said: str) -> None:
    if _do(choices.reset_rule, rule, staff, said):
        for name in ("on", "fire", "recover", "repeat", "quiet"):
            st.session_state.pop(f"{name}-{rule.key}", None)


def _do(command: Callable[..., Any], rule: Rule, shown_to: Staff, done: str, *values: Any) -> bool:
    staff = still(shown_to)
    return staff is not None and act(command, rule.key, *values, account_id=staff.account_id, done=inert(done))
