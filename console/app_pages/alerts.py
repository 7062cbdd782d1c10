"""Page Alerts, for admins: open incidents, alert rules with their values, past incidents; or the editor of one rule."""

import streamlit as st

from console.alerts import incidents, rule_editor, rule_list
from console.monitoring.url_state import opened
from console.widgets.flash import show_messages
from console.widgets.session import admin, services
from core.alerts import lists, rule_changes


def page() -> None:
    staff = admin()
    st.title("Alerts")
    show_messages()
    with services().database.read() as session:
        open_ones, past = lists.open_incidents(session), lists.past_incidents(session)
        standings = lists.standings(session)
        changes = lists.changes_of(session, [*open_ones, *past])
        chosen = rule_changes.rules_in_force(session)
    if key := opened(rule_list.OPENED):
        rule_editor.show(key, standings, staff)
        return
    incidents.show_open(open_ones, changes, standings, staff)
    rule_list.show(chosen, standings, staff)
    incidents.show_past(past, changes)


page()
