"""Backtest of an alert rule as typed, on the last day or week: on request, since it takes some seconds."""

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
RESULT = "tried"  # session state: the rule that was tried, and the sentence about it


def show(rule: Rule) -> None:
    """Draw a button per period that can be replayed, and the result, for as long as the rule is not changed."""
    for name, back in PASTS.items():
        if can_replay(rule, back) and st.button(f"Try it on the last {name}", width="stretch"):
            panel(partial(_try, rule, back))
    tried, sentence = st.session_state.get(RESULT, (None, ""))
    if tried == rule:
        st.markdown(inert(sentence))


def _try(rule: Rule, back: timedelta) -> None:
    """Run the backtest; the result goes into the session state at once, since a rerun may end this run."""
    with st.spinner("Looking back …"):
        result = replay(services(), monitor(), rule, back=back, now=clock.now())
        st.session_state[RESULT] = rule, _sentence(rule, result)


def _sentence(rule: Rule, result: Replay) -> str:
    since = spoken_instant(result.since, services().settings.zone)
    times = {0: "not have begun at all", 1: "have begun once"}.get(result.began, f"have begun {result.began} times")
    lasted = f", and have been open for {spoken_length(result.lasted)} in all" if result.began else ""
    values = [reading.value for reading in result.latest.values() if reading.value is not None]
    worst = (min if rule.measured.bad_below else max)(values, default=None)
    return (
        f"Since {since} it would {times}{lasted}, looked at every {spoken_length(result.every)}. "
        f"Now it is {sentences.format_value(worst, rule.measured.unit)}."
    )
