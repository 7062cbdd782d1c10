"""Alerts, for admins: what is going on now, what was, and the rules with their numbers beside their limits."""

import streamlit as st

from console.alerts import incidents, rule_page, rules
from console.monitoring.url_state import opened
from console.widgets.flash import say
from console.widgets.session import admin, services
from core.alerts import choices, lists


def page() -> None:
    staff = admin()
    st.title("Alerts")
    say()
    with services().database.read() as session:
        open_ones, past = lists.open_incidents(session), lists.past_incidents(session)
        standings = lists.standings(session)
        changes = lists.changes_of(session, [*open_ones, *past])
        chosen = choices.rules_in_force(session)
    if key := opened(rules.OPENED):
        rule_page.show(key, standings, staff)
        return
    incidents.show_open(open_ones, changes, standings, staff)
    rules.show(chosen, standings, staff)
    incidents.show_past(past, changes)


page()
