"""What a rule, as it is typed by now, would have done lately: shown when it is asked for, since it takes some seconds."""

from datetime import timedelta
from functools import partial

import streamlit as st

from analytics.replay import Replay, can_replay, replay
from console.monitoring.cached_queries import monitor
from console.monitoring.chart_panel import panel
from console.widgets.markdown import inert
from console.widgets.session import services
from core.alerts import sentences
from core.alerts.rules import DAY, WEEK, Rule
from core.platform import clock
from core.wording import spoken_instant, spoken_length

PASTS = {"day": DAY, "week": WEEK}
FOUND = "tried"


def show(rule: Rule) -> None:
    """A button for each stretch of the past that can be looked at, and what was found, for as long as nothing else is typed."""
    for name, back in PASTS.items():
        if can_replay(rule, back) and st.button(f"Try it on the last {name}", width="stretch"):
            panel(partial(_try, rule, back))
    tried, sentence = st.session_state.get(FOUND, (None, ""))
    if tried == rule:
        st.markdown(inert(sentence))


def _try(rule: Rule, back: timedelta) -> None:
    """What is found is kept at once: this run may be ended by the next one."""
    with st.spinner("Looking back …"):
        found = replay(services(), monitor(), rule, back=back, now=clock.now())
        st.session_state[FOUND] = rule, _sentence(rule, found)


def _sentence(rule: Rule, found: Replay) -> str:
    since = spoken_instant(found.since, services().settings.zone)
    times = {0: "not have begun at all", 1: "have begun once"}.get(found.began, f"have begun {found.began} times")
    lasted = f", and have been open for {spoken_length(found.lasted)} in all" if found.began else ""
    values = [reading.value for reading in found.latest.values() if reading.value is not None]
    worst = (min if rule.measured.bad_below else max)(values, default=None)
    return (
        f"Since {since} it would {times}{lasted}, looked at every {spoken_length(found.every)}. "
        f"Now it is {sentences.said(worst, rule.measured.unit)}."
    )
