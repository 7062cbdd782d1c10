"""List of alert rules: each with its value beside its limit, a description, Mute and Change."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st

from console.monitoring.url_state import set_opened
from console.widgets.acting import act
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.alerts import rule_changes, sentences
from core.alerts.models import AlertStanding
from core.alerts.rule_changes import RuleInForce
from core.alerts.rules import Rule
from core.alerts.state_machine import State
from core.platform import clock
from core.wording import spoken_instant

HOUR = timedelta(hours=1)
MUTES = {"an hour": HOUR, "eight hours": 8 * HOUR, "a day": 24 * HOUR, "a week": 168 * HOUR}
OPENED, NEW = "rule", "new"


def show(chosen: Sequence[RuleInForce], standings: Sequence[AlertStanding], staff: Staff) -> None:
    """Draw the list."""
    st.header("Rules", anchor=False)
    st.button("Add a rule", on_click=set_opened, args=(OPENED, NEW))
    for one in chosen:
        rows = [row for row in standings if row.rule_key == one.rule.key]
        with st.expander(inert(_label(one, rows)), key=f"about-{one.rule.key}"):
            show_what_it_does(one.rule)
            show_numbers(one.rule, rows)
            _buttons(one, staff)


def show_what_it_does(rule: Rule) -> None:
    """Describe a rule in words, also while it is being typed."""
    if rule.sentence:
        st.markdown(inert(rule.sentence))
    st.markdown("\n".join(f"- {inert(sentence)}" for sentence in sentences.describe(rule)))


def show_numbers(rule: Rule, rows: Sequence[AlertStanding]) -> None:
    """Draw the latest values; of a rule with several instances the five worst."""
    if not rows:
        st.caption("Not measured yet.")
        return
    unit, zone = rule.measured.unit, services().settings.zone
    lines = [
        f"{row.instance or rule.measured.label}: {row.problem or sentences.format_value(row.value, unit)}"
        + (f" ({row.detail})" if row.detail else "")
        for row in sorted(rows, key=lambda row: -(row.value or 0.0))[:5]
    ]
    lines.append(f"Measured {spoken_instant(max(row.measured_at for row in rows), zone)}")
    st.text("\n".join(line[:1].upper() + line[1:] for line in lines))


def worst_of(rule: Rule, rows: Sequence[AlertStanding]) -> AlertStanding | None:
    """The worst of a rule's instances; None where nothing was measured yet."""
    measured = [row for row in rows if row.value is not None]
    pick = min if rule.measured.bad_below else max
    return pick(measured, key=lambda row: row.value or 0.0, default=rows[0] if rows else None)


def _label(one: RuleInForce, rows: Sequence[AlertStanding]) -> str:
    rule, row = one.rule, worst_of(one.rule, rows)
    if not rule.enabled:
        return f"{rule.title}: off"
    value = "not measured yet" if row is None else row.problem or sentences.format_value(row.value, rule.measured.unit)
    parts = [f"{rule.title}: {value}, limit {sentences.limit(rule.measured, rule.fire_at)}"]
    worst_state = next((row.state for row in rows if row.state != State.NORMAL), None)
    if worst_state is not None:
        parts.append(worst_state)
    if one.is_muted(clock.now(), services().settings.zone):
        parts.append("muted")
    return ", ".join(parts)


def _buttons(one: RuleInForce, staff: Staff) -> None:
    rule, now = one.rule, clock.now()
    left, middle, right = st.columns([1, 2, 1], vertical_alignment="bottom")
    left.button("Change", key=f"change-{rule.key}", width="stretch", on_click=set_opened, args=(OPENED, rule.key))
    if one.muted_until is not None and now < one.muted_until:
        until = spoken_instant(one.muted_until, services().settings.zone)
        middle.text(f"Muted until {until}. Incidents open and close all the same.")
        right.button("Unmute", key=f"unmute-{rule.key}", width="stretch", on_click=_unmute, args=(rule, staff))
    else:
        middle.selectbox("Mute for", list(MUTES), key=f"mute-for-{rule.key}")
        right.button("Mute", key=f"mute-{rule.key}", width="stretch", on_click=_mute, args=(rule, staff))


def _mute(rule: Rule, staff: Staff) -> None:
    length = st.session_state[f"mute-for-{rule.key}"]
    _mute_until(rule, staff, clock.now() + MUTES[length], f"{rule.title} is muted for {length}.")


def _unmute(rule: Rule, staff: Staff) -> None:
    _mute_until(rule, staff, None, f"{rule.title} is unmuted.")


def _mute_until(rule: Rule, shown_to: Staff, until: datetime | None, done: str) -> None:
    act(
        shown_to,
        lambda tx: rule_changes.mute(tx.session, rule.key, until, by=tx.by, now=tx.now),
        done=inert(done),
    )
