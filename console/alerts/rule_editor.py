"""Editor of one alert rule: its fields, and beside them in words what it will do; save, reset, delete, add."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from console.alerts import rule_fields, rule_preview
from console.alerts.rule_list import NEW, OPENED, show_numbers, show_what_it_does
from console.monitoring.url_state import set_opened
from console.widgets.acting import act
from console.widgets.flash import add_error
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.alerts import rule_changes
from core.alerts.default_rules import BY_KEY, starting_rule
from core.alerts.models import AlertStanding
from core.alerts.rule_validation import check_rule, parse_title
from core.alerts.rules import METRICS, OWN, Rule
from core.errors import Invalid, NotFound


def show(key: str, standings: Sequence[AlertStanding], staff: Staff) -> None:
    """Draw the editor. key: of the rule, or NEW for one that is being added."""
    st.button("All alerts", on_click=set_opened, args=(OPENED, ""))
    rule = _new() if key == NEW else _find(key)
    if rule is None:
        st.markdown("There is no such rule any more.")
        return
    fields, beside = st.columns([3, 2], gap="large")
    with fields:
        rule_fields.show(rule)
        _buttons(rule, staff)
    with beside, st.container(border=True):
        typed = _in_words(rule)
        if typed is not None:
            rule_preview.show(typed)
        if key != NEW:
            show_numbers(rule, [row for row in standings if row.rule_key == key])


def _find(key: str) -> Rule | None:
    with services().database.read() as session:
        try:
            rule = rule_changes.get_rule(session, key).rule
        except NotFound:
            return None
    st.header(inert(rule.title), anchor=False)
    return rule


def _new() -> Rule:
    """A new rule's starting values by its metric, which is chosen first, since everything else depends on it."""
    st.header("A rule of your own", anchor=False)
    metric = st.selectbox("What is measured", list(METRICS), format_func=_says, key="metric-new")
    return replace(starting_rule(metric), key=f"{OWN}{metric}")


def _says(metric: str) -> str:
    says = METRICS[metric].label
    return says[:1].upper() + says[1:]


def _in_words(rule: Rule) -> Rule | None:
    """Describe the rule as typed so far, and return it; None while it is invalid."""
    st.markdown("**What it will do**")
    try:
        typed = rule_fields.typed(rule)
        check_rule(typed)
        if typed.is_own and typed.title:
            parse_title(typed.title)
    except Invalid as error:
        st.warning(inert(" ".join(error.fields.values())))
        return None
    show_what_it_does(typed if typed == rule else replace(typed, sentence=""))
    if not typed.enabled:
        st.markdown("It is off: nothing is measured.")
    return typed


def _buttons(rule: Rule, staff: Staff) -> None:
    with st.container(horizontal=True):
        st.button("Keep", type="primary", key=f"keep-{rule.key}", on_click=_keep, args=(rule, staff))
        if rule.key in BY_KEY and rule != BY_KEY[rule.key]:
            st.button("As it came", key=f"reset-{rule.key}", on_click=_reset, args=(rule, staff))
        if rule.is_own and rule.title:
            with st.popover("Delete …", key=f"delete-asked-{rule.key}"):
                st.markdown("What is open of it ends. Its incidents stay among the past ones.")
                st.button("Yes: delete", key=f"delete-{rule.key}", on_click=_delete, args=(rule, staff))


def _keep(rule: Rule, shown_to: Staff) -> None:
    try:
        changes = rule_fields.changes(rule)
    except Invalid as error:
        add_error(error)
        return
    title = " ".join(str(changes.get("title", rule.title)).split())
    done = inert(f"{title} is kept. It is measured with the next minute.")
    is_new = rule.is_own and not rule.title
    if is_new:
        is_saved = act(
            shown_to,
            lambda tx: rule_changes.add_rule(tx.session, rule.metric, changes, by=tx.by, now=tx.now),
            done=done,
        )
    else:
        is_saved = act(
            shown_to,
            lambda tx: rule_changes.change_rule(tx.session, rule.key, changes, by=tx.by, now=tx.now),
            done=done,
        )
    if is_saved:
        set_opened(OPENED, "")


def _reset(rule: Rule, staff: Staff) -> None:
    done = inert(f"{rule.title} is as it came.")
    if act(staff, lambda tx: rule_changes.reset_rule(tx.session, rule.key, by=tx.by, now=tx.now), done=done):
        set_opened(OPENED, "")


def _delete(rule: Rule, staff: Staff) -> None:
    done = inert(f"{rule.title} is deleted.")
    if act(staff, lambda tx: rule_changes.delete_rule(tx.session, rule.key, by=tx.by, now=tx.now), done=done):
        set_opened(OPENED, "")
